// SPDX-License-Identifier: GPL-2.0-or-later
// Which frames the guest wants: section 3.2.1.
#pragma once

#include "devices/e1000/registers.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace windsor::devices::e1000 {

enum class Match : std::uint8_t {
    Rejected,
    Exact,
    Inexact, // the guest has to look itself
};

// Of frames with a whole header.
bool is_broadcast(std::span<const std::uint8_t> frame);
bool is_multicast(std::span<const std::uint8_t> frame); // and not broadcast
// The tag of a frame whose type is that of VET.
std::optional<std::uint16_t> vlan_tag(const Registers& registers, std::span<const std::uint8_t> frame);

// Looks at addresses and VLAN, not at sizes.
Match filter(const Registers& registers, std::span<const std::uint8_t> frame);

} // namespace windsor::devices::e1000
