// SPDX-License-Identifier: GPL-2.0-or-later
// The commonest moves of XMM registers, which need no host stub.
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/simd_memory.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

using Xmm = std::array<std::uint8_t, 16>;
enum class Aligned : std::uint8_t { No, Yes };

// Where the operand lies; false after #UD, #NM or #GP.
template <Aligned kAligned> [[nodiscard]] bool locate(Cpu& cpu, const Insn& insn, std::uint64_t& offset)
{
    if (!sse_available(cpu)) {
        return false;
    }
    offset = cpu.effective_address(insn);
    if (kAligned == Aligned::Yes && linear_address(cpu, insn.segment, offset).offset_in(16) != 0) {
        return cpu.refuse(x86::Exception::Gp);
    }
    return true;
}

Outcome copy_load(Cpu& cpu, const Insn& insn)
{
    if (!sse_available(cpu)) {
        return Outcome::Fault;
    }
    cpu.s.fx.xmm[insn.reg] = cpu.s.fx.xmm[insn.rm];
    return Outcome::Next;
}

Outcome copy_store(Cpu& cpu, const Insn& insn)
{
    if (!sse_available(cpu)) {
        return Outcome::Fault;
    }
    cpu.s.fx.xmm[insn.rm] = cpu.s.fx.xmm[insn.reg];
    return Outcome::Next;
}

template <Aligned kAligned> Outcome load16(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    if (!locate<kAligned>(cpu, insn, offset) ||
        !read_memory(cpu, insn.segment, offset, cpu.s.fx.xmm[insn.reg].data(), 16)) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

template <Aligned kAligned> Outcome store16(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    if (!locate<kAligned>(cpu, insn, offset) ||
        !write_memory(cpu, insn.segment, offset, cpu.s.fx.xmm[insn.reg].data(), 16)) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

// MOVD, MOVQ, MOVSS, MOVSD: the rest of the register becomes zero.
template <typename T> Outcome load_scalar(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    T value{};
    if (!locate<Aligned::No>(cpu, insn, offset) || !cpu.read<T>(insn.segment, offset, value)) {
        return Outcome::Fault;
    }
    Xmm& target = cpu.s.fx.xmm[insn.reg];
    target = {};
    std::memcpy(target.data(), &value, sizeof value);
    return Outcome::Next;
}

template <typename T, unsigned kAt> Outcome store_part(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    if (!locate<Aligned::No>(cpu, insn, offset)) {
        return Outcome::Fault;
    }
    T value{};
    std::memcpy(&value, cpu.s.fx.xmm[insn.reg].data() + kAt, sizeof value);
    return cpu.write<T>(insn.segment, offset, value) ? Outcome::Next : Outcome::Fault;
}

// MOVLPS, MOVHPS: the other half stays.
template <unsigned kAt> Outcome load_half(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::uint64_t value = 0;
    if (!locate<Aligned::No>(cpu, insn, offset) || !cpu.read<std::uint64_t>(insn.segment, offset, value)) {
        return Outcome::Fault;
    }
    std::memcpy(cpu.s.fx.xmm[insn.reg].data() + kAt, &value, sizeof value);
    return Outcome::Next;
}

bool stores(const Decoded& decoded)
{
    return (decoded.operands[0].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM);
}

template <Aligned kAligned> Handler select_whole(const Decoded& decoded, Insn& insn)
{
    if (stores(decoded)) {
        return insn.memory ? store16<kAligned> : copy_store;
    }
    return insn.memory ? load16<kAligned> : copy_load;
}

template <typename T> Handler select_scalar(const Decoded& decoded, Insn& insn)
{
    if (!insn.memory) {
        return select_simd(decoded, insn);
    }
    return stores(decoded) ? store_part<T, 0> : load_scalar<T>;
}

// MOVD and MOVQ have MMX forms too.
Handler select_movd(const Decoded& decoded, Insn& insn)
{
    const unsigned other = stores(decoded) ? 1 : 0;
    const bool xmm = ZydisRegisterGetClass(decoded.operands[other].reg.value) == ZYDIS_REGCLASS_XMM;
    if (!insn.memory || !xmm) {
        return select_simd(decoded, insn);
    }
    const bool wide = decoded.operands[stores(decoded) ? 0 : 1].size == 64;
    return wide ? select_scalar<std::uint64_t>(decoded, insn) : select_scalar<std::uint32_t>(decoded, insn);
}

template <unsigned kAt> Handler select_half(const Decoded& decoded, Insn& insn)
{
    if (!insn.memory) {
        return select_simd(decoded, insn);
    }
    return stores(decoded) ? store_part<std::uint64_t, kAt> : load_half<kAt>;
}

} // namespace

Handler select_movsd_memory(const Decoded& decoded)
{
    return stores(decoded) ? store_part<std::uint64_t, 0> : load_scalar<std::uint64_t>;
}

void add_simd_moves(OpcodeTable& table)
{
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_MOVAPS, ZYDIS_MNEMONIC_MOVAPD, ZYDIS_MNEMONIC_MOVDQA,
                                         ZYDIS_MNEMONIC_MOVNTPS, ZYDIS_MNEMONIC_MOVNTPD, ZYDIS_MNEMONIC_MOVNTDQ,
                                         ZYDIS_MNEMONIC_MOVNTDQA}) {
        table.set(mnemonic, select_whole<Aligned::Yes>);
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_MOVUPS, ZYDIS_MNEMONIC_MOVUPD, ZYDIS_MNEMONIC_MOVDQU, ZYDIS_MNEMONIC_LDDQU}) {
        table.set(mnemonic, select_whole<Aligned::No>);
    }
    table.set(ZYDIS_MNEMONIC_MOVSS, select_scalar<std::uint32_t>);
    table.set(ZYDIS_MNEMONIC_MOVD, select_movd);
    table.set(ZYDIS_MNEMONIC_MOVQ, select_movd);
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_MOVLPS, ZYDIS_MNEMONIC_MOVLPD}) {
        table.set(mnemonic, select_half<0>);
    }
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_MOVHPS, ZYDIS_MNEMONIC_MOVHPD}) {
        table.set(mnemonic, select_half<8>);
    }
}

} // namespace windsor::emulate
