// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios_structures.hpp"

#include "firmware/byte_order.hpp"
#include "firmware/smbios.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace windsor::firmware {

namespace {

using namespace std::string_view_literals;

// A structure whose formatted area is of that length, and whose bytes after the header are ones; then its strings.
Bytes structure(std::uint8_t type, std::uint8_t length, std::string_view strings)
{
    Bytes bytes{type, length, 0x34, 0x12};
    bytes.resize(length, 1);
    bytes.insert(bytes.end(), strings.begin(), strings.end());
    return bytes;
}

Bytes file_of(const std::vector<Bytes>& structures)
{
    Bytes file;
    for (const Bytes& each : structures) {
        put_little(file, each.size(), 4);
        file.insert(file.end(), each.begin(), each.end());
    }
    return file;
}

std::string refusal(const Bytes& file)
{
    const auto structures = parse_smbios_structures(file);
    return structures ? "it was taken" : structures.error().message();
}

TEST(SmbiosStructures, AreReadOneBehindTheOther)
{
    const Bytes first = structure(1, 0x1b, "ACME\0\0"sv);
    const Bytes second = structure(130, 4, "\0\0"sv);
    const auto found = parse_smbios_structures(file_of({first, second, second})).value();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].type, 1);
    EXPECT_EQ(found[0].bytes, first);
    EXPECT_EQ(found[2].bytes, second) << "a maker may have several of a type";
    EXPECT_TRUE(parse_smbios_structures({}).value().empty());
}

TEST(SmbiosStructures, OthersAreRefusedBySentence)
{
    const Bytes good = structure(130, 4, "\0\0"sv);
    Bytes cut = file_of({good, good});
    cut.pop_back();
    EXPECT_EQ(refusal(cut), "structure 2 goes beyond the end; each is preceded by its size in 32 bits");
    EXPECT_EQ(refusal({1, 2, 3}), "structure 1 goes beyond the end; each is preceded by its size in 32 bits");
    EXPECT_EQ(refusal(Bytes(4, 0xff)), "structure 1 goes beyond the end; each is preceded by its size in 32 bits");
    EXPECT_EQ(refusal(file_of({{}})), "structure 1 is longer than its 0 bytes");
    EXPECT_EQ(refusal(file_of({{130, 3, 0, 0, 0, 0}})), "structure 1 is longer than its 6 bytes");
    EXPECT_EQ(refusal(file_of({{130, 5, 0, 0, 0, 0}})), "structure 1 is longer than its 6 bytes");
    for (const auto strings : {"a\0b\0"sv, "ab"sv, "\0\0\0"sv, "a\0\0b\0\0"sv, "\0a\0"sv}) {
        EXPECT_EQ(refusal(file_of({structure(130, 8, strings)})).substr(0, 14), "the strings of") << strings;
    }
    EXPECT_EQ(refusal(file_of({structure(4, 0x20, "\0\0"sv)})),
              "structure 1 is of type 4; a file may have 0, 1, 2, 3, 11, 22, 39 and 128 to 255");
    EXPECT_EQ(refusal(file_of({structure(1, 0x18, "\0\0"sv)})),
              "structure 1 of type 1 has 24 bytes before its strings, and needs 25");
    const Bytes board = structure(2, 8, "\0\0"sv);
    EXPECT_EQ(refusal(file_of({board, good, board})), "structure 3 is the second one of type 2");
    EXPECT_EQ(refusal(file_of(std::vector<Bytes>(65, good))), "it has more than 64 structures");
    EXPECT_EQ(refusal(Bytes(16385)), "it has 16385 bytes; SMBIOS structures have 16384 at the most");
}

// Their handles are the machine's, and the UUID the domain's.
TEST(SmbiosStructures, TakeThePlaceOfWindsors)
{
    SmbiosOptions options;
    options.uuid.fill(0xab);
    options.texts.oem = {"unheard"};
    options.structures = parse_smbios_structures(file_of({structure(1, 0x1b, "ACME\0\0"sv), structure(11, 5, "x\0\0"sv),
                                                          structure(200, 4, "own\0\0"sv)}))
                             .value();
    const SmbiosFiles files = make_smbios_tables(options);
    const std::string text{files.tables.begin(), files.tables.end()};
    Bytes system = structure(1, 0x1b, "ACME\0\0"sv);
    system[2] = 0x00, system[3] = 0x01;
    std::fill_n(system.begin() + 8, 16, 0xab);
    EXPECT_NE(text.find(std::string{system.begin(), system.end()}), std::string::npos);
    EXPECT_EQ(text.find("unheard"), std::string::npos);
    EXPECT_EQ(text.find("HVM domU"), std::string::npos);
    EXPECT_NE(text.find("\xc8\x04\x00\x80own\0\0"sv), std::string::npos) << "at the end, with a handle of its own";
    EXPECT_EQ(files.anchor.at(28), 11) << "0, 1, 3, 4, 11, 16, 17, 19, 32, 200 and 127";
}

} // namespace

} // namespace windsor::firmware
