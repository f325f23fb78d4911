// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/stream.hpp"

#include "state/bytes.hpp"

#include <array>

namespace windsor::state {

namespace {

constexpr std::string_view kMagic{"WindsorState\r\n\x1a\0", 16};
constexpr std::string_view kEnd = "end";
constexpr std::size_t kReadStep = 64u << 10; // so that a length alone claims no memory

std::unexpected<base::Error> truncated()
{
    return base::fail("the saved state ends too early; the file is damaged");
}

} // namespace

void Checksum::add(std::span<const std::uint8_t> bytes)
{
    constexpr std::uint64_t kPrime = 0x100000001b3;
    for (const std::uint8_t byte : bytes) {
        value_ = (value_ ^ byte) * kPrime;
    }
}

base::Status StreamWriter::put(std::span<const std::uint8_t> bytes)
{
    checksum_.add(bytes);
    return output_.write(bytes);
}

base::Status StreamWriter::begin()
{
    std::vector<std::uint8_t> head{kMagic.begin(), kMagic.end()};
    state::put(head, kFormatVersion);
    return put(head);
}

base::Status StreamWriter::record(std::string_view name, std::uint32_t version, Need need,
                                  std::span<const std::uint8_t> contents)
{
    if (contents.size() > kLongestRecord) {
        return base::fail("the record '{}' has become too long to be saved", name);
    }
    std::vector<std::uint8_t> head;
    state::put(head, static_cast<std::uint8_t>(name.size()));
    head.insert(head.end(), name.begin(), name.end());
    state::put(head, version);
    state::put(head, static_cast<std::uint8_t>(need));
    state::put(head, static_cast<std::uint32_t>(contents.size()));
    WINDSOR_TRY(put(head));
    return put(contents);
}

base::Status StreamWriter::end()
{
    std::vector<std::uint8_t> checksum;
    state::put(checksum, checksum_.value());
    return record(kEnd, 1, Need::Mandatory, checksum);
}

base::Result<std::vector<std::uint8_t>> StreamReader::take(std::size_t count)
{
    std::vector<std::uint8_t> bytes;
    bytes.reserve(count); // which costs nothing until it is filled
    while (bytes.size() < count) {
        const std::size_t before = bytes.size();
        const std::size_t step = std::min(count - before, kReadStep);
        bytes.resize(before + step);
        if (WINDSOR_TRY(input_.read(std::span{bytes}.subspan(before))) != step) {
            return truncated();
        }
    }
    checksum_.add(bytes);
    return bytes;
}

base::Status StreamReader::begin()
{
    std::array<std::uint8_t, kMagic.size() + sizeof kFormatVersion> head{};
    const std::size_t read = WINDSOR_TRY(input_.read(head));
    if (read != head.size() || !std::ranges::equal(std::span{head}.first<kMagic.size()>(), kMagic)) {
        return base::fail("this is no saved state of Windsor");
    }
    const auto version = Cursor{std::span{head}.subspan<kMagic.size()>()}.take<std::uint32_t>();
    if (version != kFormatVersion) {
        return base::fail("the saved state has format version {}, and this version of Windsor reads version {}",
                          *version, kFormatVersion);
    }
    checksum_.add(head);
    return {};
}

base::Result<std::optional<Record>> StreamReader::next()
{
    const std::uint64_t checksum = checksum_.value();
    const std::uint8_t length = WINDSOR_TRY(take(1)).front();
    if (length == 0 || length > kLongestName) {
        return base::fail("the saved state is damaged: a record has no name");
    }
    const auto name = WINDSOR_TRY(take(length));
    const auto head = WINDSOR_TRY(take(9));
    Cursor cursor{head};
    Record record{.name = {name.begin(), name.end()}, .contents = {}};
    record.version = *cursor.take<std::uint32_t>();
    const std::uint8_t need = *cursor.take<std::uint8_t>();
    const std::uint32_t size = *cursor.take<std::uint32_t>();
    if (need > 1 || size > kLongestRecord) {
        return base::fail("the saved state is damaged: its record '{}' cannot be read", record.name);
    }
    record.need = static_cast<Need>(need);
    record.contents = WINDSOR_TRY(take(size));
    if (record.name == kEnd) {
        WINDSOR_TRY(check_end(record, checksum));
        return std::nullopt;
    }
    return record;
}

base::Status StreamReader::check_end(const Record& record, std::uint64_t checksum)
{
    if (record.version != 1 || record.need != Need::Mandatory || record.contents.size() != sizeof checksum ||
        Cursor{record.contents}.take<std::uint64_t>() != checksum) {
        return base::fail("the saved state is damaged: its checksum does not fit");
    }
    std::array<std::uint8_t, 1> more{};
    if (WINDSOR_TRY(input_.read(more)) != 0) {
        return base::fail("the saved state is damaged: something follows its end");
    }
    return {};
}

} // namespace windsor::state
