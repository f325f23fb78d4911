// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/rdp_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

using domain::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json nat(const Json& forwards)
{
    return {{"network", "nat"}, {"addresses", Json::array({"10.0.2.15"})}, {"forwards", forwards}};
}

Json forward(const char* host, int host_port, int guest_port, const char* transport = "tcp")
{
    return {{"transport", transport}, {"host", host}, {"host_port", host_port}, {"guest_port", guest_port}};
}

Json bridge(const Json& addresses)
{
    return {{"network", "bridge"}, {"addresses", addresses}};
}

std::string target(const Json& cards, std::uint16_t port = kRdpPort)
{
    const auto found = rdp_target("falstaff", cards, port);
    return found ? *found : found.error().message();
}

TEST(RdpTarget, IsThePortOfTheHostBehindNat)
{
    EXPECT_EQ(target(Json::array({nat(Json::array({forward("127.0.0.1", 13389, 3389)}))})), "127.0.0.1:13389");
    EXPECT_EQ(target(Json::array({nat(Json::array({forward("0.0.0.0", 13389, 3389)}))})), "127.0.0.1:13389");
    EXPECT_EQ(
        target(Json::array({nat(Json::array({forward("127.0.0.1", 2222, 22), forward("192.168.1.1", 3390, 3389)}))})),
        "192.168.1.1:3390");
    EXPECT_EQ(target(Json::array({nat(Json::array({forward("127.0.0.1", 2222, 22)}))}), 22), "127.0.0.1:2222");
}

TEST(RdpTarget, IsTheBestAddressOnABridge)
{
    EXPECT_EQ(target(Json::array({bridge(Json::array({"10.77.0.20", "10.77.0.21"}))})), "10.77.0.20:3389");
    EXPECT_EQ(target(Json::array({bridge(Json::array({"fe80::1", "169.254.1.1", "2001:db8::5", "10.77.0.20"}))})),
              "10.77.0.20:3389");
    EXPECT_EQ(target(Json::array({bridge(Json::array({"fe80::1", "169.254.1.1", "2001:db8::5"}))})),
              "[2001:db8::5]:3389");
    EXPECT_EQ(target(Json::array({bridge(Json::array({"fe80::1", "169.254.1.1"}))})), "169.254.1.1:3389");
}

TEST(RdpTarget, IsOfTheFirstCardThatHasOne)
{
    const Json unplugged{{"network", "none"}, {"addresses", Json::array({"10.0.0.1"})}};
    EXPECT_EQ(target(Json::array({unplugged, nat(Json::array()), bridge(Json::array({"10.77.0.20"}))})),
              "10.77.0.20:3389");
}

TEST(RdpTarget, IsMissingWithWhatToDo)
{
    EXPECT_THAT(target(Json::array()), HasSubstr("domain 'falstaff' has no network card that is plugged in"));
    EXPECT_THAT(target(Json::array(
                    {nat(Json::array({forward("127.0.0.1", 2222, 22), forward("127.0.0.1", 3389, 3389, "udp")}))})),
                HasSubstr("add hostfwd=tcp::3389-:3389"));
    EXPECT_THAT(target(Json::array({bridge(Json::array({"fe80::1"}))})), HasSubstr("has not shown an address"));
}

TEST(RdpTarget, IsNoWordOfAnIntruders)
{
    for (const char* host : {"-x", "/etc", "127.0.0.1 x", "", "host.example"}) {
        EXPECT_THAT(target(Json::array({nat(Json::array({forward(host, 3389, 3389)}))})),
                    HasSubstr("no port of the host"))
            << host;
        EXPECT_THAT(target(Json::array({bridge(Json::array({host}))})), HasSubstr("has not shown")) << host;
    }
    for (const int port : {0, -1, 65536}) {
        EXPECT_THAT(target(Json::array({nat(Json::array({forward("127.0.0.1", port, 3389)}))})),
                    HasSubstr("no port of the host"))
            << port;
    }
    EXPECT_THAT(target(Json::array({bridge(Json::array({"0.0.0.0"}))})), HasSubstr("has not shown"));
}

TEST(RdpClient, IsToldInItsOwnWay)
{
    EXPECT_THAT(rdp_client("/usr/bin/xfreerdp", "127.0.0.1:3389", "bob", {"/size:800x600"}).arguments,
                ElementsAre("/v:127.0.0.1:3389", "/u:bob", "+clipboard", "/size:800x600"));
    EXPECT_THAT(rdp_client("/usr/bin/xfreerdp3", "[2001:db8::5]:3389", "", {}).arguments,
                ElementsAre("/v:[2001:db8::5]:3389", "+clipboard"));
    EXPECT_THAT(rdp_client("/usr/bin/rdesktop", "127.0.0.1:3389", "bob", {"-f"}).arguments,
                ElementsAre("-u", "bob", "-r", "clipboard:PRIMARYCLIPBOARD", "-f", "127.0.0.1:3389"));
    EXPECT_THAT(rdp_client("/usr/bin/rdesktop", "127.0.0.1:3389", "", {}).arguments,
                ElementsAre("-r", "clipboard:PRIMARYCLIPBOARD", "127.0.0.1:3389"));
}

} // namespace
} // namespace windsor::toolstack
