// SPDX-License-Identifier: GPL-2.0-or-later
// PUSHF, POPF, CLI and STI with IOPL, the virtual-8086 mode extensions (VME) and protected-mode virtual interrupts
// (PVI). SDM volume 2; volume 3B, sections 20.3 and 20.4.
#include "emulate/integer/flags.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

namespace windsor::emulate {

using x86::Exception;
namespace fl = x86::rflags;

namespace {

bool has_vme(const Cpu& cpu)
{
    return (cpu.s.cr4 & x86::cr4::kVme) != 0;
}

bool has_pvi(const Cpu& cpu)
{
    return (cpu.s.cr4 & x86::cr4::kPvi) != 0;
}

bool restricted_v86(const Cpu& cpu)
{
    return cpu.mode() == Mode::Virtual8086 && cpu.iopl() < 3;
}

Outcome push_flags(Cpu& cpu, unsigned size, std::uint64_t image)
{
    bool pushed = false;
    switch (size) {
    case 2: pushed = cpu.push(static_cast<std::uint16_t>(image)); break;
    case 4: pushed = cpu.push(static_cast<std::uint32_t>(image)); break;
    default: pushed = cpu.push(image); break;
    }
    return pushed ? Outcome::Next : Outcome::Fault;
}

Outcome pushf(Cpu& cpu, const Insn& insn)
{
    std::uint64_t image = cpu.s.rflags & ~(fl::kVm | fl::kRf);
    if (restricted_v86(cpu)) {
        if (!has_vme(cpu) || insn.operand_size != 2) {
            return cpu.raise(Exception::Gp);
        }
        image = (image & ~fl::kIf) | fl::kIopl | ((cpu.s.rflags & fl::kVif) != 0 ? fl::kIf : 0);
    }
    return push_flags(cpu, insn.operand_size, image);
}

constexpr std::uint64_t kLow = fl::kArithmetic | fl::kTf | fl::kDf | fl::kNt;

// The flags that POPF may change, given that it may be executed at all.
std::uint64_t popf_mask(const Cpu& cpu, unsigned size)
{
    std::uint64_t mask = kLow | (size == 2 ? 0 : fl::kAc | fl::kId | fl::kRf);
    if (cpu.mode() == Mode::Real || (cpu.mode() != Mode::Virtual8086 && cpu.cpl() == 0)) {
        return mask | fl::kIf | fl::kIopl | (size == 2 ? 0 : fl::kVif | fl::kVip);
    }
    if (cpu.iopl() >= cpu.cpl()) {
        mask |= fl::kIf;
    }
    return mask;
}

bool pop_image(Cpu& cpu, unsigned size, std::uint64_t& image, Stack& stack)
{
    stack = current_stack(cpu);
    return peek(cpu, stack, 0, size, image);
}

Outcome popf_virtual(Cpu& cpu, const Insn& insn)
{
    if (!has_vme(cpu) || insn.operand_size != 2) {
        return cpu.raise(Exception::Gp);
    }
    Stack stack;
    std::uint64_t image = 0;
    if (!pop_image(cpu, 2, image, stack)) {
        return Outcome::Fault;
    }
    const bool enable = (image & fl::kIf) != 0;
    if ((enable && (cpu.s.rflags & fl::kVip) != 0) || (image & fl::kTf) != 0) {
        return cpu.raise(Exception::Gp);
    }
    stack.pointer = (stack.pointer + 2) & stack.mask;
    store_pointer(cpu, stack);
    replace_flags(cpu.s.rflags, kLow | fl::kVif, (image & kLow) | (enable ? fl::kVif : 0));
    return finish(cpu, insn);
}

Outcome popf(Cpu& cpu, const Insn& insn)
{
    if (restricted_v86(cpu)) {
        return popf_virtual(cpu, insn);
    }
    Stack stack;
    std::uint64_t image = 0;
    if (!pop_image(cpu, insn.operand_size, image, stack)) {
        return Outcome::Fault;
    }
    stack.pointer = (stack.pointer + insn.operand_size) & stack.mask;
    store_pointer(cpu, stack);
    // RF, VIF and VIP are cleared rather than loaded.
    replace_flags(cpu.s.rflags, popf_mask(cpu, insn.operand_size), image & ~(fl::kRf | fl::kVif | fl::kVip));
    return finish(cpu, insn);
}

// Which flag CLI and STI work on, if any.
enum class Target : std::uint8_t { If, Vif, None };

Target interrupt_flag(const Cpu& cpu)
{
    if (cpu.mode() == Mode::Real || cpu.iopl() >= cpu.cpl()) {
        return Target::If;
    }
    if (cpu.mode() == Mode::Virtual8086) {
        return has_vme(cpu) ? Target::Vif : Target::None;
    }
    return cpu.cpl() == 3 && has_pvi(cpu) ? Target::Vif : Target::None;
}

Outcome cli(Cpu& cpu, const Insn&)
{
    switch (interrupt_flag(cpu)) {
    case Target::If: cpu.s.rflags &= ~fl::kIf; return Outcome::Next;
    case Target::Vif: cpu.s.rflags &= ~fl::kVif; return Outcome::Next;
    case Target::None: break;
    }
    return cpu.raise(Exception::Gp);
}

Outcome sti(Cpu& cpu, const Insn& insn)
{
    switch (interrupt_flag(cpu)) {
    case Target::If:
        if ((cpu.s.rflags & fl::kIf) == 0) {
            cpu.s.rflags |= fl::kIf;
            cpu.s.sti_shadow = true;
        }
        return finish(cpu, insn);
    case Target::Vif:
        if ((cpu.s.rflags & fl::kVip) == 0) {
            cpu.s.rflags |= fl::kVif;
            return Outcome::Next;
        }
        break;
    case Target::None: break;
    }
    return cpu.raise(Exception::Gp);
}

// STAC and CLAC.
template <bool value> Outcome set_ac(Cpu& cpu, const Insn& insn)
{
    if (cpu.cpl() != 0) {
        return cpu.raise(Exception::Ud);
    }
    cpu.s.rflags = value ? cpu.s.rflags | fl::kAc : cpu.s.rflags & ~fl::kAc;
    return finish(cpu, insn);
}

} // namespace

void add_flag_instructions(OpcodeTable& table)
{
    for (const auto mnemonic : {ZYDIS_MNEMONIC_PUSHF, ZYDIS_MNEMONIC_PUSHFD, ZYDIS_MNEMONIC_PUSHFQ}) {
        table.set(mnemonic, plain<pushf>);
    }
    for (const auto mnemonic : {ZYDIS_MNEMONIC_POPF, ZYDIS_MNEMONIC_POPFD, ZYDIS_MNEMONIC_POPFQ}) {
        table.set(mnemonic, ending<popf>);
    }
    table.set(ZYDIS_MNEMONIC_CLI, plain<cli>);
    table.set(ZYDIS_MNEMONIC_STI, ending<sti>);
    table.set(ZYDIS_MNEMONIC_STAC, ending<set_ac<true>>);
    table.set(ZYDIS_MNEMONIC_CLAC, ending<set_ac<false>>);
}

} // namespace windsor::emulate
