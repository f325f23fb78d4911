// SPDX-License-Identifier: GPL-2.0-or-later
// MOV MOVZX MOVSX MOVSXD LEA CMOVcc SETcc XLAT BSWAP MOVBE and the sign extensions.
#include "emulate/core/conditions.hpp"
#include "emulate/core/operands.hpp"

#include <type_traits>

namespace windsor::emulate {

namespace {

template <typename T> Outcome mov_reg_reg(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg, get<T>(cpu, insn.rm));
    return Outcome::Next;
}

template <typename T> Outcome mov_reg_imm(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg, static_cast<T>(insn.immediate));
    return Outcome::Next;
}

template <typename T> Outcome mov_reg_mem(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!load<T>(cpu, insn, value)) [[unlikely]] {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, value);
    return Outcome::Next;
}

template <typename T> Outcome mov_mem_reg(Cpu& cpu, const Insn& insn)
{
    return store<T>(cpu, insn, get<T>(cpu, insn.reg)) ? Outcome::Next : Outcome::Fault;
}

template <typename T> Outcome mov_mem_imm(Cpu& cpu, const Insn& insn)
{
    return store<T>(cpu, insn, static_cast<T>(insn.immediate)) ? Outcome::Next : Outcome::Fault;
}

bool is_general(const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return true;
    }
    switch (ZydisRegisterGetClass(operand.reg.value)) {
    case ZYDIS_REGCLASS_SEGMENT:
    case ZYDIS_REGCLASS_CONTROL:
    case ZYDIS_REGCLASS_DEBUG:
    case ZYDIS_REGCLASS_TEST: return false;
    default: return true;
    }
}

Handler select_mov(const Decoded& decoded, Insn& insn)
{
    if (!is_general(decoded.operands[0]) || !is_general(decoded.operands[1])) {
        return select_system_move(decoded, insn);
    }
    const Form form = arrange(decoded, insn);
    return by_width(width_of(decoded), [form]<typename T>() -> Handler {
        switch (form) {
        case Form::RegReg: return mov_reg_reg<T>;
        case Form::RegMem: return mov_reg_mem<T>;
        case Form::MemReg: return mov_mem_reg<T>;
        case Form::RegImm: return mov_reg_imm<T>;
        case Form::MemImm: return mov_mem_imm<T>;
        default: return nullptr;
        }
    });
}

template <typename From, typename To, bool kSigned> Outcome extend_reg(Cpu& cpu, const Insn& insn)
{
    using Source = std::conditional_t<kSigned, std::make_signed_t<From>, From>;
    put<To>(cpu, insn.reg, static_cast<To>(static_cast<Source>(get<From>(cpu, insn.rm))));
    return Outcome::Next;
}

template <typename From, typename To, bool kSigned> Outcome extend_mem(Cpu& cpu, const Insn& insn)
{
    using Source = std::conditional_t<kSigned, std::make_signed_t<From>, From>;
    From value = 0;
    if (!load<From>(cpu, insn, value)) [[unlikely]] {
        return Outcome::Fault;
    }
    put<To>(cpu, insn.reg, static_cast<To>(static_cast<Source>(value)));
    return Outcome::Next;
}

template <bool kSigned> Handler select_extend(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    const unsigned from = width_of(decoded, 1);
    return by_wide_width(width_of(decoded), [form, from]<typename To>() -> Handler {
        return by_width(from, [form]<typename From>() -> Handler {
            return form == Form::RegReg ? extend_reg<From, To, kSigned> : extend_mem<From, To, kSigned>;
        });
    });
}

template <typename T> Outcome lea(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg, static_cast<T>(cpu.effective_address(insn)));
    return Outcome::Next;
}

Handler select_lea(const Decoded& decoded, Insn& insn)
{
    arrange(decoded, insn);
    return by_wide_width(width_of(decoded), []<typename T>() -> Handler { return lea<T>; });
}

// The source is read, and a 32-bit destination zero-extended, whether the condition holds or not.
template <typename T, unsigned code> Outcome cmov_reg(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg, get<T>(cpu, condition<code>(cpu.s.rflags) ? insn.rm : insn.reg));
    return Outcome::Next;
}

template <typename T, unsigned code> Outcome cmov_mem(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!load<T>(cpu, insn, value)) [[unlikely]] {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, condition<code>(cpu.s.rflags) ? value : get<T>(cpu, insn.reg));
    return Outcome::Next;
}

template <unsigned code> Handler select_cmov(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_wide_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegReg ? cmov_reg<T, code> : cmov_mem<T, code>;
    });
}

template <unsigned code> Outcome set_reg_if(Cpu& cpu, const Insn& insn)
{
    put<std::uint8_t>(cpu, insn.reg, condition<code>(cpu.s.rflags) ? 1 : 0);
    return Outcome::Next;
}

template <unsigned code> Outcome set_mem_if(Cpu& cpu, const Insn& insn)
{
    const std::uint8_t value = condition<code>(cpu.s.rflags) ? 1 : 0;
    return store<std::uint8_t>(cpu, insn, value) ? Outcome::Next : Outcome::Fault;
}

