// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/smbios_key.hpp"

#include "config/testing.hpp"
#include "config/xl_form.hpp"

namespace windsor::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(SmbiosKey, TakesTheListOfXlAndTheWordHost)
{
    const auto config = load("smbios = ['bios_vendor=ACME', 'oem=a=b']\n").config;
    EXPECT_EQ(config.smbios, (std::vector<std::string>{"bios_vendor=ACME", "oem=a=b"}));
    EXPECT_FALSE(wants_host_texts(config));
    EXPECT_TRUE(config.smbios_texts.empty()) << "they are chosen at the first start";
    const auto host = load("smbios = 'host'\n").config;
    EXPECT_TRUE(wants_host_texts(host));
    EXPECT_TRUE(own_texts(host).empty());
    EXPECT_EQ(own_texts(load("smbios = ['host', 'oem=x']\n").config), std::vector<std::string>{"oem=x"});
    EXPECT_TRUE(load("smbios = ''\n").config.smbios.empty());
}

TEST(SmbiosKey, WhatXlDoesNotKnowIsRefusedWithItsPlace)
{
    EXPECT_THAT(error_of("smbios = ['oem=a',\n  'colour=red']\n"),
                StartsWith("test.cfg:2:3: 'colour' is no SMBIOS text; the texts are: bios_vendor, "));
    EXPECT_THAT(error_of("smbios = 'guest'\n"), HasSubstr("'guest' is no SMBIOS text; texts are written WORD=TEXT"));
    EXPECT_THAT(error_of("smbios = ['oem=a\\nb']\n"), HasSubstr("none of printable ASCII"));
}

TEST(SmbiosKey, StandsInTheListingOfXlAsPairs)
{
    const auto config = load("smbios = ['host', 'bios_vendor=ACME', 'system_family=F', 'oem=x']\n").config;
    const auto listed = xl_form(config).at("b_info").at("type.hvm").at("smbios");
    EXPECT_EQ(listed.dump(), R"([{"key":"bios_vendor","value":"ACME"},{"key":"oem","value":"x"}])");
    EXPECT_FALSE(xl_form(load("smbios = 'host'\n").config).at("b_info").at("type.hvm").contains("smbios"));
}

} // namespace
} // namespace windsor::config
