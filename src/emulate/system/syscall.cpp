// SPDX-License-Identifier: GPL-2.0-or-later
// SYSCALL, SYSRET, SYSENTER and SYSEXIT. SDM volume 2. Intel has SYSCALL in 64-bit mode only; AMD has it also in
// legacy and compatibility mode, but there no SYSENTER in long mode (AMD64 APM volume 3): the model's vendor decides.
#include "emulate/integer/flags.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "vcpu/cpu_features.hpp"
#include "x86/address.hpp"

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;
using x86::Segment;
namespace fl = x86::rflags;

namespace {

enum class Code : std::uint8_t { Bits32, Bits64 };

// CS and SS are loaded flat, whatever the descriptor tables say.
void load_flat(Cpu& cpu, std::uint64_t cs, std::uint64_t ss, unsigned level, Code code)
{
    const auto dpl = static_cast<std::uint8_t>(level);
    const bool long_code = code == Code::Bits64;
    cpu.s.segment(Seg::Cs) = {
        .selector = with_rpl(static_cast<std::uint16_t>(cs), level),
        .limit = 0xffff'ffff,
        .attributes = {.type = 11, .s = true, .dpl = dpl, .p = true, .l = long_code, .db = !long_code, .g = true}};
    cpu.s.segment(Seg::Ss) = {.selector = with_rpl(static_cast<std::uint16_t>(ss), level),
                              .limit = 0xffff'ffff,
                              .attributes = {.type = 3, .s = true, .dpl = dpl, .p = true, .db = true, .g = true}};
    cpu.set_cpl(level);
    if (cpu.long64() && code == Code::Bits64) {
        return; // 64-bit mode ignores these segments, before and after
    }
    if (cpu.mode() == Mode::Protected) {
        cpu.segment_changed(Seg::Cs);
        cpu.segment_changed(Seg::Ss);
    } else {
        cpu.mode_changed();
    }
}

Outcome syscall_legacy(Cpu& cpu, const Insn& insn, std::uint64_t selector)
{
    cpu.set_reg(x86::kRcx, static_cast<std::uint32_t>(cpu.next_rip(insn)));
    cpu.s.rip = cpu.s.star & 0xffff'ffff;
    cpu.s.rflags &= ~(fl::kVm | fl::kIf | fl::kRf);
    load_flat(cpu, selector, selector + 8, 0, Code::Bits32);
    return Outcome::Exit;
}

Outcome syscall(Cpu& cpu, const Insn& insn)
{
    if ((cpu.s.efer & x86::efer::kSce) == 0 || cpu.mode() == Mode::Real ||
        (!cpu.long64() && !vcpu::is_amd(cpu.model()))) {
        return cpu.raise(Exception::Ud);
    }
    const std::uint64_t selector = (cpu.s.star >> 32) & 0xfffc;
    if (!cpu.long_mode()) {
        return syscall_legacy(cpu, insn, selector);
    }
    cpu.s.gpr[x86::kRcx] = cpu.next_rip(insn);
    cpu.s.gpr[x86::kR11] = cpu.s.rflags & ~fl::kRf;
    cpu.s.rip = cpu.long64() ? cpu.s.lstar : cpu.s.cstar;
    cpu.s.rflags = (cpu.s.rflags & ~(cpu.s.fmask | fl::kRf)) | fl::kFixed1;
    load_flat(cpu, selector, selector + 8, 0, Code::Bits64);
    return Outcome::Exit;
}

Outcome sysret(Cpu& cpu, const Insn& insn)
{
    if ((cpu.s.efer & x86::efer::kSce) == 0 || (!cpu.long64() && !vcpu::is_amd(cpu.model()))) {
        return cpu.raise(Exception::Ud);
    }
    if (!cpu.protected_mode() || cpu.cpl() != 0) {
        return cpu.raise(Exception::Gp);
    }
    const bool wide = insn.extra == 8;
    if (wide && !x86::canonical(cpu.s.gpr[x86::kRcx])) {
        return cpu.raise(Exception::Gp);
    }
    const std::uint64_t selector = cpu.s.star >> 48;
    if (cpu.long_mode()) {
        constexpr std::uint64_t kLoaded = 0x3c7fd7;
        cpu.s.rflags = (cpu.s.gpr[x86::kR11] & kLoaded & ~fl::kRf) | fl::kFixed1;
        // Unlike IRET and POPF, it traps before the next instruction: the step is the SYSCALL's. AMD64 APM volume 3,
        // SYSRET.
        if ((cpu.s.rflags & fl::kTf) != 0) {
            cpu.pending_debug |= x86::dr6::kBs;
        }
    } else {
        cpu.s.rflags |= fl::kIf;
    }
    cpu.s.rip = wide ? cpu.s.gpr[x86::kRcx] : cpu.reg<std::uint32_t>(x86::kRcx);
    load_flat(cpu, wide ? selector + 16 : selector, selector + 8, 3, wide ? Code::Bits64 : Code::Bits32);
    return Outcome::Exit;
}

Outcome sysenter(Cpu& cpu, const Insn&)
{
    if (cpu.long_mode() && vcpu::is_amd(cpu.model())) {
        return cpu.raise(Exception::Ud);
    }
    const std::uint64_t selector = cpu.s.sysenter_cs & 0xfffc;
    if (cpu.mode() == Mode::Real || selector == 0) {
        return cpu.raise(Exception::Gp);
    }
    const bool wide = cpu.long_mode();
    cpu.s.rflags &= ~(fl::kVm | fl::kIf | fl::kRf);
    cpu.s.gpr[x86::kRsp] = wide ? cpu.s.sysenter_esp : cpu.s.sysenter_esp & 0xffff'ffff;
    cpu.s.rip = wide ? cpu.s.sysenter_eip : cpu.s.sysenter_eip & 0xffff'ffff;
    load_flat(cpu, selector, selector + 8, 0, wide ? Code::Bits64 : Code::Bits32);
    return Outcome::Exit;
}

Outcome sysexit(Cpu& cpu, const Insn& insn)
{
    if (cpu.long_mode() && vcpu::is_amd(cpu.model())) {
        return cpu.raise(Exception::Ud);
    }
    const std::uint64_t selector = cpu.s.sysenter_cs & 0xfffc;
    if (!cpu.protected_mode() || selector == 0 || cpu.cpl() != 0) {
        return cpu.raise(Exception::Gp);
    }
    const bool wide = insn.extra == 8;
    const std::uint64_t rsp = cpu.s.gpr[x86::kRcx];
    const std::uint64_t rip = cpu.s.gpr[x86::kRdx];
    if (wide && (!x86::canonical(rsp) || !x86::canonical(rip))) {
        return cpu.raise(Exception::Gp);
    }
    cpu.s.gpr[x86::kRsp] = wide ? rsp : rsp & 0xffff'ffff;
    cpu.s.rip = wide ? rip : rip & 0xffff'ffff;
    const std::uint64_t cs = selector + (wide ? 32 : 16);
    load_flat(cpu, cs, cs + 8, 3, wide ? Code::Bits64 : Code::Bits32);
    return Outcome::Exit;
}

// SYSRET and SYSEXIT return to 64-bit code with REX.W only.
template <Handler handler> Handler select_return(const Decoded& decoded, Insn& insn)
{
    const bool wide =
        decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64 && decoded.instruction.raw.rex.W != 0;
    insn.extra = wide ? 8 : 4;
    insn.ends_block = true;
    return handler;
}

} // namespace

void add_syscall(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_SYSCALL, ending<syscall>);
    table.set(ZYDIS_MNEMONIC_SYSENTER, ending<sysenter>);
    table.set(ZYDIS_MNEMONIC_SYSRET, select_return<sysret>);
    table.set(ZYDIS_MNEMONIC_SYSEXIT, select_return<sysexit>);
}

} // namespace windsor::emulate
