// SPDX-License-Identifier: GPL-2.0-or-later
// FXSAVE, FXRSTOR, XSAVE, XRSTOR and XGETBV: x87 and SSE state in memory. SDM volume 1, sections 10.5 and 13.
#include "emulate/fx_state.hpp"
#include "emulate/memory_access.hpp"
#include "emulate/simd_families.hpp"

#include <cstddef>
#include <cstring>

namespace windsor::emulate {

namespace {

constexpr unsigned kLegacyBytes = 512;
constexpr unsigned kHeaderBytes = 64;
constexpr std::size_t kXmmOffset = offsetof(x86::FxArea, xmm);
constexpr std::size_t kSavedBytes = offsetof(x86::FxArea, unused); // the rest belongs to software
constexpr std::uint64_t kX87 = 1; // state components of XCR0
constexpr std::uint64_t kSse = 2;

// Whether pointers take 64 bits without selectors (REX.W), or 32 bits with them.
enum class Pointers : std::uint8_t { Selectors, Wide };

bool wide_form(const Insn& insn)
{
    return insn.operand_size == 8;
}

unsigned visible_xmm(const Cpu& cpu)
{
    return cpu.long64() ? 16 : 8;
}

void store_pointers(const Cpu& cpu, Pointers pointers, x86::FxArea& image)
{
    if (pointers == Pointers::Selectors) {
        image.fip = (cpu.s.fx.fip & 0xffffffff) | std::uint64_t{cpu.s.fcs} << 32;
        image.fdp = (cpu.s.fx.fdp & 0xffffffff) | std::uint64_t{cpu.s.fds} << 32;
    }
}

void load_pointers(Cpu& cpu, Pointers pointers, const x86::FxArea& image)
{
    if (pointers == Pointers::Selectors) {
        cpu.s.fx.fip = image.fip & 0xffffffff;
        cpu.s.fx.fdp = image.fdp & 0xffffffff;
        cpu.s.fcs = static_cast<std::uint16_t>(image.fip >> 32);
        cpu.s.fds = static_cast<std::uint16_t>(image.fdp >> 32);
    } else {
        cpu.s.fx.fip = image.fip;
        cpu.s.fx.fdp = image.fdp;
        cpu.s.fcs = 0;
        cpu.s.fds = 0;
    }
}

void load_x87(Cpu& cpu, Pointers pointers, const x86::FxArea& image)
{
    x86::FxArea& fx = cpu.s.fx;
    fx.fcw = static_cast<std::uint16_t>((image.fcw & kFcwDefined) | kFcwFixed1);
    fx.fsw = image.fsw;
    fx.ftw = image.ftw;
    fx.fop = image.fop & 0x7ff;
    load_pointers(cpu, pointers, image);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(fx.st[i].data(), image.st[i].data(), 10);
    }
    update_exception_summary(fx);
}

void load_xmm(Cpu& cpu, const x86::FxArea& image)
{
    for (unsigned i = 0; i < visible_xmm(cpu); ++i) {
        cpu.s.fx.xmm[i] = image.xmm[i];
    }
}

x86::FxArea read_image(std::span<const std::uint8_t, kLegacyBytes> bytes)
{
    x86::FxArea image;
    std::memcpy(static_cast<void*>(&image), bytes.data(), bytes.size());
    return image;
}

// Common checks; `alignment` in bytes. False after a fault.
bool locate(Cpu& cpu, const Insn& insn, unsigned alignment, std::uint64_t& offset)
{
    if (!x87_available(cpu)) {
        return false;
    }
    offset = cpu.effective_address(insn);
    if ((linear_address(cpu, insn.segment, offset) & (alignment - 1)) != 0) {
        return cpu.refuse(x86::Exception::Gp);
    }
    return true;
}

Pointers pointers_of(const Insn& insn)
{
    return wide_form(insn) ? Pointers::Wide : Pointers::Selectors;
}

Outcome run_fxsave(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    if (!locate(cpu, insn, 16, offset)) {
        return Outcome::Fault;
    }
    x86::FxArea image = cpu.s.fx;
    image.reserved = 0;
    image.mxcsr_mask = mxcsr::kDefined;
    store_pointers(cpu, pointers_of(insn), image);
    const std::size_t size = kXmmOffset + visible_xmm(cpu) * std::size_t{16};
    std::array<std::uint8_t, kSavedBytes> bytes{};
    std::memcpy(bytes.data(), &image, bytes.size());
    return cpu.write_bytes(insn.segment, offset, std::span{bytes}.first(size)) ? Outcome::Next : Outcome::Fault;
}

Outcome run_fxrstor(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::array<std::uint8_t, kLegacyBytes> bytes{};
    if (!locate(cpu, insn, 16, offset) || !cpu.read_bytes(insn.segment, offset, bytes)) {
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

bool xsave_enabled(Cpu& cpu)
{
    if ((cpu.s.cr4 & x86::cr4::kOsxsave) == 0) {
        return cpu.refuse(x86::Exception::Ud);
    }
    return true;
}

// XSAVE leaves EM alone; only TS matters. SDM volume 2C, XSAVE.
bool locate_xsave(Cpu& cpu, const Insn& insn, std::uint64_t& offset)
{
    if (!xsave_enabled(cpu)) {
        return false;
    }
    if ((cpu.s.cr0 & x86::cr0::kTs) != 0) {
        return cpu.refuse(x86::Exception::Nm);
    }
    offset = cpu.effective_address(insn);
    if ((linear_address(cpu, insn.segment, offset) & 63) != 0) {
        return cpu.refuse(x86::Exception::Gp);
    }
    return true;
}

std::uint64_t requested(const Cpu& cpu)
{
    return (cpu.s.gpr[x86::kRdx] << 32 | (cpu.s.gpr[x86::kRax] & 0xffffffff)) & cpu.s.xcr0;
}

Outcome run_xsave(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::array<std::uint8_t, kLegacyBytes + kHeaderBytes> bytes{};
    if (!locate_xsave(cpu, insn, offset) || !cpu.read_bytes(insn.segment, offset, bytes)) {
        return Outcome::Fault;
    }
    const std::uint64_t components = requested(cpu);
    x86::FxArea image = read_image(std::span{bytes}.first<kLegacyBytes>());
    if ((components & kX87) != 0) {
        const std::uint32_t mxcsr = image.mxcsr;
        const std::uint32_t mask = image.mxcsr_mask;
        std::memcpy(static_cast<void*>(&image), &cpu.s.fx, kXmmOffset);
        image.mxcsr = mxcsr;
        image.mxcsr_mask = mask;
        image.reserved = 0;
        store_pointers(cpu, pointers_of(insn), image);
    }
    if ((components & kSse) != 0) {
        image.mxcsr = cpu.s.fx.mxcsr;
        image.mxcsr_mask = mxcsr::kDefined;
        for (unsigned i = 0; i < visible_xmm(cpu); ++i) {
            image.xmm[i] = cpu.s.fx.xmm[i];
        }
    }
    std::memcpy(bytes.data(), &image, kLegacyBytes);
    // All components count as in use, which every program must allow for.
    std::uint64_t present = 0;
    std::memcpy(&present, bytes.data() + kLegacyBytes, 8);
    present |= components;
    std::memcpy(bytes.data() + kLegacyBytes, &present, 8);
    return cpu.write_bytes(insn.segment, offset, std::span{bytes}.first(kLegacyBytes + 8)) ? Outcome::Next
                                                                                            : Outcome::Fault;
}

// The header: XSTATE_BV within XCR0, the rest (XCOMP_BV and reserved bytes) zero. SDM volume 1, section 13.8.1.
bool valid_header(const Cpu& cpu, std::span<const std::uint8_t> header)
{
    std::array<std::uint64_t, 3> words{};
    std::memcpy(words.data(), header.data(), sizeof words);
    return (words[0] & ~cpu.s.xcr0) == 0 && words[1] == 0 && words[2] == 0;
}

Outcome run_xrstor(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    std::array<std::uint8_t, kLegacyBytes + kHeaderBytes> bytes{};
    if (!locate_xsave(cpu, insn, offset) || !cpu.read_bytes(insn.segment, offset, bytes)) {
        return Outcome::Fault;
    }
    const x86::FxArea image = read_image(std::span{bytes}.first<kLegacyBytes>());
    const std::uint64_t components = requested(cpu);
    const bool bad_mxcsr = (components & kSse) != 0 && (image.mxcsr & ~mxcsr::kDefined) != 0;
    if (!valid_header(cpu, std::span{bytes}.subspan(kLegacyBytes)) || bad_mxcsr) {
        return cpu.raise(x86::Exception::Gp);
    }
    std::uint64_t present = 0;
    std::memcpy(&present, bytes.data() + kLegacyBytes, 8);
    const x86::FxArea initial;
    if ((components & kX87) != 0) {
        load_x87(cpu, pointers_of(insn), (present & kX87) != 0 ? image : initial);
    }
    if ((components & kSse) != 0) {
        cpu.s.fx.mxcsr = image.mxcsr; // from memory even if XMM registers take their initial values
        load_xmm(cpu, (present & kSse) != 0 ? image : initial);
    }
    return Outcome::Next;
}

Outcome run_xgetbv(Cpu& cpu, const Insn&)
{
    if (!xsave_enabled(cpu)) {
        return Outcome::Fault;
    }
    if (cpu.reg<std::uint32_t>(x86::kRcx) != 0) {
        return cpu.raise(x86::Exception::Gp);
    }
    cpu.set_reg<std::uint32_t>(x86::kRax, static_cast<std::uint32_t>(cpu.s.xcr0));
    cpu.set_reg<std::uint32_t>(x86::kRdx, static_cast<std::uint32_t>(cpu.s.xcr0 >> 32));
    return Outcome::Next;
}

template <Handler kHandler, std::uint8_t kSize> Handler select_form(const Decoded&, Insn& insn)
{
    insn.operand_size = kSize; // 8 selects the form with 64-bit pointers
    return kHandler;
}

} // namespace

void add_fx_save(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_FXSAVE, select_form<run_fxsave, 4>);
    table.set(ZYDIS_MNEMONIC_FXSAVE64, select_form<run_fxsave, 8>);
    table.set(ZYDIS_MNEMONIC_FXRSTOR, select_form<run_fxrstor, 4>);
    table.set(ZYDIS_MNEMONIC_FXRSTOR64, select_form<run_fxrstor, 8>);
    table.set(ZYDIS_MNEMONIC_XSAVE, select_form<run_xsave, 4>);
    table.set(ZYDIS_MNEMONIC_XSAVE64, select_form<run_xsave, 8>);
    table.set(ZYDIS_MNEMONIC_XRSTOR, select_form<run_xrstor, 4>);
    table.set(ZYDIS_MNEMONIC_XRSTOR64, select_form<run_xrstor, 8>);
    table.set(ZYDIS_MNEMONIC_XGETBV, select_form<run_xgetbv, 4>);
}

} // namespace windsor::emulate
