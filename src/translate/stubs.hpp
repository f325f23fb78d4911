// SPDX-License-Identifier: GPL-2.0-or-later
// The code between C++ and translated blocks: entering, leaving, and calling for help.
#pragma once

#include "emulate/cpu.hpp"
#include "translate/assembler.hpp"
#include "translate/frame.hpp"

#include <cstdint>

namespace windsor::translate {

struct Stubs {
    // Enters translated code, and gives what it left in kTemp1: the number of a link plus one, or zero.
    std::uint32_t (*enter)(Frame* frame, const std::uint8_t* code){nullptr};
    // Leaves; the guest's RIP is in kTemp0, and kTemp1 is the answer.
    const std::uint8_t* leave{nullptr};
    // Calls Frame::helper for the site whose number is in kTemp1, with all state in memory; goes on where it says, or
    // leaves with the answer zero if it says null.
    const std::uint8_t* help{nullptr};
};

// Writes the stubs; gives the end of their code.
std::uint8_t* write_stubs(Assembler assembler, const Frame& frame, const emulate::Cpu& cpu, Stubs& stubs);

} // namespace windsor::translate
