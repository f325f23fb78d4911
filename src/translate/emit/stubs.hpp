// SPDX-License-Identifier: GPL-2.0-or-later
// Stubs are the code between C++ and translated blocks, by which these are entered and left and call for help.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"

#include <cstdint>

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

// Writes the stubs for code that uses a window, or for other code. Returns where they end.
std::uint8_t* write_stubs(Assembler assembler, const Frame& frame, const emulate::Cpu& cpu, bool windowed,
                          Stubs& stubs);

} // namespace windsor::translate
