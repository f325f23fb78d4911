// SPDX-License-Identifier: GPL-2.0-or-later
// Cold code is seldom run, and is written behind the rest of the block: side exits to the interpreter, edges to other
// blocks before they are linked, and the way out when there is a signal to be looked at.
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
    // Writes the cold code that has been asked for since clear().
    void write();

    // --- Side exits are places where an instruction may be left to C++ ---
    // Makes a side exit, and returns its number.
    std::uint32_t new_exit(SideExit::Kind kind, const Instruction& i);
    SideExit& exit(std::uint32_t number) { return shop_.exits[number]; }
    std::size_t exits() const { return shop_.exits.size(); }
    // Makes the jump that has been written last, whose displacement is at `displacement`, lead to the side exit. While
    // detours are taken, it leads to the second body instead.
    void branch_to_exit(std::uint8_t* displacement, std::uint32_t exit);
    // Must be called before a host instruction is written that leads to the side exit if it faults.
    void may_fault_here(std::uint32_t exit);
    // Writes a call of C++ for the side exit, without a condition.
    void call_help(std::uint32_t exit);
    // After the side exit's instruction, C++ resumes here.
    void resumes(std::uint32_t exit) { shop_.exits[exit].resume = a_.address(); }

    // --- These make a jump, whose displacement is at `displacement`, lead to other code ---
    // Makes it a link to an address in the same page, which leads to the other block once there is one.
    void link(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags);
    // Makes it lead to an address in another page, through the jump table.
    void far_edge(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags);
    // Makes it lead to C++, because the jump table does not have the address. All flags must be in the frame.
    void table_miss(std::uint8_t* displacement, std::uint64_t target);
    // Makes it leave translated code before the instruction at `target`, because there is a signal to be looked at.
    void leave_for_signals(std::uint8_t* displacement, std::uint64_t target);

private:
    enum class Kind : std::uint8_t { SideExit, Link, FarEdge, TableMiss, Signals };
    struct Piece {
        Kind kind{};
        std::array<std::uint8_t*, 4> from{}; // the displacements of jumps that lead here, and null behind them
        std::uint32_t number{0};             // the number of the side exit or link
        std::uint64_t target{0};             // the guest RIP to go on at
        KeptFlags flags{};                   // where the flags are when the piece is entered
        std::array<const std::uint8_t*, 2> faults{}; // host instructions whose faults lead here, and null behind them
        std::size_t slot{0};                 // the number of the jump table that a FarEdge asks
    };

    const Stubs& stubs() const { return shop_.stubs.of(progress_.context.window ? Reach::Window : Reach::Lookups); }
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
