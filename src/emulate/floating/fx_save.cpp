// SPDX-License-Identifier: GPL-2.0-or-later
// FXSAVE and FXRSTOR: x87 and SSE state in memory. SDM volume 1, section 10.5.
#include "emulate/floating/fx_image.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/memory/memory_access.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

Outcome run_fxsave(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    if (!x87_available(cpu) || !locate_image(cpu, insn, 16, offset)) {
        return Outcome::Fault;
    }
    x86::FxArea image = cpu.s.fx;
    image.reserved = 0;
    image.mxcsr_mask = mxcsr::kDefined;
    store_pointers(cpu, pointers_of(insn), image);
    const std::size_t size = kXmmOffset + visible_vectors(cpu) * std::size_t{16};
    std::array<std::uint8_t, kSavedBytes> bytes{};
    std::memcpy(bytes.data(), &image, bytes.size());
    return cpu.write_bytes(insn.segment, offset, std::span{bytes}.first(size)) ? Outcome::Next : Outcome::Fault;
}

Outcome run_fxrstor(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::array<std::uint8_t, x86::xsave::kLegacyBytes> bytes{};
    if (!x87_available(cpu) || !locate_image(cpu, insn, 16, offset) || !cpu.read_bytes(insn.segment, offset, bytes)) {
        return Outcome::Fault;
    }
    const x86::FxArea image = read_image(bytes);
    if ((image.mxcsr & ~mxcsr::kDefined) != 0) {
        return cpu.raise(x86::Exception::Gp);
    }
    load_x87(cpu, pointers_of(insn), image);
    cpu.s.fx.mxcsr = image.mxcsr;
    load_xmm(cpu, image);
    return Outcome::Next;
}

template <Handler kHandler, std::uint8_t kSize> Handler select_form(const Decoded&, Insn& insn)
{
    insn.operand_size = kSize; // see pointers_of()
    return kHandler;
}

} // namespace

void add_fx_save(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_FXSAVE, select_form<run_fxsave, 4>);
    table.set(ZYDIS_MNEMONIC_FXSAVE64, select_form<run_fxsave, 8>);
    table.set(ZYDIS_MNEMONIC_FXRSTOR, select_form<clearing_numeric_error<run_fxrstor>, 4>);
    table.set(ZYDIS_MNEMONIC_FXRSTOR64, select_form<clearing_numeric_error<run_fxrstor>, 8>);
}

} // namespace windsor::emulate
