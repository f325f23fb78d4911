// SPDX-License-Identifier: GPL-2.0-or-later
// Code that is seldom run, written behind the block's own: side exits to the interpreter, edges to other blocks before
// they are linked, and the way out when a signal is to be looked at.
#pragma once

#include "translate/emit/detours.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/flag_state.hpp"
#include "translate/emit/progress.hpp"
#include "translate/emit/workshop.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace windsor::translate {

class ColdCode {
public:
    ColdCode(const Workshop& shop, Emitter& emitter, FlagState& flags, const Progress& progress, Detours& detours)
        : shop_{shop}, a_{emitter}, flags_{flags}, progress_{progress}, detours_{detours}
    {
    }

    void clear() { pieces_.clear(); }
    // Writes what has been asked for since clear().
    void write();

    // --- Side exits: places where an instruction may be left to C++ ---
    std::uint32_t new_exit(SideExit::Kind kind, const Instruction& i); // gives its number
    SideExit& exit(std::uint32_t number) { return shop_.exits[number]; }
    std::size_t exits() const { return shop_.exits.size(); }
    // The jump that has been written last, whose displacement is at `displacement`, leads to the side exit; or to the
    // second body, while detours are taken.
    void branch_to_exit(std::uint8_t* displacement, std::uint32_t exit);
    // The host instruction that is written next leads to the side exit if it faults.
    void may_fault_here(std::uint32_t exit);
    // Calls C++ here, whatever is the case.
    void call_help(std::uint32_t exit);
    // Behind the side exit's instruction, C++ comes back to here.
    void resumes(std::uint32_t exit) { shop_.exits[exit].resume = a_.address(); }

    // --- Ways to other code, from a jump whose displacement is at `displacement` ---
    // To an address in the same page: a link, which leads to the other block once there is one.
    void link(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags);
    // To an address of another page, through the jump table.
    void far_edge(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags);
    // The same after the jump table did not know the address; all flags are in the frame.
    void table_miss(std::uint8_t* displacement, std::uint64_t target);
    // Leaves translated code before the instruction at `target`, since a signal is to be looked at.
    void leave_for_signals(std::uint8_t* displacement, std::uint64_t target);

private:
    enum class Kind : std::uint8_t { SideExit, Link, FarEdge, TableMiss, Signals };
    struct Piece {
        Kind kind{};
        std::array<std::uint8_t*, 4> from{}; // displacements that lead here; null: none
        std::uint32_t number{0}; // of the side exit or link
        std::uint64_t target{0}; // guest RIP
        KeptFlags flags{}; // Host or Again: they are still to be saved
        std::array<const std::uint8_t*, 2> faults{}; // host instructions whose faults lead here; null: none
        std::size_t slot{0}; // of a FarEdge: its jump table
    };

    const Stubs& stubs() const { return shop_.stubs[progress_.context.window ? 1 : 0]; }
    bool ends_with_exit(std::uint32_t exit) const
    {
        return !pieces_.empty() && pieces_.back().kind == Kind::SideExit && pieces_.back().number == exit;
    }
    void enter(const Piece& piece);
    void write_edge(const Piece& piece);

    const Workshop& shop_;
    Emitter& a_;
    FlagState& flags_;
    const Progress& progress_;
    Detours& detours_;
    std::vector<Piece> pieces_;
};

} // namespace windsor::translate
