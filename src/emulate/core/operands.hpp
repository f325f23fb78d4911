// SPDX-License-Identifier: GPL-2.0-or-later
// Operands of integer instructions: registers as slots, memory read and changed in place.
#pragma once

#include "emulate/core/cpu.hpp"
#include "emulate/core/opcode_table.hpp"
#include "emulate/integer/flags.hpp"

#include <concepts>
#include <cstring>

namespace windsor::emulate {

// A register operand as the integer handlers keep it in Insn::reg and Insn::rm: the number, or for byte registers
// the offset of the byte within the register file, so that AH needs no special case.
inline std::uint8_t slot_of(const ZydisDecodedOperand& operand)
{
    const auto id = static_cast<std::uint8_t>(ZydisRegisterGetId(operand.reg.value));
    if (operand.size != 8) {
        return id;
    }
    // Zydis counts AL CL DL BL AH CH DH BH SPL BPL SIL DIL R8B …
    if (id < 4) {
        return static_cast<std::uint8_t>(id * 8);
    }
    return static_cast<std::uint8_t>(id < 8 ? (id - 4) * 8 + 1 : (id - 4) * 8);
}

constexpr std::uint8_t kAh = 1; // the slot of AH

template <std::unsigned_integral T> T get(const Cpu& cpu, std::uint8_t slot)
{
    if constexpr (sizeof(T) == 1) {
        return reinterpret_cast<const std::uint8_t*>(cpu.s.gpr.data())[slot];
    } else {
        return static_cast<T>(cpu.s.gpr[slot]);
    }
}

template <std::unsigned_integral T> void put(Cpu& cpu, std::uint8_t slot, T value)
{
    if constexpr (sizeof(T) == 1) {
        reinterpret_cast<std::uint8_t*>(cpu.s.gpr.data())[slot] = value;
    } else {
        cpu.set_reg<T>(slot, value);
    }
}

template <std::unsigned_integral T> bool load(Cpu& cpu, const Insn& insn, T& value)
{
    return cpu.read<T>(insn.segment, cpu.effective_address(insn), value);
}

template <std::unsigned_integral T> bool store(Cpu& cpu, const Insn& insn, T value)
{
    return cpu.write<T>(insn.segment, cpu.effective_address(insn), value);
}

// Guest memory may be misaligned for T.
template <std::unsigned_integral T> bool compare_exchange(std::uint8_t* host, T& expected, T desired)
{
    bool same = false;
    asm volatile("lock cmpxchg %[desired], (%[host])"
                 : "+a"(expected), "=@ccz"(same)
                 : [desired] "q"(desired), [host] "r"(host)
                 : "memory", "cc");
    return same;
}

// modify_at() with LOCK, where the store must not go straight to host memory: it has to be told, watched, or made by
// the MMIO router.
template <std::unsigned_integral T, typename Change>
[[nodiscard]] bool modify_locked(Cpu& cpu, x86::Seg seg, std::uint64_t offset, Change& change)
{
    Cpu::LockedPlace place;
    T old = 0;
    if (!cpu.locate_locked(seg, offset, sizeof(T), place) || !cpu.read_for_write<T>(seg, offset, old)) {
        return false;
    }
    if (place.host == nullptr) {
        return cpu.write<T>(seg, offset, change(old));
    }
    while (!compare_exchange<T>(place.host, old, change(old))) {
    }
    cpu.changed(place);
    return true;
}

enum class Lock : std::uint8_t { No, Yes };

// Changes a memory operand: `change(old)` gives the new value, may set its own copy of the flags, and may run
// more than once. With Lock::Yes the change is atomic among processors wherever the operand lies in one page of
// memory. False: a fault is noted and nothing has changed.
template <std::unsigned_integral T, typename Change>
[[nodiscard]] bool modify_at(Cpu& cpu, x86::Seg seg, std::uint64_t offset, Lock lock, Change&& change)
{
    std::uint8_t* host = nullptr;
    if (!cpu.locate_for_write<T>(seg, offset, host)) {
        return false;
    }
    if (host == nullptr) [[unlikely]] {
        T old = 0;
        if (!cpu.read_for_write<T>(seg, offset, old)) {
            return false;
        }
        // The first access has filled the TLB: ordinary memory is now reached in place.
        if (!cpu.locate_for_write<T>(seg, offset, host)) {
            return false;
        }
        if (host == nullptr) {
            return lock == Lock::Yes ? modify_locked<T>(cpu, seg, offset, change)
                                     : cpu.write<T>(seg, offset, change(old));
        }
    }
    T old;
    std::memcpy(&old, host, sizeof old);
    if (lock == Lock::Yes) {
        while (!compare_exchange<T>(host, old, change(old))) {
        }
    } else {
        const T value = change(old);
        std::memcpy(host, &value, sizeof value);
    }
    return true;
}

inline Lock lock_of(const Insn& insn)
{
    return insn.lock ? Lock::Yes : Lock::No;
}

template <std::unsigned_integral T, typename Change>
[[nodiscard]] bool modify(Cpu& cpu, const Insn& insn, Change&& change)
{
    return modify_at<T>(cpu, insn.segment, cpu.effective_address(insn), lock_of(insn), std::forward<Change>(change));
}

// The shapes of two-operand instructions, destination first.
enum class Form : std::uint8_t { RegReg, RegMem, MemReg, RegImm, MemImm, Reg, Mem, Other };

// Finds the form and leaves register slots: destination (or the only register) in reg, source in rm.
inline Form arrange(const Decoded& decoded, Insn& insn)
{
    const auto& in = decoded.instruction;
    const auto& operands = decoded.operands;
    if (in.operand_count_visible == 0) {
        return Form::Other;
    }
    const auto is = [&](unsigned n, ZydisOperandType type) { return operands[n].type == type; };
    if (in.operand_count_visible == 1) {
        if (is(0, ZYDIS_OPERAND_TYPE_REGISTER)) {
            insn.reg = slot_of(operands[0]);
            return Form::Reg;
        }
        return is(0, ZYDIS_OPERAND_TYPE_MEMORY) ? Form::Mem : Form::Other;
    }
    if (is(0, ZYDIS_OPERAND_TYPE_REGISTER)) {
        insn.reg = slot_of(operands[0]);
        if (is(1, ZYDIS_OPERAND_TYPE_REGISTER)) {
            insn.rm = slot_of(operands[1]);
            return Form::RegReg;
        }
        return is(1, ZYDIS_OPERAND_TYPE_MEMORY) ? Form::RegMem : Form::RegImm;
    }
    if (is(1, ZYDIS_OPERAND_TYPE_REGISTER)) {
        insn.reg = slot_of(operands[1]);
        return Form::MemReg;
    }
    return is(1, ZYDIS_OPERAND_TYPE_IMMEDIATE) ? Form::MemImm : Form::Other;
}

// The operand width in bytes of operand 0.
inline unsigned width_of(const Decoded& decoded, unsigned operand = 0)
{
    return decoded.operands[operand].size / 8u;
}

// Calls `make` with a type of that many bytes; null for other widths.
template <typename Make> Handler by_width(unsigned bytes, Make&& make)
{
    switch (bytes) {
    case 1: return make.template operator()<std::uint8_t>();
    case 2: return make.template operator()<std::uint16_t>();
    case 4: return make.template operator()<std::uint32_t>();
    case 8: return make.template operator()<std::uint64_t>();
    default: return nullptr;
    }
}

// Words, doublewords and quadwords only.
template <typename Make> Handler by_wide_width(unsigned bytes, Make&& make)
{
    switch (bytes) {
    case 2: return make.template operator()<std::uint16_t>();
    case 4: return make.template operator()<std::uint32_t>();
    case 8: return make.template operator()<std::uint64_t>();
    default: return nullptr;
    }
}

template <Handler handler> Handler select_plain(const Decoded&, Insn&)
{
    return handler;
}

// Each of these adds one file's part of what add_integer() adds.
void add_alu(OpcodeTable& table);
void add_moves(OpcodeTable& table);
void add_exchanges(OpcodeTable& table);
void add_shifts(OpcodeTable& table);
void add_bits(OpcodeTable& table);
void add_bmi(OpcodeTable& table);
void add_multiply(OpcodeTable& table);
void add_decimal(OpcodeTable& table);
void add_stack(OpcodeTable& table);
void add_branches(OpcodeTable& table);
void add_integer_misc(OpcodeTable& table);

} // namespace windsor::emulate
