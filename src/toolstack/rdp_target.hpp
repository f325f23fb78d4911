// SPDX-License-Identifier: GPL-2.0-or-later
// Where an RDP client on this host finds a guest, and how clients are told so.
#pragma once

#include "base/result.hpp"
#include "domain/method.hpp"
#include "toolstack/viewer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::toolstack {

constexpr std::uint16_t kRdpPort = 3389;

// "127.0.0.1:3389", "[fe80::1]:3389". `cards` is the answer to the method "network", which may be an intruder's: what
// is no address is passed over. Fails with what to do if there is no way to that port of the guest's, which is TCP's.
base::Result<std::string> rdp_target(std::string_view domain, const domain::Json& cards, std::uint16_t port);

// How the client of that path is started; `user` may be empty. `extra` is handed on as it is.
ViewerCommand rdp_client(const std::string& program, const std::string& target, const std::string& user,
                         const std::vector<std::string>& extra);

} // namespace windsor::toolstack
