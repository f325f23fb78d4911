// SPDX-License-Identifier: GPL-2.0-or-later
// The port on which viewers find a console.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace windsor::display {

struct VncOptions {
    std::string listen{"127.0.0.1"};       // numeric address or host name; empty for all IPv4 addresses
    std::optional<unsigned> display{};     // TCP port 5900 + display
    bool find_unused{false};               // take the first free display from `display` (or 0) on
    std::optional<std::string> password{}; // the first 8 characters count (RFC 6143, section 7.2.2)
    std::string name{"windsor"};           // shown in viewers' titles
    std::string keymap{"en-us"};           // the guest's layout, for clients without raw key events
};

struct VncListener {
    base::Fd socket; // does not block
    std::uint16_t port{0};

    // Fails if the port is taken; with find_unused, if all of them are.
    static base::Result<VncListener> open(const VncOptions& options);
};

} // namespace windsor::display
