// SPDX-License-Identifier: GPL-2.0-or-later
// This writes privileged instructions that kernels run at every system call and interrupt. Blocks in which they are
// native run in ring 0 only, so that their privilege need not be checked. SDM volume 2: SWAPGS, CLI, STI, STAC, CLAC.
#include "translate/emit/writers.hpp"

namespace windsor::translate {

namespace fl = x86::rflags;

Written write_swapgs(Parts& p, const Instruction& /*i*/)
{
    Emitter& a = p.a;
    const emulate::Cpu& cpu = p.shop.cpu;
    const Mem base = a.cell(&cpu.s.segment(x86::Seg::Gs).base);
    const Mem other = a.cell(&cpu.s.kernel_gs_base);
    a.load(kTemp0, base);
    a.load(kTemp1, other);
    a.store(base, kTemp1);
    a.store(a.cell(&cpu.window(x86::Seg::Gs).base), kTemp1);
    a.store(other, kTemp0);
    return Written::Natively;
}

Written write_cli(Parts& p, const Instruction& /*i*/)
{
    Emitter& a = p.a;
    p.flags.clobber();
    a.alu_memory(Alu::And, a.cell(&p.shop.cpu.s.rflags), ~static_cast<std::int32_t>(fl::kIf));
    a.alu_memory(Alu::And, a.cell(&p.shop.frame.heeded), ~static_cast<std::int32_t>(vcpu::Signal::Interrupt));
    return Written::Natively;
}

// Writes STI, after which interrupts wait until the next instruction has run. That one has to be in this block, and is
// followed by a look at the signals: here, where its edges lead, or on the way from the interpreter to another block.
Written write_sti(Parts& p, const Instruction& i)
{
    if (p.is_last(i) || (&i + 1)->kind == Kind::UnmaskInterrupts) {
        return Written::ForInterpreter;
    }
    Emitter& a = p.a;
    p.flags.clobber();
    a.alu_memory(Alu::Or, a.cell(&p.shop.cpu.s.rflags), static_cast<std::int32_t>(fl::kIf));
    a.alu_memory(Alu::Or, a.cell(&p.shop.frame.heeded), static_cast<std::int32_t>(vcpu::Signal::Interrupt));
    p.progress.just_unmasked = true;
    return Written::Natively;
}

// Writes STAC or CLAC. With SMAP, the code behind it uses another set of the TLB.
Written write_stac_clac(Parts& p, const Instruction& i)
{
    const bool allowed = i.decoded.mnemonic == ZYDIS_MNEMONIC_STAC;
    Context behind = p.progress.context;
    if (behind.smap) {
        behind.set = allowed ? emulate::TlbSet::SupervisorAc : emulate::TlbSet::Supervisor;
    }
    const auto slot = p.shop.tables.slot_of(behind.key());
    if (!slot) {
        return Written::ForInterpreter;
    }
    p.progress.context = behind;
    p.progress.slot = *slot;
    Emitter& a = p.a;
    p.flags.clobber();
    const auto bit = static_cast<std::int32_t>(fl::kAc);
    a.alu_memory(allowed ? Alu::Or : Alu::And, a.cell(&p.shop.cpu.s.rflags), allowed ? bit : ~bit);
    const emulate::Cpu::ProgramSet& program = p.shop.cpu.program();
    a.store_byte(a.cell(&program.set), static_cast<std::uint8_t>(behind.set));
    a.lea(kTemp0, a.cell(&p.shop.cpu.tlb().set(behind.set)));
    a.store(a.cell(&program.entries), kTemp0);
    return Written::Natively;
}

} // namespace windsor::translate
