// SPDX-License-Identifier: GPL-2.0-or-later
// AVX instructions that are no computation on whole operands: VZEROUPPER, VZEROALL, MXCSR, and moves under a mask.
#include "emulate/floating/avx_state.hpp"
#include "emulate/floating/fx_image.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/memory/memory_access.hpp"

#include <span>

namespace windsor::emulate {

namespace {

Outcome run_vzeroupper(Cpu& cpu, const Insn&)
{
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    for (unsigned i = 0; i < visible_vectors(cpu); ++i) {
        cpu.s.ymm_high[i] = {};
    }
    return Outcome::Next;
}

Outcome run_vzeroall(Cpu& cpu, const Insn&)
{
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    for (unsigned i = 0; i < visible_vectors(cpu); ++i) {
        write_ymm(cpu, i, {});
    }
    return Outcome::Next;
}

// Elements whose mask has the sign bit set take part. The others may lie where nothing is: they are not touched.
template <unsigned kElement> bool takes_part(const Ymm& mask, unsigned at)
{
    return (mask[at + kElement - 1] & 0x80) != 0;
}

// VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ. They raise no #AC. SDM volume 2C, VMASKMOV and VPMASKMOV.
template <unsigned kElement> Outcome run_masked_load(Cpu& cpu, const Insn& insn)
{
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t offset = cpu.effective_address(insn);
    const Ymm mask = read_ymm(cpu, second_register(insn));
    Ymm result{};
    for (unsigned at = 0; at < insn.operand_size; at += kElement) {
        if (takes_part<kElement>(mask, at) &&
            !cpu.read_bytes(insn.segment, offset + at, std::span{result}.subspan(at, kElement))) {
            return Outcome::Fault;
        }
    }
    write_ymm(cpu, insn.reg, result);
    return Outcome::Next;
}

template <unsigned kElement> Outcome run_masked_store(Cpu& cpu, const Insn& insn)
{
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t offset = cpu.effective_address(insn);
    const Ymm mask = read_ymm(cpu, second_register(insn));
    const Ymm value = read_ymm(cpu, insn.reg);
    std::array<std::uint8_t, kElement> old{};
    for (unsigned at = 0; at < insn.operand_size; at += kElement) {
        if (takes_part<kElement>(mask, at) && !cpu.read_bytes_for_write(insn.segment, offset + at, old)) {
            return Outcome::Fault;
        }
    }
    for (unsigned at = 0; at < insn.operand_size; at += kElement) {
        if (takes_part<kElement>(mask, at) &&
            !cpu.write_bytes(insn.segment, offset + at, std::span{value}.subspan(at, kElement))) {
            return Outcome::Fault;
        }
    }
    return Outcome::Next;
}

template <unsigned kElement> Handler select_masked_move(const Decoded& decoded, Insn& insn)
{
    name_vex_registers(decoded, insn);
    insn.operand_size = decoded.instruction.raw.vex.L != 0 ? 32 : 16;
    return decoded.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY ? run_masked_store<kElement>
                                                                 : run_masked_load<kElement>;
}

template <Handler kHandler> Handler select_fixed(const Decoded&, Insn&)
{
    return kHandler;
}

} // namespace

void add_avx_special(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_VZEROUPPER, select_fixed<run_vzeroupper>);
    table.set(ZYDIS_MNEMONIC_VZEROALL, select_fixed<run_vzeroall>);
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VMASKMOVPS, ZYDIS_MNEMONIC_VPMASKMOVD}) {
        table.set(mnemonic, select_masked_move<4>);
    }
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VMASKMOVPD, ZYDIS_MNEMONIC_VPMASKMOVQ}) {
        table.set(mnemonic, select_masked_move<8>);
    }
}

} // namespace windsor::emulate
