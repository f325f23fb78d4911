// SPDX-License-Identifier: GPL-2.0-or-later
// Privileged instructions that kernels run at every system call and interrupt, where their privilege is a matter of
// course. SDM volume 2: SWAPGS, CLI, STI, PUSHF, STAC, CLAC; MOV from segment registers.
#include "translate/translation.hpp"

namespace windsor::translate {

namespace fl = x86::rflags;

void Translation::swap_gs()
{
    const emulate::Cpu& cpu = shop_.cpu;
    const Mem base = cell(&cpu.s.segment(x86::Seg::Gs).base);
    const Mem other = cell(&cpu.s.kernel_gs_base);
    a_.load(kTemp0, base);
    a_.load(kTemp1, other);
    a_.store(base, kTemp1);
    a_.store(cell(&cpu.window(x86::Seg::Gs).base), kTemp1);
    a_.store(other, kTemp0);
}

void Translation::mask_interrupts()
{
    clobber_flags();
    a_.alu_memory(Alu::And, cell(&shop_.cpu.s.rflags), ~static_cast<std::int32_t>(fl::kIf));
    a_.alu_memory(Alu::And, cell(&shop_.frame.heeded), ~static_cast<std::int32_t>(vcpu::Signal::Interrupt));
}

// Interrupts wait until the instruction behind STI has run: it has to be in this block, and to be followed by a look.
bool Translation::unmask_interrupts(const Instruction& i)
{
    const Instruction* next = &i + 1;
    if (&i == &instructions_.back() || next->ends_block || next->kind == Kind::UnmaskInterrupts ||
        next->kind == Kind::Interpret) {
        return false;
    }
    clobber_flags();
    a_.alu_memory(Alu::Or, cell(&shop_.cpu.s.rflags), static_cast<std::int32_t>(fl::kIf));
    a_.alu_memory(Alu::Or, cell(&shop_.frame.heeded), static_cast<std::int32_t>(vcpu::Signal::Interrupt));
    just_unmasked_ = true;
    return true;
}

void Translation::look_for_interrupts(std::uint64_t rip)
{
    clobber_flags();
    a_.load(kTemp1, cell(&shop_.cpu.signals()), Width::Dword);
    a_.test_memory(cell(&shop_.frame.heeded), kTemp1);
    cold_.push_back({.kind = Cold::Kind::Interrupt, .from = {a_.jcc(Cond::Ne)}, .target = rip});
}

void Translation::read_selector(const Instruction& i)
{
    constexpr unsigned kSegments = x86::kSegCount;
    const auto seg = static_cast<unsigned>(ZydisRegisterGetId(i.operands[1].reg.value));
    const unsigned guest = full_number(i.operands[0].reg.value);
    const Reg to = in_memory(guest) ? kTemp0 : host_register(guest);
    a_.load_zero_extended16(to, cell(&shop_.cpu.s.segments[seg % kSegments].selector));
    if (in_memory(guest)) {
        a_.store(gpr(guest), to);
    }
}

// With SMAP, the code behind uses another set of the TLB.
bool Translation::set_access(const Instruction& i)
{
    const bool open = i.decoded.mnemonic == ZYDIS_MNEMONIC_STAC;
    Context behind = context_;
    if (context_.smap) {
        behind.set = open ? emulate::TlbSet::SupervisorAc : emulate::TlbSet::Supervisor;
    }
    const auto slot = shop_.tables.slot_of(behind.key());
    if (!slot) {
        return false;
    }
    context_ = behind;
    slot_ = *slot;
    clobber_flags();
    const auto bit = static_cast<std::int32_t>(fl::kAc);
    a_.alu_memory(open ? Alu::Or : Alu::And, cell(&shop_.cpu.s.rflags), open ? bit : ~bit);
    const emulate::Cpu::ProgramSet& program = shop_.cpu.program();
    a_.store_byte(cell(&program.set), static_cast<std::uint8_t>(behind.set));
    a_.lea(kTemp0, cell(shop_.cpu.tlb().set(behind.set)));
    a_.store(cell(&program.entries), kTemp0);
    return true;
}

// RF and VM are pushed as zero.
void Translation::push_flags(const Instruction& i)
{
    constexpr auto kKept = ~static_cast<std::int32_t>(fl::kArithmetic | fl::kDf | fl::kRf | fl::kVm);
    const auto size = static_cast<std::int32_t>(word());
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    const auto add_bit = [&](const Mem& byte, std::uint8_t shift) {
        a_.load_zero_extended8(kTemp1, byte);
        a_.shift_left(kTemp1, shift);
        a_.alu(Alu::Or, kTemp0, kTemp1);
    };
    a_.load(kTemp0, cell(&shop_.cpu.s.rflags));
    a_.alu(Alu::And, kTemp0, kKept);
    const auto* packed = reinterpret_cast<const std::uint8_t*>(&shop_.frame.flags);
    a_.load_zero_extended8(kTemp1, cell(packed + 1)); // as LAHF leaves it
    a_.alu(Alu::Or, kTemp0, kTemp1);
    add_bit(cell(packed), 11);
    add_bit(cell(&shop_.frame.direction), 10);
    a_.store(cell(&shop_.frame.scratch[0]), kTemp0);
    a_.lea(kTemp0, {.base = kGuestRsp, .displacement = -size}, word());
    look_up({.size = static_cast<unsigned>(size), .write = true}, site);
    a_.load(kTemp1, cell(&shop_.frame.scratch[0]));
    a_.store({.base = kTemp0}, kTemp1, word());
    move_stack_pointer(-size);
    site_resumes(site);
}

} // namespace windsor::translate
