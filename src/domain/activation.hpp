// SPDX-License-Identifier: GPL-2.0-or-later
// What Windows' product activation weighs of the hardware. Windows XP and Server 2003 compare ten components with those
// of the day of activation: each that is the same has one vote, the network card three, and seven votes have to be left
// (Microsoft, "Technical Details on Microsoft Product Activation for Windows XP", August 2001; Fully Licensed,
// "Inside Windows Product Activation", July 2001, which has the ranges of memory, too).
#pragma once

#include "domain/identity.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::domain {

constexpr unsigned kVotesNeeded = 7;
constexpr std::string_view kAbsent = "none";

struct Component {
    std::string_view name;
    unsigned votes; // 0: of later Windows only
    // Of a domain, in words; equal words are the same component to Windows.
    std::string (*value)(const Identity& identity);
    std::string_view keys; // of the configuration, which move it
};

// The ten, and then what only Windows Vista and later look at.
std::span<const Component> components();

// The range that an amount of memory is in.
std::string memory_range(std::uint64_t megabytes);

struct ComponentChange {
    const Component* component;
    std::string before;
    std::string after;
};
std::vector<ComponentChange> changes_between(const Identity& before, const Identity& after);

// The votes that are left. What neither machine has is the same in both.
unsigned votes_kept(const std::vector<ComponentChange>& changes);

} // namespace windsor::domain
