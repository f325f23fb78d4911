// SPDX-License-Identifier: GPL-2.0-or-later
// MOVS CMPS STOS LODS SCAS, with their repetitions. SDM volume 1, section 7.3.9; volume 2B, REP.
#include "emulate/integer/alu.hpp"
#include "emulate/integer/string_loop.hpp"

#include <algorithm>

namespace windsor::emulate {

namespace {

using x86::Seg;

// If the destination overlaps the source from above, elements are copied one by one, as the processor does it.
template <typename T> void copy_run(std::uint8_t* to, const std::uint8_t* from, std::uint64_t count)
{
    const std::uint64_t bytes = count * sizeof(T);
    if (to > from && to < from + bytes) {
        for (std::uint64_t i = 0; i < bytes; i += sizeof(T)) {
            T value;
            std::memcpy(&value, from + i, sizeof value);
            std::memcpy(to + i, &value, sizeof value);
        }
    } else {
        std::memmove(to, from, bytes);
    }
}

template <typename T, typename A> struct Movs {
    static constexpr bool kCompares = false;
    static bool once(Cpu& cpu, const Insn& insn)
    {
        T value = 0;
        if (!cpu.read<T>(insn.segment, cpu.reg<A>(x86::kRsi), value) ||
            !cpu.write<T>(Seg::Es, cpu.reg<A>(x86::kRdi), value)) {
            return false;
        }
        advance<T, A>(cpu, x86::kRsi);
        advance<T, A>(cpu, x86::kRdi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn& insn, std::uint64_t count)
    {
        const Cpu::Run from = cpu.direct_run(insn.segment, cpu.reg<A>(x86::kRsi), Intent::Read);
        const Cpu::Run to = cpu.direct_run(Seg::Es, cpu.reg<A>(x86::kRdi), Intent::Write);
        count = std::min({count, from.bytes / sizeof(T), to.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRsi),
                          before_wrap<T, A>(cpu, x86::kRdi)});
        if (count != 0) {
            copy_run<T>(to.host, from.host, count);
            skip<T, A>(cpu, x86::kRsi, count);
            skip<T, A>(cpu, x86::kRdi, count);
        }
        return count;
    }
};

template <typename T, typename A> struct Stos {
    static constexpr bool kCompares = false;
    static bool once(Cpu& cpu, const Insn&)
    {
        if (!cpu.write<T>(Seg::Es, cpu.reg<A>(x86::kRdi), cpu.reg<T>(x86::kRax))) {
            return false;
        }
        advance<T, A>(cpu, x86::kRdi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn&, std::uint64_t count)
    {
        const Cpu::Run to = cpu.direct_run(Seg::Es, cpu.reg<A>(x86::kRdi), Intent::Write);
        count = std::min({count, to.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRdi)});
        const T value = cpu.reg<T>(x86::kRax);
        for (std::uint64_t i = 0; i < count; ++i) {
            std::memcpy(to.host + i * sizeof(T), &value, sizeof value);
        }
        skip<T, A>(cpu, x86::kRdi, count);
        return count;
    }
};

template <typename T, typename A> struct Lods {
    static constexpr bool kCompares = false;
    static bool once(Cpu& cpu, const Insn& insn)
    {
        T value = 0;
        if (!cpu.read<T>(insn.segment, cpu.reg<A>(x86::kRsi), value)) {
            return false;
        }
        cpu.set_reg<T>(x86::kRax, value);
        advance<T, A>(cpu, x86::kRsi);
        return true;
    }
    static std::uint64_t many(Cpu&, const Insn&, std::uint64_t) { return 0; }
};

// How many elements a repeated comparison passes over without an end. ZF is set as they leave it. The last element is
// not among them: once() compares it, which sets all flags.
template <typename Equal> std::uint64_t pass_over(Cpu& cpu, const Insn& insn, std::uint64_t count, Equal equal)
{
    const bool while_equal = insn.rep == RepPrefix::Rep;
    std::uint64_t passed = 0;
    while (passed + 1 < count && equal(passed) == while_equal) {
        ++passed;
    }
    if (passed != 0) {
        cpu.s.rflags = while_equal ? cpu.s.rflags | x86::rflags::kZf : cpu.s.rflags & ~x86::rflags::kZf;
    }
    return passed;
}

template <typename T> T element(const std::uint8_t* run, std::uint64_t number)
{
    T value;
    std::memcpy(&value, run + number * sizeof(T), sizeof value);
    return value;
}

template <typename T, typename A> struct Cmps {
    static constexpr bool kCompares = true;
    static bool once(Cpu& cpu, const Insn& insn)
    {
        T left = 0;
        T right = 0;
        // If both fault, the hardware reports the second operand.
        if (!cpu.read<T>(Seg::Es, cpu.reg<A>(x86::kRdi), right) ||
            !cpu.read<T>(insn.segment, cpu.reg<A>(x86::kRsi), left)) {
            return false;
        }
        alu::Cmp::apply<T>(left, right, cpu.s.rflags);
        advance<T, A>(cpu, x86::kRsi);
        advance<T, A>(cpu, x86::kRdi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn& insn, std::uint64_t count)
    {
        const Cpu::Run left = cpu.direct_run(insn.segment, cpu.reg<A>(x86::kRsi), Intent::Read);
        const Cpu::Run right = cpu.direct_run(Seg::Es, cpu.reg<A>(x86::kRdi), Intent::Read);
        count = std::min({count, left.bytes / sizeof(T), right.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRsi),
                          before_wrap<T, A>(cpu, x86::kRdi)});
        const std::uint64_t passed = pass_over(cpu, insn, count, [&](std::uint64_t i) {
            return element<T>(left.host, i) == element<T>(right.host, i);
        });
        skip<T, A>(cpu, x86::kRsi, passed);
        skip<T, A>(cpu, x86::kRdi, passed);
        return passed;
    }
};

template <typename T, typename A> struct Scas {
    static constexpr bool kCompares = true;
    static bool once(Cpu& cpu, const Insn&)
    {
        T value = 0;
        if (!cpu.read<T>(Seg::Es, cpu.reg<A>(x86::kRdi), value)) {
            return false;
        }
        alu::Cmp::apply<T>(cpu.reg<T>(x86::kRax), value, cpu.s.rflags);
        advance<T, A>(cpu, x86::kRdi);
        return true;
    }
    static std::uint64_t many(Cpu& cpu, const Insn& insn, std::uint64_t count)
    {
        const Cpu::Run run = cpu.direct_run(Seg::Es, cpu.reg<A>(x86::kRdi), Intent::Read);
        count = std::min({count, run.bytes / sizeof(T), before_wrap<T, A>(cpu, x86::kRdi)});
        const T wanted = cpu.reg<T>(x86::kRax);
        const std::uint64_t passed =
            pass_over(cpu, insn, count, [&](std::uint64_t i) { return element<T>(run.host, i) == wanted; });
        skip<T, A>(cpu, x86::kRdi, passed);
        return passed;
    }
};

// MOVSD and CMPSD also name SSE2 instructions.
template <template <typename, typename> typename Op> Handler select_string(const Decoded& decoded, Insn& insn)
{
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_XMM) {
            return select_simd(decoded, insn);
        }
    }
    return select_repeated<Op>(decoded, insn);
}

