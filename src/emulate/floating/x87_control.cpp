// SPDX-License-Identifier: GPL-2.0-or-later
// x87 instructions that handle control, status and whole images of the unit.
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/x87_state.hpp"
#include "emulate/memory/memory_access.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

constexpr unsigned kRegisterBytes = 10;
constexpr unsigned kRegistersBytes = 8 * kRegisterBytes;

EnvironmentLayout layout_of(const Cpu& cpu, const Insn& insn)
{
    return {.wide = insn.operand_size >= 4, .real_mode = !cpu.protected_mode()};
}

// FWAIT and the like need CR0.MP with TS. SDM volume 3A, table 2-2.
Outcome run_fwait(Cpu& cpu, const Insn&)
{
    constexpr std::uint64_t kBoth = x86::cr0::kMp | x86::cr0::kTs;
    if ((cpu.s.cr0 & kBoth) == kBoth) {
        return cpu.raise(x86::Exception::Nm);
    }
    return no_x87_pending(cpu) ? Outcome::Next : Outcome::Fault;
}

Outcome run_fnop(Cpu& cpu, const Insn&)
{
    return x87_available(cpu) && no_x87_pending(cpu) ? Outcome::Next : Outcome::Fault;
}

// The 8087's and 80287's enable, disable and protected-mode instructions do nothing since the 80387, and wait for
// nothing.
Outcome run_obsolete(Cpu& cpu, const Insn&)
{
    return x87_available(cpu) ? Outcome::Next : Outcome::Fault;
}

Outcome run_fninit(Cpu& cpu, const Insn&)
{
    if (!x87_available(cpu)) {
        return Outcome::Fault;
    }
    initialize_x87(cpu.s);
    return Outcome::Next;
}

Outcome run_fnclex(Cpu& cpu, const Insn&)
{
    if (!x87_available(cpu)) {
        return Outcome::Fault;
    }
    cpu.s.fx.fsw &= fsw::kTop | fsw::kC0 | fsw::kC1 | fsw::kC2 | fsw::kC3;
    return Outcome::Next;
}

Outcome run_fldcw(Cpu& cpu, const Insn& insn)
{
    std::uint16_t value = 0;
    if (!x87_available(cpu) || !no_x87_pending(cpu) ||
        !cpu.read<std::uint16_t>(insn.segment, cpu.effective_address(insn), value)) {
        return Outcome::Fault;
    }
    cpu.s.fx.fcw = static_cast<std::uint16_t>((value & kFcwDefined) | kFcwFixed1);
    update_exception_summary(cpu.s.fx);
    return Outcome::Next;
}

