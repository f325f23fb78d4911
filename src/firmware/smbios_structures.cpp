// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios_structures.hpp"

#include <algorithm>
#include <array>

namespace windsor::firmware {

namespace {

constexpr std::size_t kHeader = 4;    // type, length, handle; section 3.1.2
constexpr std::size_t kStringsEnd = 2; // an empty string set; otherwise the last string's end and one more
constexpr std::uint8_t kFirstOfMakers = 128;

// With the least length that its readers rely on: up to the UUID of the system, and the types' first versions.
struct Replaceable {
    std::uint8_t type;
    std::size_t least;
};
constexpr std::array<Replaceable, 7> kReplaceable{
    {{0, 0x12}, {1, 0x19}, {2, 0x08}, {3, 0x09}, {11, 0x05}, {22, 0x10}, {39, 0x10}}};

// Where the strings of a structure end that begin at `at`: behind two zeros. Beyond the end if they do not.
std::size_t end_of_strings(std::span<const std::uint8_t> bytes, std::size_t at)
{
    while (at + kStringsEnd <= bytes.size() && (bytes[at] != 0 || bytes[at + 1] != 0)) {
        ++at;
    }
    return at + kStringsEnd;
}

base::Status check_structure(std::span<const std::uint8_t> bytes, std::size_t number)
{
    if (bytes.size() < kHeader + kStringsEnd || bytes[1] < kHeader || bytes[1] + kStringsEnd > bytes.size()) {
        return base::fail("structure {} is longer than its {} bytes", number, bytes.size());
    }
    if (end_of_strings(bytes, bytes[1]) != bytes.size()) {
        return base::fail("the strings of structure {} do not end with two zeros at its end", number);
    }
    const std::uint8_t type = bytes[0];
    const auto known = std::ranges::find(kReplaceable, type, &Replaceable::type);
    if (known == kReplaceable.end() && type < kFirstOfMakers) {
        return base::fail("structure {} is of type {}; a file may have 0, 1, 2, 3, 11, 22, 39 and 128 to 255", number,
                          type);
    }
    if (known != kReplaceable.end() && bytes[1] < known->least) {
        return base::fail("structure {} of type {} has {} bytes before its strings, and needs {}", number, type,
                          bytes[1], known->least);
    }
    return {};
}

std::size_t little32(std::span<const std::uint8_t> bytes)
{
    return bytes[0] | std::size_t{bytes[1]} << 8 | std::size_t{bytes[2]} << 16 | std::size_t{bytes[3]} << 24;
}

} // namespace

base::Result<std::vector<SmbiosStructure>> parse_smbios_structures(std::span<const std::uint8_t> file)
{
    constexpr std::size_t kSize = 4;
    if (file.size() > kMostSmbiosFile) {
        return base::fail("it has {} bytes; SMBIOS structures have {} at the most", file.size(), kMostSmbiosFile);
    }
    std::vector<SmbiosStructure> structures;
    while (!file.empty()) {
        const std::size_t number = structures.size() + 1;
        if (number > kMostSmbiosStructures) {
            return base::fail("it has more than {} structures", kMostSmbiosStructures);
        }
        if (file.size() < kSize || little32(file) > file.size() - kSize) {
            return base::fail("structure {} goes beyond the end; each is preceded by its size in 32 bits", number);
        }
        const auto bytes = file.subspan(kSize, little32(file));
        WINDSOR_TRY(check_structure(bytes, number));
        const std::uint8_t type = bytes[0];
        if (type < kFirstOfMakers && std::ranges::find(structures, type, &SmbiosStructure::type) != structures.end()) {
            return base::fail("structure {} is the second one of type {}", number, type);
        }
        structures.push_back({.type = type, .bytes = {bytes.begin(), bytes.end()}});
        file = file.subspan(kSize + bytes.size());
    }
    return structures;
}

} // namespace windsor::firmware
