// SPDX-License-Identifier: GPL-2.0-or-later
#include "serial/end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::serial {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text)
{
    const auto end = parse_end(text);
    return end ? "" : end.error().message();
}

End good(std::string_view text)
{
    const auto end = parse_end(text);
    EXPECT_TRUE(end) << text << ": " << (end ? "" : end.error().message());
    return end.value_or(End{});
}

TEST(SerialEnd, Words)
{
    EXPECT_EQ(good("pty"), End{.kind = Kind::Terminal});
    EXPECT_EQ(good("null"), End{.kind = Kind::Nobody});
    EXPECT_EQ(good(""), End{.kind = Kind::Nobody});
    EXPECT_EQ(good("none"), End{.kind = Kind::Absent});
    EXPECT_FALSE(is_served(good("pty")));
    EXPECT_FALSE(is_served(good("null")));
}

TEST(SerialEnd, PathsAreAbsolute)
{
    EXPECT_EQ(good("file:/var/log/a,b"), (End{.kind = Kind::File, .path = "/var/log/a,b"})) << "a comma is part of it";
    EXPECT_EQ(good("/dev/ttyS0"), (End{.kind = Kind::Device, .path = "/dev/ttyS0"}));
    EXPECT_EQ(good("unix:/run/a"), (End{.kind = Kind::Unix, .path = "/run/a"}));
    EXPECT_TRUE(is_served(good("file:/x")));
    EXPECT_THAT(error_of("file:log"), HasSubstr("has to begin with /"));
    EXPECT_THAT(error_of("file:"), HasSubstr("has to begin with /"));
    EXPECT_THAT(error_of("unix:/" + std::string(107, 'a')), HasSubstr("have 107 characters at the most"));
    EXPECT_THAT(error_of(std::string_view{"file:/a\0b", 9}), HasSubstr("is no path"));
}

TEST(SerialEnd, SocketsListenIfTheOptionsSaySo)
{
    const End listening{.kind = Kind::Unix, .path = "/run/a", .part = Part::Listens};
    EXPECT_EQ(good("unix:/run/a,server,nowait"), listening);
    EXPECT_EQ(good("unix:/run/a,server=on,wait=off"), listening);
    EXPECT_EQ(good("unix:/run/a,nowait,server,nodelay"), listening);
    EXPECT_EQ(good("unix:/run/a,server=off").part, Part::Connects);
    EXPECT_TRUE(good("unix:/run/a,server").awaited);
    EXPECT_FALSE(good("unix:/run/a").awaited);
    EXPECT_EQ(error_of("unix:/run/a,serve"), "'serve' is no option of a serial port; server, nowait and nodelay are");
    EXPECT_THAT(error_of("unix:/run/a,server=maybe"), HasSubstr("'server=maybe' is no option"));
    EXPECT_THAT(error_of("tcp:h:1,"), HasSubstr("'' is no option"));
}

TEST(SerialEnd, HostsAreNamesOrAddresses)
{
    EXPECT_EQ(good("tcp:host.example:4444"), (End{.kind = Kind::Tcp, .host = "host.example", .port = "4444"}));
    EXPECT_EQ(good("tcp:[fe80::1%eth0]:65535").host, "fe80::1%eth0");
    EXPECT_EQ(good("tcp:::1:80").host, "::1");
    EXPECT_EQ(good("tcp::4444,server,nowait").host, "127.0.0.1") << "not the whole world";
    for (const char* bad : {"tcp:", "tcp:h", "tcp:h:", "tcp:h:0", "tcp:h:65536", "tcp:h:x", "tcp:h:1x", "tcp:h:-1"}) {
        EXPECT_THAT(error_of(bad), HasSubstr("has no port from 1 to 65535")) << bad;
    }
    EXPECT_THAT(error_of("tcp:a b:1"), HasSubstr("is no name or address of a host"));
}

TEST(SerialEnd, OtherKindsAreNamedWithAWayOut)
{
    EXPECT_THAT(error_of("stdio"), HasSubstr("use 'pty'"));
    EXPECT_THAT(error_of("mon:stdio"), HasSubstr("there is no monitor"));
    EXPECT_THAT(error_of("telnet:h:1,server"), HasSubstr("use 'tcp'"));
    EXPECT_THAT(error_of("vc:80Cx24C"), HasSubstr("no text windows"));
    EXPECT_THAT(error_of("com1"), HasSubstr("'com1' is nothing that a serial port can be connected to; pty, null"));
    EXPECT_THAT(error_of("tcp"), HasSubstr("nothing that a serial port"));
    EXPECT_THAT(error_of("\x1b[2J"), HasSubstr("'?[2J' is nothing")) << "no orders for a terminal";
}

} // namespace
} // namespace windsor::serial
