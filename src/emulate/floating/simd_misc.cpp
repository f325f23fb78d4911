// SPDX-License-Identifier: GPL-2.0-or-later
// MMX and SSE instructions that do not compute on vectors.
#include "emulate/floating/avx_state.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/memory/memory_access.hpp"

#include <atomic>
#include <nmmintrin.h>

#include <cstring>

namespace windsor::emulate {

namespace {

constexpr std::uint64_t kPageMask = 0xfff;

Outcome run_emms(Cpu& cpu, const Insn&)
{
    if (!mmx_available(cpu)) {
        return Outcome::Fault;
    }
    enter_mmx(cpu.s.fx);
    cpu.s.fx.ftw = 0;
    return Outcome::Next;
}

// Writes the bytes of `value` whose mask byte has bit 7 set to [segment:rDI], all or none.
[[nodiscard]] bool masked_write(Cpu& cpu, const Insn& insn, const std::uint8_t* value, const std::uint8_t* mask,
                                unsigned size)
{
    const std::uint64_t wrap =
        insn.address_size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * insn.address_size) - 1;
    const std::uint64_t start = cpu.s.gpr[x86::kRdi];
    for (unsigned i = 0; i < size; ++i) {
        // A fault on the second page names its first byte.
        const bool second_page = (start & kPageMask) + i > kPageMask;
        const std::uint64_t at = second_page ? (start + i) & ~kPageMask : start + i;
        std::uint8_t old = 0;
        if ((mask[i] & 0x80) != 0 && !cpu.read_for_write<std::uint8_t>(insn.segment, at & wrap, old)) {
            return false;
        }
    }
    for (unsigned i = 0; i < size; ++i) {
        if ((mask[i] & 0x80) != 0 && !cpu.write<std::uint8_t>(insn.segment, (start + i) & wrap, value[i])) {
            return false;
        }
    }
    return true;
}

// Legacy and VEX encodings of one instruction differ in what they check.
using Available = bool (*)(Cpu& cpu);

template <Available kAvailable> Outcome run_maskmovdqu(Cpu& cpu, const Insn& insn)
{
    if (!kAvailable(cpu)) {
        return Outcome::Fault;
    }
    const auto& xmm = cpu.s.fx.xmm;
    return masked_write(cpu, insn, xmm[insn.reg].data(), xmm[insn.rm].data(), 16) ? Outcome::Next : Outcome::Fault;
}

Outcome run_maskmovq(Cpu& cpu, const Insn& insn)
{
    if (!mmx_available(cpu)) {
        return Outcome::Fault;
    }
    x86::FxArea& fx = cpu.s.fx;
    if (!masked_write(cpu, insn, mm_slot(fx, insn.reg & 7).data(), mm_slot(fx, insn.rm & 7).data(), 8)) {
        return Outcome::Fault;
    }
    enter_mmx(fx);
    return Outcome::Next;
}

template <typename T> Outcome run_movnti(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t offset = cpu.effective_address(insn);
    return cpu.write<T>(insn.segment, offset, cpu.reg<T>(insn.reg)) ? Outcome::Next : Outcome::Fault;
}

// SDM volume 3A, section 8.2.5.
Outcome run_mfence(Cpu&, const Insn&)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return Outcome::Next;
}

// LFENCE and SFENCE order nothing here that is not ordered already; prefetches never fault.
Outcome run_nothing(Cpu&, const Insn&)
{
    return Outcome::Next;
}

// CLFLUSH is checked as a read of its byte. SDM volume 2A, CLFLUSH.
Outcome run_clflush(Cpu& cpu, const Insn& insn)
{
    std::uint8_t value = 0;
    return cpu.read<std::uint8_t>(insn.segment, cpu.effective_address(insn), value) ? Outcome::Next : Outcome::Fault;
}

template <Available kAvailable> Outcome run_ldmxcsr(Cpu& cpu, const Insn& insn)
{
    std::uint32_t value = 0;
    if (!kAvailable(cpu) || !cpu.read<std::uint32_t>(insn.segment, cpu.effective_address(insn), value)) {
        return Outcome::Fault;
    }
    if ((value & ~mxcsr::kDefined) != 0) {
        return cpu.raise(x86::Exception::Gp);
    }
    cpu.s.fx.mxcsr = value;
    return Outcome::Next;
}

