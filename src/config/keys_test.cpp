// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/keys.hpp"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/host_config.hpp"

namespace windsor::config {
namespace {

using testing::HasSubstr;

std::vector<std::string> listed(const std::string& file)
{
    std::ifstream stream{std::string{WINDSOR_CONFIG_TESTDATA} + "/" + file};
    std::vector<std::string> names;
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty() && line[0] != '#') {
            names.push_back(line);
        }
    }
    return names;
}

TEST(Keys, EveryKeyOfXmAndXlIsInTheTable)
{
    for (const auto* file : {"xm-config-keys.txt", "xl-config-keys.txt"}) {
        const auto names = listed(file);
        EXPECT_GT(names.size(), 80U);
        for (const auto& name : names) {
            EXPECT_NE(find_key(name), nullptr) << name;
        }
    }
}

TEST(Keys, EverySettingOfXendIsKnown)
{
    const auto names = listed("xend-config-keys.txt");
    EXPECT_GT(names.size(), 30U);
    for (const auto& name : names) {
        EXPECT_TRUE(std::ranges::any_of(xend_keys(), [&](const auto& key) { return key.name == name; })) << name;
    }
}

TEST(Keys, TheTableIsSortedAndComplete)
{
    const auto keys = all_keys();
    EXPECT_TRUE(std::ranges::is_sorted(keys, {}, &KeyInfo::name));
    EXPECT_EQ(std::ranges::adjacent_find(keys, {}, &KeyInfo::name), keys.end());
    for (const auto& key : keys) {
        EXPECT_TRUE(key.help.ends_with('.') || key.help.ends_with('-')) << key.name;
        const bool needs_reason = key.status == KeyStatus::Refused || key.status == KeyStatus::Accepted;
        EXPECT_EQ(needs_reason && key.reason.empty(), false) << key.name;
    }
}

TEST(Keys, HelpSaysTypeDefaultAndStatus)
{
    EXPECT_EQ(help_for_key("memory"),
              "memory: an integer (default: 128)\n\nThe guest's memory in MiB.\nIn xm and xl.\n");
    EXPECT_THAT(
        help_for_key("on_reboot"),
        HasSubstr("destroy, restart, preserve, rename-restart, coredump-destroy, coredump-restart or soft-reset "
                  "(default: restart)"));
    EXPECT_THAT(help_for_key("device-model"), HasSubstr("device_model: a string"));
    EXPECT_THAT(help_for_key("pci"), HasSubstr("Refused: pass-through of host devices is not provided yet."));
    EXPECT_EQ(help_for_key("memroy"), "'memroy' is no key of a domain configuration; the nearest is 'memory'.\n");
    EXPECT_EQ(help_for_key("qqqqqqqqqq"), "'qqqqqqqqqq' is no key of a domain configuration.\n");
}

TEST(Keys, TheManualPageHasItsSectionsAndEveryKey)
{
    const auto page = man_page_cfg();
    for (const auto* section : {".TH WINDSOR.CFG 5", ".SH NAME\nwindsor.cfg \\- ", ".SH DESCRIPTION", ".SH KEYS",
                                ".SH EXAMPLES", ".SH SEE ALSO"}) {
        EXPECT_THAT(page, HasSubstr(section));
    }
    for (const auto& key : all_keys()) {
        if (key.dialect != KeyDialect::Option) {
            EXPECT_THAT(page, HasSubstr(".B " + std::string{key.name} + "\n"));
        }
    }
    EXPECT_EQ(page.find("\n'"), std::string::npos) << "a line must not begin with troff's control character";
}

} // namespace
} // namespace windsor::config
