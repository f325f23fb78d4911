// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/host_forward.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::network {
namespace {

std::string read(std::string_view text)
{
    const auto forward = parse_host_forward(text);
    return forward ? to_string(*forward) : "refused";
}

TEST(HostForward, IsReadAsQemuWritesIt)
{
    EXPECT_EQ(read("tcp::3389-:3389"), "tcp 127.0.0.1:3389 to 10.0.2.15:3389");
    EXPECT_EQ(read("::8080-:80"), "tcp 127.0.0.1:8080 to 10.0.2.15:80") << "without a word it is TCP";
    EXPECT_EQ(read("udp:0.0.0.0:53-10.0.2.20:5353"), "udp 0.0.0.0:53 to 10.0.2.20:5353");
    EXPECT_EQ(read("tcp:192.168.1.2:1-:65535"), "tcp 192.168.1.2:1 to 10.0.2.15:65535");
}

TEST(HostForward, IsRefusedWhereItIsNone)
{
    for (const char* text : {"", "tcp", "tcp:", "tcp::3389", "tcp::3389-", "tcp::3389-3389", "tcp::0-:1", "tcp::1-:0",
                             "tcp::65536-:1", "tcp::1-:65536", "tcp::-1-:1", "tcp:host:1-:1", "sctp::1-:1",
                             "tcp::1-:1x", ":1-:1", "tcp::1-:1-:1", "tcp:1.2.3:1-:1", "tcp: :1-:1"}) {
        EXPECT_EQ(read(text), "refused") << text;
    }
    EXPECT_THAT(parse_host_forward("web").error().message(),
                testing::StartsWith("'web' forwards no port; write [tcp|udp]:[HOST]:PORT-[GUEST]:PORT"));
}

} // namespace
} // namespace windsor::network