Outcome store_word(Cpu& cpu, const Insn& insn, std::uint16_t x86::FxArea::*word)
{
    if (!x87_available(cpu) ||
        !cpu.write<std::uint16_t>(insn.segment, cpu.effective_address(insn), cpu.s.fx.*word)) {
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Outcome run_fnstcw(Cpu& cpu, const Insn& insn)
{
    return store_word(cpu, insn, &x86::FxArea::fcw);
}

Outcome run_fnstsw_memory(Cpu& cpu, const Insn& insn)
{
    return store_word(cpu, insn, &x86::FxArea::fsw);
}

Outcome run_fnstsw_ax(Cpu& cpu, const Insn&)
{
    if (!x87_available(cpu)) {
        return Outcome::Fault;
    }
    cpu.set_reg<std::uint16_t>(x86::kRax, cpu.s.fx.fsw);
    return Outcome::Next;
}

// After its store, FNSTENV masks all exceptions.
Outcome run_fnstenv(Cpu& cpu, const Insn& insn)
{
    if (!x87_available(cpu)) {
        return Outcome::Fault;
    }
    const EnvironmentLayout layout = layout_of(cpu, insn);
    std::array<std::uint8_t, 28> image{};
    store_environment(cpu.s, layout, image);
    if (!cpu.write_bytes(insn.segment, cpu.effective_address(insn), std::span{image}.first(layout.size()))) {
        return Outcome::Fault;
    }
    cpu.s.fx.fcw |= fsw::kExceptions;
    update_exception_summary(cpu.s.fx);
    return Outcome::Next;
}

Outcome run_fldenv(Cpu& cpu, const Insn& insn)
{
    const EnvironmentLayout layout = layout_of(cpu, insn);
    std::array<std::uint8_t, 28> image{};
    if (!x87_available(cpu) || !no_x87_pending(cpu) ||
        !cpu.read_bytes(insn.segment, cpu.effective_address(insn), std::span{image}.first(layout.size()))) {
        return Outcome::Fault;
    }
    load_environment(cpu.s, layout, image);
    return Outcome::Next;
}

Outcome run_fnsave(Cpu& cpu, const Insn& insn)
{
    if (!x87_available(cpu)) {
        return Outcome::Fault;
    }
    const EnvironmentLayout layout = layout_of(cpu, insn);
    std::array<std::uint8_t, 28 + kRegistersBytes> image{};
    store_environment(cpu.s, layout, image);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(image.data() + layout.size() + i * kRegisterBytes, cpu.s.fx.st[i].data(), kRegisterBytes);
    }
    const auto whole = std::span{image}.first(layout.size() + kRegistersBytes);
    if (!cpu.write_bytes(insn.segment, cpu.effective_address(insn), whole)) {
        return Outcome::Fault;
    }
    initialize_x87(cpu.s);
    return Outcome::Next;
}

Outcome run_frstor(Cpu& cpu, const Insn& insn)
{
    const EnvironmentLayout layout = layout_of(cpu, insn);
    std::array<std::uint8_t, 28 + kRegistersBytes> image{};
    const auto whole = std::span{image}.first(layout.size() + kRegistersBytes);
    if (!x87_available(cpu) || !no_x87_pending(cpu) ||
        !cpu.read_bytes(insn.segment, cpu.effective_address(insn), whole)) {
        return Outcome::Fault;
    }
    load_environment(cpu.s, layout, image);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(cpu.s.fx.st[i].data(), image.data() + layout.size() + i * kRegisterBytes, kRegisterBytes);
    }
    return Outcome::Next;
}

Handler select_fnstsw(const Decoded&, Insn& insn)
{
    return insn.memory ? run_fnstsw_memory : run_fnstsw_ax;
}

template <Handler kHandler> Handler select_fixed(const Decoded&, Insn&)
{
    return kHandler;
}

template <Handler kHandler> Handler select_clearing(const Decoded&, Insn&)
{
    return clearing_numeric_error<kHandler>;
}

} // namespace

void add_x87_control(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_FWAIT, select_fixed<run_fwait>);
    table.set(ZYDIS_MNEMONIC_FNOP, select_fixed<run_fnop>);
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_FENI8087_NOP, ZYDIS_MNEMONIC_FDISI8087_NOP, ZYDIS_MNEMONIC_FSETPM287_NOP}) {
        table.set(mnemonic, select_fixed<run_obsolete>);
    }
    table.set(ZYDIS_MNEMONIC_FNINIT, select_clearing<run_fninit>);
    table.set(ZYDIS_MNEMONIC_FNCLEX, select_clearing<run_fnclex>);
    table.set(ZYDIS_MNEMONIC_FLDCW, select_clearing<run_fldcw>);
    table.set(ZYDIS_MNEMONIC_FNSTCW, select_fixed<run_fnstcw>);
    table.set(ZYDIS_MNEMONIC_FNSTSW, select_fnstsw);
    table.set(ZYDIS_MNEMONIC_FNSTENV, select_clearing<run_fnstenv>);
    table.set(ZYDIS_MNEMONIC_FLDENV, select_clearing<run_fldenv>);
    table.set(ZYDIS_MNEMONIC_FNSAVE, select_clearing<run_fnsave>);
    table.set(ZYDIS_MNEMONIC_FRSTOR, select_clearing<run_frstor>);
}

} // namespace windsor::emulate
