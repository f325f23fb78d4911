// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/peer_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>

namespace windsor::display {

std::string peer_name(const sockaddr_storage& address, socklen_t length)
{
    std::array<char, NI_MAXHOST> host{};
    const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::getnameinfo(generic, length, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
        return "an unknown address";
    }
    return host.data();
}

std::string peer_network(const sockaddr_storage& address, socklen_t length)
{
    sockaddr_in6 full{};
    std::memcpy(&full, &address, std::min(sizeof full, sizeof address));
    if (address.ss_family != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&full.sin6_addr) ||
        IN6_IS_ADDR_LINKLOCAL(&full.sin6_addr) || IN6_IS_ADDR_LOOPBACK(&full.sin6_addr)) {
        return peer_name(address, length);
    }
    std::fill_n(full.sin6_addr.s6_addr + 8, 8, std::uint8_t{0});
    sockaddr_storage network{};
    std::memcpy(&network, &full, sizeof full);
    return peer_name(network, length) + "/64";
}

} // namespace windsor::display