template <Available kAvailable> Outcome run_stmxcsr(Cpu& cpu, const Insn& insn)
{
    if (!kAvailable(cpu) ||
        !cpu.write<std::uint32_t>(insn.segment, cpu.effective_address(insn), cpu.s.fx.mxcsr)) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32_step(std::uint32_t crc, std::uint64_t value, unsigned size)
{
    switch (size) {
    case 1: return _mm_crc32_u8(crc, static_cast<std::uint8_t>(value));
    case 2: return _mm_crc32_u16(crc, static_cast<std::uint16_t>(value));
    case 4: return _mm_crc32_u32(crc, static_cast<std::uint32_t>(value));
    default: return static_cast<std::uint32_t>(_mm_crc32_u64(crc, value));
    }
}

template <typename T> Outcome run_crc32(Cpu& cpu, const Insn& insn)
{
    T value{};
    if (insn.memory) {
        if (!cpu.read<T>(insn.segment, cpu.effective_address(insn), value)) {
            return Outcome::Fault;
        }
    } else if constexpr (sizeof(T) == 1) {
        value = cpu.reg8(insn.rm, insn.rex);
    } else {
        value = cpu.reg<T>(insn.rm);
    }
    cpu.s.gpr[insn.reg] = crc32_step(cpu.reg<std::uint32_t>(insn.reg), value, sizeof(T));
    return Outcome::Next;
}

Handler select_crc32(const Decoded& decoded, Insn&)
{
    switch (decoded.operands[1].size) {
    case 8: return run_crc32<std::uint8_t>;
    case 16: return run_crc32<std::uint16_t>;
    case 32: return run_crc32<std::uint32_t>;
    default: return run_crc32<std::uint64_t>;
    }
}

x86::Seg implied_segment(const ZydisDecodedInstruction& instruction)
{
    const ZydisInstructionAttributes attributes = instruction.attributes;
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS) != 0) {
        return x86::Seg::Cs;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_SS) != 0) {
        return x86::Seg::Ss;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_ES) != 0) {
        return x86::Seg::Es;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS) != 0) {
        return x86::Seg::Fs;
    }
    return (attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS) != 0 ? x86::Seg::Gs : x86::Seg::Ds;
}

template <Handler kHandler> Handler select_masked(const Decoded& decoded, Insn& insn)
{
    insn.segment = implied_segment(decoded.instruction);
    insn.address_size = static_cast<std::uint8_t>(decoded.instruction.address_width / 8);
    return kHandler;
}

Handler select_vmaskmovdqu(const Decoded& decoded, Insn& insn)
{
    name_vex_registers(decoded, insn);
    return select_masked<run_maskmovdqu<avx_available>>(decoded, insn);
}

Handler select_movnti(const Decoded& decoded, Insn&)
{
    return decoded.operands[0].size == 64 ? run_movnti<std::uint64_t> : run_movnti<std::uint32_t>;
}

template <Handler kHandler> Handler select_fixed(const Decoded&, Insn&)
{
    return kHandler;
}

} // namespace

void add_simd_misc(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_EMMS, select_fixed<run_emms>);
    table.set(ZYDIS_MNEMONIC_MASKMOVQ, select_masked<run_maskmovq>);
    table.set(ZYDIS_MNEMONIC_MASKMOVDQU, select_masked<run_maskmovdqu<sse_available>>);
    table.set(ZYDIS_MNEMONIC_VMASKMOVDQU, select_vmaskmovdqu);
    table.set(ZYDIS_MNEMONIC_MOVNTI, select_movnti);
    table.set(ZYDIS_MNEMONIC_LDMXCSR, select_fixed<run_ldmxcsr<sse_available>>);
    table.set(ZYDIS_MNEMONIC_VLDMXCSR, select_fixed<run_ldmxcsr<avx_available>>);
    table.set(ZYDIS_MNEMONIC_STMXCSR, select_fixed<run_stmxcsr<sse_available>>);
    table.set(ZYDIS_MNEMONIC_VSTMXCSR, select_fixed<run_stmxcsr<avx_available>>);
    table.set(ZYDIS_MNEMONIC_CRC32, select_crc32);
    table.set(ZYDIS_MNEMONIC_CLFLUSH, select_fixed<run_clflush>);
    table.set(ZYDIS_MNEMONIC_MFENCE, select_fixed<run_mfence>);
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_LFENCE, ZYDIS_MNEMONIC_SFENCE, ZYDIS_MNEMONIC_PREFETCH,
          ZYDIS_MNEMONIC_PREFETCHW, ZYDIS_MNEMONIC_PREFETCHNTA, ZYDIS_MNEMONIC_PREFETCHT0, ZYDIS_MNEMONIC_PREFETCHT1,
          ZYDIS_MNEMONIC_PREFETCHT2}) {
        table.set(mnemonic, select_fixed<run_nothing>);
    }
}

} // namespace windsor::emulate
