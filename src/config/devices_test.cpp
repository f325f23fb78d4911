// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

TEST(Mac, IsCheckedAndUnified)
{
    EXPECT_EQ(parse_mac("00:16:3E:7e:f3:15"), "00:16:3e:7e:f3:15");
    EXPECT_EQ(parse_mac("00-16-3e-7e-f3-15"), "00:16:3e:7e:f3:15");
    EXPECT_THAT(parse_mac("00:16:3e:7e:f3").error(), HasSubstr("is no MAC address"));
    EXPECT_THAT(parse_mac("00:16:3e:7e:f3:1g").error(), HasSubstr("is no MAC address"));
    EXPECT_THAT(parse_mac("01:16:3e:7e:f3:15").error(), HasSubstr("multicast"));
    EXPECT_THAT(parse_mac("00:00:00:00:00:00").error(), HasSubstr("cannot be"));
}

TEST(Uuid, IsCheckedAndUnified)
{
    EXPECT_EQ(parse_uuid("5B001F4D789190D82F5596A56E8D07DF"), "5b001f4d-7891-90d8-2f55-96a56e8d07df");
    EXPECT_THAT(parse_uuid("5b001f4d").error(), HasSubstr("is no UUID"));
}

} // namespace
} // namespace windsor::config
