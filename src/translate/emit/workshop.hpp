// SPDX-License-Identifier: GPL-2.0-or-later
// What the translator gives every block to be written with, and what outlives the writing.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/cache/block.hpp"
#include "translate/cache/jump_tables.hpp"
#include "translate/emit/frame.hpp"
#include "translate/emit/stubs.hpp"
#include "translate/run/fault_handler.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_set>

namespace windsor::translate {

struct Workshop {
    emulate::Cpu& cpu;
    Frame& frame;
    const std::array<Stubs, 2>& stubs; // for code without a window, and for code that uses one
    FaultTable& faults;
    JumpTables& tables;
    std::pmr::deque<Link>& links;
    std::pmr::deque<SideExit>& exits;
    std::pmr::deque<GroupRange>& groups;
    bool extracts; // the host has BEXTR
    const std::unordered_set<const std::uint8_t*>&
        refused; // first bytes of instructions that are left to the interpreter
    std::span<const std::uint8_t> nop; // host code for NOP
};

} // namespace windsor::translate
