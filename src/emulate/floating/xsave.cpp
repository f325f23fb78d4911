// SPDX-License-Identifier: GPL-2.0-or-later
// The XSAVE feature set: XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XSETBV and XGETBV. SDM volume 1, chapter 13.
#include "emulate/floating/fx_image.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/descriptors.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace windsor::emulate {

namespace {

namespace xcr0 = x86::xcr0;
namespace xsave = x86::xsave;
using x86::Exception;

using Area = std::array<std::uint8_t, xsave::kAvxBytes>;

enum class SaveForm : std::uint8_t { Whole, Optimized, Compacted };

// The words of the XSAVE header. SDM volume 1, section 13.4.2.
struct Header {
    std::uint64_t xstate_bv{0};
    std::uint64_t xcomp_bv{0};
    std::array<std::uint64_t, 6> reserved{};
};
static_assert(sizeof(Header) == xsave::kHeaderBytes);

Header header_of(const Area& area)
{
    Header header;
    std::memcpy(&header, area.data() + xsave::kLegacyBytes, sizeof header);
    return header;
}

x86::FxArea legacy_of(const Area& area)
{
    return read_image(std::span{area}.first<xsave::kLegacyBytes>());
}

bool xsave_enabled(Cpu& cpu)
{
    return (cpu.s.cr4 & x86::cr4::kOsxsave) != 0 || cpu.refuse(Exception::Ud);
}

// The instructions of the set do not heed CR0.EM, only CR0.TS. SDM volume 2C, XSAVE.
bool locate_area(Cpu& cpu, const Insn& insn, std::uint64_t& offset)
{
    if (!xsave_enabled(cpu)) {
        return false;
    }
    if ((cpu.s.cr0 & x86::cr0::kTs) != 0) {
        return cpu.refuse(Exception::Nm);
    }
    return locate_image(cpu, insn, 64, offset);
}

std::uint64_t mask_operand(const Cpu& cpu)
{
    return cpu.s.gpr[x86::kRdx] << 32 | (cpu.s.gpr[x86::kRax] & 0xffffffff);
}

template <typename Registers> bool all_zero(const Registers& registers, std::size_t bytes)
{
    return std::ranges::all_of(registers, [bytes](const auto& one) {
        return std::all_of(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(bytes),
                           [](std::uint8_t byte) { return byte == 0; });
    });
}

bool x87_is_initial(const vcpu::CpuState& s)
{
    constexpr std::size_t kRegisterBytes = 10;
    const x86::FxArea initial;
    return s.fx.fcw == initial.fcw && s.fx.fsw == 0 && s.fx.ftw == 0 && s.fx.fop == 0 && s.fx.fip == 0 &&
           s.fx.fdp == 0 && s.fcs == 0 && s.fds == 0 && all_zero(s.fx.st, kRegisterBytes);
}

// The components that are not in their initial configuration: XINUSE. SDM volume 1, section 13.6.
std::uint64_t components_in_use(const vcpu::CpuState& s)
{
    return (x87_is_initial(s) ? 0 : xcr0::kX87) | (all_zero(s.fx.xmm, 16) ? 0 : xcr0::kSse) |
           (all_zero(s.ymm_high, 16) ? 0 : xcr0::kAvx);
}

void put_x87(const Cpu& cpu, Pointers pointers, x86::FxArea& image)
{
    const std::uint32_t mxcsr = image.mxcsr;
    const std::uint32_t mask = image.mxcsr_mask;
    std::memcpy(static_cast<void*>(&image), &cpu.s.fx, kXmmOffset);
    image.mxcsr = mxcsr;
    image.mxcsr_mask = mask;
    image.reserved = 0;
    store_pointers(cpu, pointers, image);
}

// Writes components into the image of an area, MXCSR apart.
void put_components(const Cpu& cpu, const Insn& insn, std::uint64_t components, bool with_mxcsr, Area& area)
{
    x86::FxArea image = legacy_of(area);
    if ((components & xcr0::kX87) != 0) {
        put_x87(cpu, pointers_of(insn), image);
    }
    if (with_mxcsr) {
        image.mxcsr = cpu.s.fx.mxcsr;
        image.mxcsr_mask = mxcsr::kDefined;
    }
    const unsigned vectors = visible_vectors(cpu);
    if ((components & xcr0::kSse) != 0) {
        std::copy_n(cpu.s.fx.xmm.begin(), vectors, image.xmm.begin());
    }
    std::memcpy(area.data(), &image, kSavedBytes);
    if ((components & xcr0::kAvx) != 0) {
        std::memcpy(area.data() + xsave::kYmmOffset, cpu.s.ymm_high.data(), vectors * std::size_t{16});
    }
}

// SDM volume 1, sections 13.7, 13.9 and 13.10. XSAVEOPT stores a component also if it was not modified.
template <SaveForm kForm> Outcome run_save(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    const std::uint64_t asked = mask_operand(cpu) & cpu.s.xcr0;
    Area area{};
    const auto touched = std::span{area}.first((asked & xcr0::kAvx) != 0 ? xsave::kAvxBytes : xsave::kBytes);
    if (!locate_area(cpu, insn, offset) || !cpu.read_bytes_for_write(insn.segment, offset, touched)) {
        return Outcome::Fault;
    }
    std::uint64_t in_use = components_in_use(cpu.s);
    Header header = header_of(area);
    if constexpr (kForm == SaveForm::Compacted) {
        // MXCSR is part of the SSE state here.
        in_use |= cpu.s.fx.mxcsr != mxcsr::kDefault ? xcr0::kSse : 0;
        header.xstate_bv = asked & in_use;
        header.xcomp_bv = asked | xsave::kCompacted;
        put_components(cpu, insn, asked & in_use, (asked & in_use & xcr0::kSse) != 0, area);
    } else {
        header.xstate_bv = (header.xstate_bv & ~asked) | (asked & in_use);
        const std::uint64_t components = kForm == SaveForm::Whole ? asked : asked & in_use;
        put_components(cpu, insn, components, (asked & (xcr0::kSse | xcr0::kAvx)) != 0, area);
    }
    std::memcpy(area.data() + xsave::kLegacyBytes, &header, sizeof header);
    return cpu.write_bytes(insn.segment, offset, touched) ? Outcome::Next : Outcome::Fault;
}

// SDM volume 1, sections 13.8.1 and 13.8.2.
bool valid_header(const Header& header, std::uint64_t enabled)
{
    if ((header.xcomp_bv & xsave::kCompacted) == 0) {
        return (header.xstate_bv & ~enabled) == 0 && header.xcomp_bv == 0 && header.reserved[0] == 0;
    }
    const std::uint64_t layout = header.xcomp_bv & ~xsave::kCompacted;
    return (layout & ~enabled) == 0 && (header.xstate_bv & ~layout) == 0 &&
           std::ranges::all_of(header.reserved, [](std::uint64_t word) { return word == 0; });
}

// What XRSTOR leaves in MXCSR. The standard form takes it from memory for SSE and AVX state alike, the compacted one
// treats it as SSE state.
std::uint32_t restored_mxcsr(const Cpu& cpu, const Header& header, std::uint64_t asked, std::uint32_t stored)
{
    if ((header.xcomp_bv & xsave::kCompacted) == 0) {
        return (asked & (xcr0::kSse | xcr0::kAvx)) != 0 ? stored : cpu.s.fx.mxcsr;
    }
    if ((asked & xcr0::kSse) == 0) {
        return cpu.s.fx.mxcsr;
    }
    return (header.xstate_bv & xcr0::kSse) != 0 ? stored : mxcsr::kDefault;
}

// Components that are not present take their initial values.
void load_components(Cpu& cpu, const Insn& insn, std::uint64_t asked, std::uint64_t present, const Area& area)
{
    const x86::FxArea image = legacy_of(area);
    const x86::FxArea initial;
    if ((asked & xcr0::kX87) != 0) {
        load_x87(cpu, pointers_of(insn), (present & xcr0::kX87) != 0 ? image : initial);
    }
    if ((asked & xcr0::kSse) != 0) {
        load_xmm(cpu, (present & xcr0::kSse) != 0 ? image : initial);
    }
    if ((asked & xcr0::kAvx) != 0) {
        std::memcpy(cpu.s.ymm_high.data(), area.data() + xsave::kYmmOffset, visible_vectors(cpu) * std::size_t{16});
    }
}

Outcome run_xrstor(Cpu& cpu, const Insn& insn)
{
    std::uint64_t offset = 0;
    Area area{};
    const std::span bytes{area};
    if (!locate_area(cpu, insn, offset) || !cpu.read_bytes(insn.segment, offset, bytes.first(xsave::kBytes))) {
        return Outcome::Fault;
    }
    const Header header = header_of(area);
    if (!valid_header(header, cpu.s.xcr0)) {
        return cpu.raise(Exception::Gp);
    }
    const std::uint64_t asked = mask_operand(cpu) & cpu.s.xcr0;
    const std::uint64_t present = header.xstate_bv;
    // What is not read stays zero, which is the initial value.
    if ((asked & present & xcr0::kAvx) != 0 &&
        !cpu.read_bytes(insn.segment, offset + xsave::kYmmOffset, bytes.subspan(xsave::kYmmOffset))) {
        return Outcome::Fault;
    }
    const std::uint32_t mxcsr = restored_mxcsr(cpu, header, asked, legacy_of(area).mxcsr);
    if ((mxcsr & ~mxcsr::kDefined) != 0) {
        return cpu.raise(Exception::Gp);
    }
    cpu.s.fx.mxcsr = mxcsr;
    load_components(cpu, insn, asked, present, area);
    return Outcome::Next;
}

std::uint64_t offered_components(const Cpu& cpu)
{
    const auto leaf = cpu.model().cpuid(0xd, 0, cpu.s, cpu.apic_id());
    return std::uint64_t{leaf.edx} << 32 | leaf.eax;
}

// AVX state builds upon SSE state. SDM volume 3A, section 2.6.
bool valid_xcr0(const Cpu& cpu, std::uint64_t value)
{
    const bool avx_alone = (value & (xcr0::kSse | xcr0::kAvx)) == xcr0::kAvx;
    return (value & xcr0::kX87) != 0 && (value & ~offered_components(cpu)) == 0 && !avx_alone;
}

Outcome run_xsetbv(Cpu& cpu, const Insn& insn)
{
    if (!xsave_enabled(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t value = mask_operand(cpu);
    if (cpu.cpl() != 0 || cpu.reg<std::uint32_t>(x86::kRcx) != 0 || !valid_xcr0(cpu, value)) {
        return cpu.raise(Exception::Gp);
    }
    cpu.s.xcr0 = value;
    return finish(cpu, insn);
}

// XCR1 is XCR0 & XINUSE, where MXCSR counts as SSE state. SDM volume 1, section 13.6.
std::optional<std::uint64_t> extended_control(const Cpu& cpu, std::uint32_t number)
{
    constexpr std::uint32_t kHasXcr1 = 1u << 2; // CPUID.(0DH,1):EAX
    if (number == 0) {
        return cpu.s.xcr0;
    }
    if (number != 1 || (cpu.model().cpuid(0xd, 1, cpu.s, cpu.apic_id()).eax & kHasXcr1) == 0) {
        return std::nullopt;
    }
    const std::uint64_t mxcsr = cpu.s.fx.mxcsr != mxcsr::kDefault ? xcr0::kSse : 0;
    return cpu.s.xcr0 & (components_in_use(cpu.s) | mxcsr);
}

Outcome run_xgetbv(Cpu& cpu, const Insn&)
{
    if (!xsave_enabled(cpu)) {
        return Outcome::Fault;
    }
    const auto value = extended_control(cpu, cpu.reg<std::uint32_t>(x86::kRcx));
    if (!value) {
        return cpu.raise(Exception::Gp);
    }
    cpu.set_reg<std::uint32_t>(x86::kRax, static_cast<std::uint32_t>(*value));
    cpu.set_reg<std::uint32_t>(x86::kRdx, static_cast<std::uint32_t>(*value >> 32));
    return Outcome::Next;
}

template <Handler kHandler, std::uint8_t kSize> Handler select_form(const Decoded&, Insn& insn)
{
    insn.operand_size = kSize; // see pointers_of()
    return kHandler;
}

Handler select_xgetbv(const Decoded&, Insn&)
{
    return run_xgetbv;
}

Handler select_xsetbv(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return run_xsetbv;
}

} // namespace

void add_xsave(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_XSAVE, select_form<run_save<SaveForm::Whole>, 4>);
    table.set(ZYDIS_MNEMONIC_XSAVE64, select_form<run_save<SaveForm::Whole>, 8>);
    table.set(ZYDIS_MNEMONIC_XSAVEOPT, select_form<run_save<SaveForm::Optimized>, 4>);
    table.set(ZYDIS_MNEMONIC_XSAVEOPT64, select_form<run_save<SaveForm::Optimized>, 8>);
    table.set(ZYDIS_MNEMONIC_XSAVEC, select_form<run_save<SaveForm::Compacted>, 4>);
    table.set(ZYDIS_MNEMONIC_XSAVEC64, select_form<run_save<SaveForm::Compacted>, 8>);
    table.set(ZYDIS_MNEMONIC_XRSTOR, select_form<clearing_numeric_error<run_xrstor>, 4>);
    table.set(ZYDIS_MNEMONIC_XRSTOR64, select_form<clearing_numeric_error<run_xrstor>, 8>);
    table.set(ZYDIS_MNEMONIC_XSETBV, select_xsetbv);
    table.set(ZYDIS_MNEMONIC_XGETBV, select_xgetbv);
}

} // namespace windsor::emulate
