// SPDX-License-Identifier: GPL-2.0-or-later
// BMI1 and BMI2 but for TZCNT: integer instructions with VEX encodings. They are only offered where the host has them,
// and run by the host's own, so that undefined flags are the host's. SDM volume 2A, section 2.6.17 and each
// instruction.
#include "emulate/core/operands.hpp"
#include "emulate/floating/avx_state.hpp"
#include "emulate/integer/alu.hpp"

#include <bit>

namespace windsor::emulate {

namespace {

// Intel's order of operands, the destination first. Those that leave flags alone pass them through.
#define WINDSOR_BMI(Name, mnemonic)                                                                                    \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T b, T c, std::uint64_t& rflags)                                          \
        {                                                                                                              \
            std::uint16_t ax = alu::ax_from_flags(rflags);                                                             \
            T a;                                                                                                       \
            asm("addb $127, %%al\n\tsahf\n\t" mnemonic " %[c], %[b], %[a]\n\tlahf\n\tseto %%al"                       \
                : "+&a"(ax), [a] "=&r"(a)                                                                              \
                : [b] "r"(b), [c] "r"(c)                                                                               \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_BMI(Andn, "andn");
WINDSOR_BMI(Bextr, "bextr");
WINDSOR_BMI(Bzhi, "bzhi");
WINDSOR_BMI(Pdep, "pdep");
WINDSOR_BMI(Pext, "pext");
WINDSOR_BMI(Sarx, "sarx");
WINDSOR_BMI(Shlx, "shlx");
WINDSOR_BMI(Shrx, "shrx");

#undef WINDSOR_BMI

#define WINDSOR_LOWEST_BIT(Name, mnemonic)                                                                             \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T b, std::uint64_t& rflags)                                               \
        {                                                                                                              \
            std::uint16_t ax;                                                                                          \
            T a;                                                                                                       \
            asm(mnemonic " %[b], %[a]\n\tlahf\n\tseto %%al" : "=&a"(ax), [a] "=&r"(a) : [b] "r"(b) : "cc");            \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_LOWEST_BIT(Blsi, "blsi");
WINDSOR_LOWEST_BIT(Blsmsk, "blsmsk");
WINDSOR_LOWEST_BIT(Blsr, "blsr");

#undef WINDSOR_LOWEST_BIT

// Reads the operand in ModRM.rm. False: a fault is noted, which is #UD in real and virtual-8086 mode, as they lack VEX.
template <typename T, bool kMemory> bool read_rm(Cpu& cpu, const Insn& insn, T& value)
{
    if (!cpu.protected_mode()) {
        return cpu.refuse(x86::Exception::Ud);
    }
    if constexpr (kMemory) {
        return load<T>(cpu, insn, value);
    } else {
        value = get<T>(cpu, insn.rm);
        return true;
    }
}

enum class Second : std::uint8_t { Rm, Vvvv }; // which field names the second operand; the third is the other

template <typename Op, Second kSecond> struct Three {
    template <typename T, bool kMemory> static Outcome run(Cpu& cpu, const Insn& insn)
    {
        T rm = 0;
        if (!read_rm<T, kMemory>(cpu, insn, rm)) {
            return Outcome::Fault;
        }
        const T vvvv = cpu.reg<T>(second_register(insn));
        put<T>(cpu, insn.reg,
               kSecond == Second::Rm ? Op::template apply<T>(rm, vvvv, cpu.s.rflags)
                                     : Op::template apply<T>(vvvv, rm, cpu.s.rflags));
        return Outcome::Next;
    }
};

// VEX.vvvv names the destination.
template <typename Op> struct LowestBit {
    template <typename T, bool kMemory> static Outcome run(Cpu& cpu, const Insn& insn)
    {
        T rm = 0;
        if (!read_rm<T, kMemory>(cpu, insn, rm)) {
            return Outcome::Fault;
        }
        put<T>(cpu, static_cast<std::uint8_t>(second_register(insn)), Op::template apply<T>(rm, cpu.s.rflags));
        return Outcome::Next;
    }
};

struct Rorx {
    template <typename T, bool kMemory> static Outcome run(Cpu& cpu, const Insn& insn)
    {
        T rm = 0;
        if (!read_rm<T, kMemory>(cpu, insn, rm)) {
            return Outcome::Fault;
        }
        put<T>(cpu, insn.reg, std::rotr(rm, static_cast<int>(insn.immediate & (8 * sizeof(T) - 1))));
        return Outcome::Next;
    }
};

// If both halves go to one register, the upper half stays in it. SDM volume 2B, MULX.
struct Mulx {
    template <typename T, bool kMemory> static Outcome run(Cpu& cpu, const Insn& insn)
    {
        T rm = 0;
        if (!read_rm<T, kMemory>(cpu, insn, rm)) {
            return Outcome::Fault;
        }
        const unsigned __int128 product = static_cast<unsigned __int128>(rm) * cpu.reg<T>(x86::kRdx);
        put<T>(cpu, static_cast<std::uint8_t>(second_register(insn)), static_cast<T>(product));
        put<T>(cpu, insn.reg, static_cast<T>(product >> (8 * sizeof(T))));
        return Outcome::Next;
    }
};

template <typename Kind> Handler select_bmi(const Decoded& decoded, Insn& insn)
{
    name_vex_registers(decoded, insn);
    const bool memory = insn.memory;
    switch (width_of(decoded)) {
    case 4: return memory ? Kind::template run<std::uint32_t, true> : Kind::template run<std::uint32_t, false>;
    case 8: return memory ? Kind::template run<std::uint64_t, true> : Kind::template run<std::uint64_t, false>;
    default: return nullptr;
    }
}

} // namespace

void add_bmi(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_ANDN, select_bmi<Three<Andn, Second::Vvvv>>);
    table.set(ZYDIS_MNEMONIC_BEXTR, select_bmi<Three<Bextr, Second::Rm>>);
    table.set(ZYDIS_MNEMONIC_BLSI, select_bmi<LowestBit<Blsi>>);
    table.set(ZYDIS_MNEMONIC_BLSMSK, select_bmi<LowestBit<Blsmsk>>);
    table.set(ZYDIS_MNEMONIC_BLSR, select_bmi<LowestBit<Blsr>>);
    table.set(ZYDIS_MNEMONIC_BZHI, select_bmi<Three<Bzhi, Second::Rm>>);
    table.set(ZYDIS_MNEMONIC_MULX, select_bmi<Mulx>);
    table.set(ZYDIS_MNEMONIC_PDEP, select_bmi<Three<Pdep, Second::Vvvv>>);
    table.set(ZYDIS_MNEMONIC_PEXT, select_bmi<Three<Pext, Second::Vvvv>>);
    table.set(ZYDIS_MNEMONIC_RORX, select_bmi<Rorx>);
    table.set(ZYDIS_MNEMONIC_SARX, select_bmi<Three<Sarx, Second::Rm>>);
    table.set(ZYDIS_MNEMONIC_SHLX, select_bmi<Three<Shlx, Second::Rm>>);
    table.set(ZYDIS_MNEMONIC_SHRX, select_bmi<Three<Shrx, Second::Rm>>);
}

} // namespace windsor::emulate
