// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/mac_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using ::testing::MatchesRegex;

std::vector<std::string> macs(const std::string& name, const std::string& uuid, std::vector<std::string> given)
{
    DomainConfig config;
    config.name = name;
    config.uuid = uuid;
    for (const std::string& mac : given) {
        config.vifs.emplace_back().mac = mac;
    }
    resolve_macs(config);
    std::vector<std::string> found;
    for (const VifConfig& vif : config.vifs) {
        found.push_back(vif.mac);
    }
    return found;
}

TEST(MacAddress, IsTheSameAtEachStart)
{
    EXPECT_EQ(macs("falstaff", "", {"", ""}), macs("falstaff", "", {"", ""}));
    EXPECT_EQ(macs("falstaff", "u-1", {""}), macs("pistol", "u-1", {""})) << "a new name is no new machine";
}

TEST(MacAddress, IsAnotherForAnotherCardOrDomain)
{
    const auto one = macs("falstaff", "", {"", ""});
    const auto other = macs("pistol", "", {"", ""});
    EXPECT_NE(one[0], one[1]);
    EXPECT_NE(one[0], other[0]);
    EXPECT_NE(one[1], other[1]);
}

TEST(MacAddress, LiesInXensRange)
{
    for (const std::string& mac : macs("falstaff", "", {"", "", "", ""})) {
        EXPECT_THAT(mac, MatchesRegex("00:16:3e:[0-7][0-9a-f]:[0-9a-f]{2}:[0-9a-f]{2}"));
    }
}

TEST(MacAddress, LeavesThoseThatAreGivenAndMeetsNoneOfThem)
{
    const std::string second = macs("falstaff", "", {"", ""})[1];
    const auto both = macs("falstaff", "", {second, ""});
    EXPECT_EQ(both[0], second);
    EXPECT_NE(both[1], second);
    EXPECT_THAT(both[1], MatchesRegex("00:16:3e:.*"));
}

} // namespace
} // namespace windsor::config
