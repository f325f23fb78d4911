// SPDX-License-Identifier: GPL-2.0-or-later
// Where a connection comes from.
#pragma once

#include <string>
#include <sys/socket.h>

namespace windsor::display {

// In numbers, for the log.
std::string peer_name(const sockaddr_storage& address, socklen_t length);

// What limits for each address count by. A host that has IPv6 has as many addresses as it wants: RFC 4291, section
// 2.5.4, gives it the last 64 bits of them, so that all of these are one. Those that are good for one link only
// (section 2.5.6) have the first 64 bits in common with every neighbour, and each is its own.
std::string peer_network(const sockaddr_storage& address, socklen_t length);

} // namespace windsor::display