template <unsigned code> Handler select_set(const Decoded& decoded, Insn& insn)
{
    return arrange(decoded, insn) == Form::Reg ? set_reg_if<code> : set_mem_if<code>;
}

Outcome xlat(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = cpu.s.gpr[x86::kRbx] + cpu.reg<std::uint8_t>(x86::kRax);
    offset &= insn.address_size == 8 ? ~std::uint64_t{0} : insn.address_size == 4 ? 0xffffffff : 0xffff;
    std::uint8_t value = 0;
    if (!cpu.read(insn.segment, offset, value)) {
        return Outcome::Fault;
    }
    cpu.set_reg<std::uint8_t>(x86::kRax, value);
    return Outcome::Next;
}

// BSWAP of a 16-bit register is undefined; processors clear it.
template <typename T> Outcome bswap(Cpu& cpu, const Insn& insn)
{
    put<T>(cpu, insn.reg,
           sizeof(T) == 2 ? T{0} : static_cast<T>(__builtin_bswap64(get<T>(cpu, insn.reg)) >> (64 - 8 * sizeof(T))));
    return Outcome::Next;
}

Handler select_bswap(const Decoded& decoded, Insn& insn)
{
    arrange(decoded, insn);
    return by_wide_width(width_of(decoded), []<typename T>() -> Handler { return bswap<T>; });
}

template <typename T> T swapped(T value)
{
    return static_cast<T>(__builtin_bswap64(value) >> (64 - 8 * sizeof(T)));
}

template <typename T> Outcome movbe_load(Cpu& cpu, const Insn& insn)
{
    T value = 0;
    if (!load<T>(cpu, insn, value)) {
        return Outcome::Fault;
    }
    put<T>(cpu, insn.reg, swapped(value));
    return Outcome::Next;
}

template <typename T> Outcome movbe_store(Cpu& cpu, const Insn& insn)
{
    return store<T>(cpu, insn, swapped(get<T>(cpu, insn.reg))) ? Outcome::Next : Outcome::Fault;
}

Handler select_movbe(const Decoded& decoded, Insn& insn)
{
    const Form form = arrange(decoded, insn);
    return by_wide_width(width_of(decoded), [form]<typename T>() -> Handler {
        return form == Form::RegMem ? movbe_load<T> : movbe_store<T>;
    });
}

// CBW CWDE CDQE: the lower half of rAX, sign-extended.
template <typename From, typename To> Outcome widen(Cpu& cpu, const Insn&)
{
    cpu.set_reg<To>(x86::kRax, static_cast<To>(static_cast<std::make_signed_t<From>>(cpu.s.gpr[x86::kRax])));
    return Outcome::Next;
}

// CWD CDQ CQO: the sign of rAX in all of rDX.
template <typename T> Outcome spread_sign(Cpu& cpu, const Insn&)
{
    const bool negative = static_cast<std::make_signed_t<T>>(cpu.s.gpr[x86::kRax]) < 0;
    cpu.set_reg<T>(x86::kRdx, negative ? static_cast<T>(~T{0}) : T{0});
    return Outcome::Next;
}

} // namespace

void add_moves(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_MOV, select_mov);
    table.set(ZYDIS_MNEMONIC_MOVZX, select_extend<false>);
    table.set(ZYDIS_MNEMONIC_MOVSX, select_extend<true>);
    table.set(ZYDIS_MNEMONIC_MOVSXD, select_extend<true>);
    table.set(ZYDIS_MNEMONIC_LEA, select_lea);
    table.set(ZYDIS_MNEMONIC_XLAT, select_plain<xlat>);
    table.set(ZYDIS_MNEMONIC_BSWAP, select_bswap);
    table.set(ZYDIS_MNEMONIC_MOVBE, select_movbe);
    table.set(ZYDIS_MNEMONIC_CBW, select_plain<widen<std::uint8_t, std::uint16_t>>);
    table.set(ZYDIS_MNEMONIC_CWDE, select_plain<widen<std::uint16_t, std::uint32_t>>);
    table.set(ZYDIS_MNEMONIC_CDQE, select_plain<widen<std::uint32_t, std::uint64_t>>);
    table.set(ZYDIS_MNEMONIC_CWD, select_plain<spread_sign<std::uint16_t>>);
    table.set(ZYDIS_MNEMONIC_CDQ, select_plain<spread_sign<std::uint32_t>>);
    table.set(ZYDIS_MNEMONIC_CQO, select_plain<spread_sign<std::uint64_t>>);
    for_each_condition(kSets, [&](ZydisMnemonic mnemonic, auto code) { table.set(mnemonic, select_set<code()>); });
    for_each_condition(kConditionalMoves,
                       [&](ZydisMnemonic mnemonic, auto code) { table.set(mnemonic, select_cmov<code()>); });
}

} // namespace windsor::emulate