template <template <typename, typename> typename Op>
void set_four(OpcodeTable& table, const std::array<ZydisMnemonic, 4>& mnemonics)
{
    for (const ZydisMnemonic mnemonic : mnemonics) {
        table.set(mnemonic, select_string<Op>);
    }
}

} // namespace

void add_string(OpcodeTable& table)
{
    set_four<Movs>(table, {ZYDIS_MNEMONIC_MOVSB, ZYDIS_MNEMONIC_MOVSW, ZYDIS_MNEMONIC_MOVSD, ZYDIS_MNEMONIC_MOVSQ});
    set_four<Cmps>(table, {ZYDIS_MNEMONIC_CMPSB, ZYDIS_MNEMONIC_CMPSW, ZYDIS_MNEMONIC_CMPSD, ZYDIS_MNEMONIC_CMPSQ});
    set_four<Stos>(table, {ZYDIS_MNEMONIC_STOSB, ZYDIS_MNEMONIC_STOSW, ZYDIS_MNEMONIC_STOSD, ZYDIS_MNEMONIC_STOSQ});
    set_four<Lods>(table, {ZYDIS_MNEMONIC_LODSB, ZYDIS_MNEMONIC_LODSW, ZYDIS_MNEMONIC_LODSD, ZYDIS_MNEMONIC_LODSQ});
    set_four<Scas>(table, {ZYDIS_MNEMONIC_SCASB, ZYDIS_MNEMONIC_SCASW, ZYDIS_MNEMONIC_SCASD, ZYDIS_MNEMONIC_SCASQ});
    add_ports(table);
}

} // namespace windsor::emulate
