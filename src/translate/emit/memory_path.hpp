// SPDX-License-Identifier: GPL-2.0-or-later
// This makes a memory operand of the host from an operand of the guest: by a lookup in the software TLB, by the lookup
// of its group, or by the address space's window.
#pragma once

#include "translate/emit/access_groups.hpp"
#include "translate/emit/attribution.hpp"
#include "translate/emit/cold_code.hpp"
#include "translate/emit/workshop.hpp"
#include "x86/address.hpp"

#include <cstdint>
#include <optional>

namespace windsor::translate {

// This is what an instruction asks of its access.
struct Access {
    unsigned size{0}; // how many bytes are accessed
    bool write{false};
    bool aligned{false};           // the operand must be aligned
    bool indexed{false};           // the operand may use both temporaries
    unsigned away{x86::kGprCount}; // a register that will have changed when the operand is used; kGprCount: none
};

enum class TouchesStack : std::uint8_t { No, Yes };

class MemoryPath {
public:
    MemoryPath(const Workshop& shop, Emitter& emitter, FlagState& flags, ColdCode& cold, AccessGroups& groups,
               Detours& detours, Attribution& attribution, const Progress& progress)
        : shop_{shop}, a_{emitter}, flags_{flags}, cold_{cold}, groups_{groups}, detours_{detours},
          attribution_{attribution}, progress_{progress}
    {
    }

    // Must be called before an instruction that accesses memory, because a lookup changes the host's flags.
    void begin_access(const Instruction& i, TouchesStack stack);
    // Returns the operand for one host instruction. An access that misses the TLB goes to the side exit.
    [[nodiscard]] Mem operand(const Instruction& i, const Access& access, std::uint32_t exit);
    void load_operand(Reg to, const Instruction& i, std::uint32_t exit);
    // Returns the operand at a distance from the stack pointer, for the host instruction that is written next.
    [[nodiscard]] Mem stack(std::int32_t offset, const Access& access, std::uint32_t exit);
    void push_value(std::uint64_t value, Moves moves, std::uint32_t exit);

    // --- These always make a lookup. It uses both temporaries ---
    // Replaces the linear address in kTemp0 by its host address.
    void look_up(const Access& access, std::uint32_t exit);
    // Loads the host address of the instruction's operand into kTemp0.
    void look_up_operand(const Instruction& i, const Access& access, std::uint32_t exit);
    // Writes the first half of look_up(). It leaves the offset in the page in kTemp0, and in kTemp1 the index by which
    // host_page() finds the page's host address.
    void find_entry(const Access& access, std::uint32_t exit);
    Mem host_page() const;
    // Writes the effective address of an operand to a register, without its segment's base. May use both temporaries.
    void write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to);
    // Adds the segment's base to the effective address in kTemp0, which becomes the linear address. Uses kTemp1.
    void add_segment(const ZydisDecodedOperand& operand, const Access& access, std::uint32_t exit);

private:
    Reg loaded(ZydisRegister reg, Reg temporary);
    [[nodiscard]] Mem window_operand(const Instruction& i, const Access& access, std::uint32_t exit);
    [[nodiscard]] Mem operand_by_lookup(const Instruction& i, const Access& access, std::uint32_t exit);
    [[nodiscard]] Mem in_group(const GroupPlace& place, std::int32_t offset, const Access& access, std::uint32_t exit);
    void open(const Group& group, std::int32_t from, std::uint32_t exit);
    void land(const GroupPlace& place);
    [[nodiscard]] Mem at_distance(Reg base, std::int32_t displacement, const Access& access, std::uint32_t exit);
    [[nodiscard]] Mem at_address(x86::Linear address, Moves moves, const Access& access, std::uint32_t exit);
    std::optional<Reg> direct_base(const Instruction& i, const Access& access) const;
    static std::optional<x86::Linear> fixed_address(const Instruction& i, const Access& access);
    void note_wrapping(const Instruction& i, const ZydisDecodedOperand& operand);
    void index_entry();
    template <typename Field> [[nodiscard]] Mem entry(const Field& field) const;
    emulate::TlbEntries& entries() const { return shop_.cpu.tlb().set(progress_.context.set); }

    const Workshop& shop_;
    Emitter& a_;
    FlagState& flags_;
    ColdCode& cold_;
    AccessGroups& groups_;
    Detours& detours_;
    Attribution& attribution_;
    const Progress& progress_;
};

} // namespace windsor::translate
