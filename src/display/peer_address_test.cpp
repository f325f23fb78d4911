// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/peer_address.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

#include <gtest/gtest.h>

namespace windsor::display {
namespace {

std::string network_of(const std::string& text)
{
    sockaddr_storage address{};
    if (text.find(':') == std::string::npos) {
        sockaddr_in of_four{};
        of_four.sin_family = AF_INET;
        EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &of_four.sin_addr), 1);
        std::memcpy(&address, &of_four, sizeof of_four);
        return peer_network(address, sizeof of_four);
    }
    sockaddr_in6 of_six{};
    of_six.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &of_six.sin6_addr), 1);
    std::memcpy(&address, &of_six, sizeof of_six);
    return peer_network(address, sizeof of_six);
}

TEST(PeerAddressTest, AHostIsOneWithAllItsAddresses)
{
    EXPECT_EQ(network_of("2001:db8::1"), network_of("2001:db8::ffff:ffff:ffff:ffff"));
    EXPECT_EQ(network_of("2001:db8:0:1::7"), "2001:db8:0:1::/64");
    EXPECT_NE(network_of("2001:db8::1"), network_of("2001:db8:0:1::1"));
}

TEST(PeerAddressTest, NeighboursAreNotOne)
{
    EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
    EXPECT_NE(network_of("::ffff:192.0.2.1"), network_of("::ffff:192.0.2.2"));
    EXPECT_NE(network_of("fe80::1"), network_of("fe80::2"));
    EXPECT_EQ(network_of("::1"), "::1");
}

} // namespace
} // namespace windsor::display
