// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/cold_code.hpp"

#include <algorithm>
#include <utility>

namespace windsor::translate {

std::uint32_t ColdCode::new_exit(SideExit::Kind kind, const Instruction& i)
{
    SideExit exit;
    exit.kind = kind;
    exit.x87 = i.unit != Unit::Sse && i.unit != Unit::Integer;
    exit.offset = static_cast<std::uint16_t>(i.rip - progress_.block->rip);
    exit.steady = i.steady;
    exit.context = progress_.context.key();
    exit.block = progress_.block;
    shop_.exits.push_back(std::move(exit));
    return static_cast<std::uint32_t>(shop_.exits.size() - 1);
}

// Jumps of one access share a piece of cold code if the flags are in the same place at both.
void ColdCode::branch_to_exit(std::uint8_t* displacement, std::uint32_t exit)
{
    if (detours_.taken()) {
        detours_.add(displacement, progress_.current);
        return;
    }
    const bool again = flags_.place() == FlagPlace::Again;
    if (ends_with_exit(exit) && pieces_.back().faults[0] == nullptr &&
        (pieces_.back().flags.place == FlagPlace::Again) == again) {
        auto& from = pieces_.back().from;
        if (auto* const room = std::ranges::find(from, nullptr); room != from.end()) {
            *room = displacement;
            return;
        }
    }
    pieces_.push_back(
        {.kind = Kind::SideExit, .from = {displacement}, .number = exit, .flags = again ? flags_.now() : KeptFlags{}});
}

void ColdCode::may_fault_here(std::uint32_t exit)
{
    const bool goes_on = ends_with_exit(exit) && pieces_.back().faults[0] != nullptr &&
                         pieces_.back().faults[1] == nullptr && pieces_.back().flags.place == flags_.place();
    if (goes_on) {
        pieces_.back().faults[1] = a_.address();
        return;
    }
    pieces_.push_back({.kind = Kind::SideExit, .number = exit, .flags = flags_.now(), .faults = {a_.address()}});
}

void ColdCode::call_help(std::uint32_t exit)
{
    a_.call_stub(exit, Fixup::Kind::SideExit, stubs().help);
}

void ColdCode::link(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags)
{
    shop_.links.push_back({.from = progress_.block,
                           .displacement = displacement,
                           .target = target,
                           .context = progress_.context.key(),
                           .flags = flags});
    const auto number = static_cast<std::uint32_t>(shop_.links.size() - 1);
    pieces_.push_back(
        {.kind = Kind::Link, .from = {displacement}, .number = number, .target = target, .flags = {.place = flags}});
}

void ColdCode::far_edge(std::uint8_t* displacement, std::uint64_t target, FlagPlace flags)
{
    pieces_.push_back({.kind = Kind::FarEdge,
                       .from = {displacement},
                       .target = target,
                       .flags = {.place = flags},
                       .slot = progress_.slot});
}

void ColdCode::table_miss(std::uint8_t* displacement, std::uint64_t target)
{
    pieces_.push_back({.kind = Kind::TableMiss, .from = {displacement}, .target = target});
}

void ColdCode::leave_for_signals(std::uint8_t* displacement, std::uint64_t target)
{
    pieces_.push_back({.kind = Kind::Signals, .from = {displacement}, .target = target});
}

void ColdCode::write()
{
    for (const Piece& piece : pieces_) {
        enter(piece);
        if (piece.kind == Kind::SideExit) {
            flags_.save_kept(piece.flags);
            call_help(piece.number);
        } else {
            write_edge(piece);
        }
    }
}

// Makes all jumps and faults that lead to the piece lead here.
void ColdCode::enter(const Piece& piece)
{
    for (std::uint8_t* displacement : piece.from) {
        if (displacement != nullptr) {
            a_.bind(displacement);
        }
    }
    for (const std::uint8_t* at : piece.faults) {
        if (at != nullptr) {
            shop_.faults.add(at, a_.address());
            a_.note(Fixup::Kind::Fault, a_.written(at), a_.size());
        }
    }
}

void ColdCode::write_edge(const Piece& piece)
{
    if (piece.kind == Kind::Link) {
        shop_.links[piece.number].unlinked = a_.address();
    }
    flags_.save_kept(piece.flags);
    if (piece.kind == Kind::FarEdge) {
        a_.bind(a_.jump_through_table(piece.slot, piece.target));
    } else {
        a_.mov_address(kTemp0, piece.target);
    }
    switch (piece.kind) {
    case Kind::Signals: a_.jump_to_stub(stubs().leave); break;
    case Kind::Link: a_.call_stub(kEdgeBit | (piece.number + 1), Fixup::Kind::Link, stubs().cross); break;
    default: a_.mov32(kTemp1, kEdgeBit); a_.jump_to_stub(stubs().cross);
    }
}

} // namespace windsor::translate
