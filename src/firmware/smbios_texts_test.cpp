// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios_texts.hpp"

#include "firmware/smbios.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace windsor::firmware {

namespace {

std::string refusal(const std::string& said)
{
    const auto texts = parse_smbios_texts(std::vector{said});
    return texts ? "it was taken" : texts.error().message();
}

// The formatted area and the strings of each structure, by its type.
struct Found {
    Bytes area;
    std::vector<std::string> strings;

    std::string text(std::size_t at) const { return area.at(at) == 0 ? "" : strings.at(area.at(at) - 1u); }
};
std::map<unsigned, Found> structures(const Bytes& tables)
{
    std::map<unsigned, Found> all;
    for (std::size_t at = 0; at < tables.size();) {
        const auto begin = tables.begin() + static_cast<std::ptrdiff_t>(at);
        Found found{.area = {begin, begin + tables.at(at + 1)}, .strings = {}};
        at += found.area.size();
        do {
            const std::string text{reinterpret_cast<const char*>(tables.data() + at)};
            at += text.size() + 1;
            found.strings.push_back(text);
        } while (tables.at(at) != 0);
        ++at;
        all[found.area[0]] = found;
    }
    return all;
}

TEST(SmbiosTexts, AreTheWordsOfXlAndTheirText)
{
    const std::vector<std::string> said{"system_version=2=b", "bios_vendor=ACME", "oem=one",
                                        "bios_vendor=Other",  "oem=two",          "system_family="};
    const SmbiosTexts texts = parse_smbios_texts(said).value();
    EXPECT_EQ(texts[SmbiosText::BiosVendor], "Other") << "the last one counts";
    EXPECT_EQ(texts[SmbiosText::SystemVersion], "2=b");
    EXPECT_EQ(texts[SmbiosText::SystemFamily], "");
    EXPECT_FALSE(texts[SmbiosText::BiosVersion].has_value());
    EXPECT_EQ(texts.oem, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(parse_smbios_texts(print_smbios_texts(texts)).value(), texts);
    SmbiosTexts none;
    none.oem.emplace();
    EXPECT_EQ(print_smbios_texts(none), std::vector<std::string>{"oem="});
    EXPECT_EQ(parse_smbios_texts(print_smbios_texts(none)).value(), none);
}

TEST(SmbiosTexts, OthersAreRefusedBySentence)
{
    EXPECT_EQ(refusal("ACME"), "'ACME' is no SMBIOS text; texts are written WORD=TEXT, such as "
                               "system_manufacturer=ACME");
    EXPECT_TRUE(refusal("oem-1=x").starts_with("'oem-1' is no SMBIOS text; the texts are: bios_vendor, "));
    EXPECT_EQ(refusal("bios_vendor=a\tb"),
              "the SMBIOS text 'bios_vendor' has a character that is none of printable ASCII");
    EXPECT_EQ(refusal("oem=" + std::string(256, 'x')), "the SMBIOS text 'oem' has 256 characters; 255 are the most");
    EXPECT_EQ(refusal("oem=" + std::string(255, 'x')), "it was taken");
    const std::vector<std::string> many(100, "oem=x");
    EXPECT_EQ(parse_smbios_texts(many).error().message(), "there are more than 99 OEM strings; take some 'oem=' out");
}

TEST(SmbiosTexts, EachStandsInItsStructure)
{
    SmbiosOptions options;
    for (const SmbiosWord& word : smbios_words()) {
        options.texts[word.text] = "the " + std::string{word.word};
    }
    options.texts.oem = {"one", "two"};
    auto found = structures(make_smbios_tables(options).tables);
    EXPECT_EQ(found.at(0).text(4), "the bios_vendor");
    EXPECT_EQ(found.at(0).text(5), "the bios_version");
    EXPECT_EQ(found.at(0).text(8), "the bios_release_date");
    EXPECT_EQ(found.at(1).text(4), "the system_manufacturer");
    EXPECT_EQ(found.at(1).text(5), "the system_product_name");
    EXPECT_EQ(found.at(1).text(6), "the system_version");
    EXPECT_EQ(found.at(1).text(7), "the system_serial_number");
    EXPECT_EQ(found.at(1).text(0x19), "the system_sku_number");
    EXPECT_EQ(found.at(1).text(0x1a), "the system_family");
    EXPECT_EQ(found.at(2).text(4), "the baseboard_manufacturer");
    EXPECT_EQ(found.at(2).text(5), "the baseboard_product_name");
    EXPECT_EQ(found.at(2).text(6), "the baseboard_version");
    EXPECT_EQ(found.at(2).text(7), "the baseboard_serial_number");
    EXPECT_EQ(found.at(2).text(8), "the baseboard_asset_tag");
    EXPECT_EQ(found.at(2).text(0xa), "the baseboard_location_in_chassis");
    EXPECT_EQ(found.at(2).area.size(), 0xfu);
    EXPECT_EQ(found.at(3).text(4), "the enclosure_manufacturer");
    EXPECT_EQ(found.at(3).text(6), "the enclosure_version");
    EXPECT_EQ(found.at(3).text(7), "the enclosure_serial_number");
    EXPECT_EQ(found.at(3).text(8), "the enclosure_asset_tag");
    EXPECT_EQ(found.at(11).area.at(4), 2);
    EXPECT_EQ(found.at(11).strings, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(found.at(22).text(5), "the battery_manufacturer");
    EXPECT_EQ(found.at(22).text(8), "the battery_device_name");
    EXPECT_EQ(found.at(22).area.size(), 0x1au);
}

TEST(SmbiosTexts, WhatNobodyChoosesIsWindsors)
{
    SmbiosOptions options;
    options.uuid[0] = 0x5b;
    const SmbiosFiles files = make_smbios_tables(options);
    auto found = structures(files.tables);
    EXPECT_EQ(found.at(1).text(4), "Windsor");
    EXPECT_EQ(found.at(1).text(5), "HVM domU");
    EXPECT_EQ(found.at(1).text(7), "5b000000000000000000000000000000");
    for (const unsigned absent : {2u, 11u, 22u}) {
        EXPECT_FALSE(found.contains(absent)) << absent;
    }
}

// Section 2.1: firmware and systems may set so much aside.
TEST(SmbiosTexts, TheAnchorKnowsTheLargestStructureAndTheTablesFitIt)
{
    SmbiosOptions options;
    options.packages = 127;
    for (auto& text : options.texts.texts) {
        text = std::string(kLongestSmbiosText, 'x');
    }
    options.texts.oem.emplace(kMostOemTexts, std::string(kLongestSmbiosText, 'y'));
    const SmbiosFiles files = make_smbios_tables(options);
    const auto word = [&files](std::size_t at) { return files.anchor.at(at) | files.anchor.at(at + 1) << 8; };
    EXPECT_EQ(word(8), 5 + 99 * 256 + 1) << "the OEM strings";
    EXPECT_LT(files.tables.size(), 0x10000u);
    EXPECT_EQ(word(22), static_cast<int>(files.tables.size()));
}

} // namespace

} // namespace windsor::firmware
