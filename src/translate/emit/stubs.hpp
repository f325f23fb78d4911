// SPDX-License-Identifier: GPL-2.0-or-later
// Stubs are the code between C++ and translated blocks, by which these are entered and left and call for help.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace windsor::translate {

struct Stubs {
    void (*enter)(Frame* frame, const std::uint8_t* code){nullptr};
    // Leaves for C++. The guest's RIP has to be in kTemp0.
    const std::uint8_t* leave{nullptr};
    // Stores all state but RIP, and calls Frame::helper with the number in kTemp1. Goes on where the helper says, or
    // leaves if that is null.
    const std::uint8_t* help{nullptr};
    // Calls the helper at an edge. The guest's RIP that it leads to has to be in kTemp0.
    const std::uint8_t* cross{nullptr};
    // Leaves without storing anything, after the host has refused to run code and nobody knows what registers hold.
    const std::uint8_t* give_up{nullptr};
};

// How code reaches memory: by looking pages up, or through a window.
enum class Reach : std::uint8_t { Lookups, Window };

// The stubs for code of either kind.
class StubSets {
public:
    Stubs& of(Reach reach) { return sets_[std::to_underlying(reach)]; }
    const Stubs& of(Reach reach) const { return sets_[std::to_underlying(reach)]; }

private:
    std::array<Stubs, 2> sets_;
};

inline constexpr std::array kReaches{Reach::Lookups, Reach::Window};

// Writes the stubs for code of a kind. Returns where they end.
std::uint8_t* write_stubs(Assembler assembler, const Frame& frame, const emulate::Cpu& cpu, Reach reach, Stubs& stubs);

} // namespace windsor::translate
