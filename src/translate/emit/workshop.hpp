// SPDX-License-Identifier: GPL-2.0-or-later
// The workshop is what the translator gives for every block to be written, and where it finds what outlives the
// writing.
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
    const StubSets& stubs;
    FaultTable& faults;
    JumpTables& tables;
    std::pmr::deque<Link>& links;
    std::pmr::deque<SideExit>& exits;
    std::pmr::deque<GroupRange>& groups;
    bool extracts; // the host has BEXTR, and it is to be used
    const std::unordered_set<const std::uint8_t*>& refused; // the first bytes of instructions that the host has refused
    std::span<const std::uint8_t> nop;                      // the host code for NOP
};

} // namespace windsor::translate
