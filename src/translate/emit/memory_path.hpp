// SPDX-License-Identifier: GPL-2.0-or-later
// From an operand of the guest to a memory operand of the host: by a lookup in the software TLB, by a group's lookup,
// or through the address space's window.
#pragma once

#include "translate/emit/access_groups.hpp"
#include "translate/emit/attribution.hpp"
#include "translate/emit/cold_code.hpp"
#include "translate/emit/workshop.hpp"
#include "x86/address.hpp"

#include <cstdint>
#include <optional>

namespace windsor::translate {

// What an instruction asks of its access.
struct Access {
    unsigned size{0}; // bytes
    bool write{false};
    bool aligned{false};           // must be
    bool indexed{false};           // the operand may take both temporaries
    unsigned away{x86::kGprCount}; // a register that is not what it was when the operand is used; kGprCount: none
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

    // Before an instruction with accesses: a lookup would lose the flags.
    void begin_access(const Instruction& i, TouchesStack stack);
    // The operand for one host instruction. What misses goes to the side exit.
    [[nodiscard]] Mem operand(const Instruction& i, const Access& access, std::uint32_t exit);
    void load_operand(Reg to, const Instruction& i, std::uint32_t exit);
    // The operand at a distance from the stack pointer, in bytes, for the host instruction that is written next.
    [[nodiscard]] Mem stack(std::int32_t offset, const Access& access, std::uint32_t exit);
    void push_value(std::uint64_t value, Moves moves, std::uint32_t exit);

    // --- Always by a lookup. It takes both temporaries ---
    // From the linear address in kTemp0 to its host address there.
    void look_up(const Access& access, std::uint32_t exit);
    // From the instruction's operand to its host address in kTemp0.
    void look_up_operand(const Instruction& i, const Access& access, std::uint32_t exit);
    // The first half of look_up(): the offset in the page comes into kTemp0, the entry's place for host_page() into
    // kTemp1.
    void find_entry(const Access& access, std::uint32_t exit);
    Mem host_page() const;
    // The effective address of an operand, without its segment's base. May take both temporaries.
    void write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to);
    // Adds the segment's base to the effective address in kTemp0, which becomes the linear address. Takes kTemp1.
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
    void note_wrapping(const Instruction& i, bool relative);
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
