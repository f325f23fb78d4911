// SPDX-License-Identifier: GPL-2.0-or-later
// Privileged instructions that kernels run at every system call and interrupt, where their privilege is a matter of
// course. SDM volume 2: SWAPGS, CLI, STI, PUSHF, POPF, STAC, CLAC; MOV and PUSH from segment registers.
#include "translate/emit/translation.hpp"

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

// Interrupts wait until the instruction behind STI has run. It has to be in this block, and to be followed by a look:
// here, where its edges lead, or on the way from the interpreter to another block.
bool Translation::unmask_interrupts(const Instruction& i)
{
    if (&i == &instructions_.back() || (&i + 1)->kind == Kind::UnmaskInterrupts) {
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
    test_signals();
    cold_.push_back({.kind = Cold::Kind::Interrupt, .from = {a_.jcc(Cond::Ne)}, .target = rip});
}

// By ring 0, without changing anything but the arithmetic flags, DF and IF; the interpreter knows the rest.
bool Translation::pop_flags(const Instruction& i)
{
    constexpr auto kSame = static_cast<std::int32_t>(fl::kTf | fl::kIopl | fl::kNt | fl::kAc | fl::kId);
    constexpr auto kClear = static_cast<std::int32_t>(fl::kVif | fl::kVip);
    constexpr auto kIf = static_cast<std::int32_t>(fl::kIf);
    constexpr auto kInterrupt = static_cast<std::int32_t>(vcpu::Signal::Interrupt);
    static_assert(kInterrupt == kIf >> 8);
    const auto size = static_cast<std::int32_t>(word());
    const Mem rflags = cell(&shop_.cpu.s.rflags);
    const auto* packed = reinterpret_cast<const std::uint8_t*>(&shop_.frame.flags);
    clobber_flags(); // of no use any more, but the handler of a fault sees them
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    load_guest(kTemp0, x86::kRsp, word());
    look_up({.size = static_cast<unsigned>(size)}, site);
    may_be_refused();
    a_.load(kTemp0, {.base = kTemp0}, word());
    a_.load(kTemp1, rflags);
    a_.test_imm(kTemp1, kClear, Width::Dword);
    branch_to_site(a_.jcc(Cond::Ne), site);
    a_.alu(Alu::Xor, kTemp1, kTemp0);
    a_.test_imm(kTemp1, kSame, Width::Dword);
    branch_to_site(a_.jcc(Cond::Ne), site);
    const auto keep = [&](std::uint8_t shift, std::int32_t mask, const Mem& byte) {
        a_.mov32(kTemp1, kTemp0);
        if (shift != 0) {
            a_.shift_right(kTemp1, shift, Width::Dword);
        }
        a_.alu(Alu::And, kTemp1, mask, Width::Dword);
        if (shift == 0) {
            a_.alu(Alu::Or, kTemp1, static_cast<std::int32_t>(fl::kFixed1), Width::Dword);
        }
        a_.store(byte, kTemp1, Width::Byte);
    };
    keep(0, kAllFlags & 0xff, cell(packed + 1));
    keep(11, 1, cell(packed));
    keep(10, 1, cell(&shop_.frame.direction));
    a_.alu(Alu::And, kTemp0, kIf, Width::Dword);
    a_.alu_memory(Alu::And, rflags, ~kIf);
    a_.alu_memory(Alu::Or, rflags, kTemp0, Width::Qword);
    a_.shift_right(kTemp0, 8, Width::Dword);
    a_.alu_memory(Alu::And, cell(&shop_.frame.heeded), ~kInterrupt);
    a_.alu_memory(Alu::Or, cell(&shop_.frame.heeded), kTemp0, Width::Dword);
    move_stack_pointer(size);
    site_resumes(site);
    place_ = Place::Memory;
    look_for_interrupts(i.next());
    return true;
}

void Translation::push_selector(const Instruction& i)
{
    const auto size = static_cast<std::int32_t>(word());
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    a_.lea(kTemp0, {.base = kGuestRsp, .displacement = -size}, word());
    look_up({.size = static_cast<unsigned>(size), .write = true}, site);
    a_.load_zero_extended16(kTemp1, selector(i.operands[0]));
    may_be_refused();
    a_.store({.base = kTemp0}, kTemp1, word());
    move_stack_pointer(-size);
    site_resumes(site);
}

// Of a segment register; x86::Seg numbers them as encodings do.
Mem Translation::selector(const ZydisDecodedOperand& operand) const
{
    const auto seg = static_cast<unsigned>(ZydisRegisterGetId(operand.reg.value));
    return cell(&shop_.cpu.s.segments[seg % x86::kSegCount].selector);
}

void Translation::read_selector(const Instruction& i)
{
    const unsigned guest = full_number(i.operands[0].reg.value);
    const Reg to = in_memory(guest) ? kTemp0 : host_register(guest);
    a_.load_zero_extended16(to, selector(i.operands[1]));
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
    a_.lea(kTemp0, cell(&shop_.cpu.tlb().set(behind.set)));
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
    may_be_refused();
    a_.store({.base = kTemp0}, kTemp1, word());
    move_stack_pointer(-size);
    site_resumes(site);
}

} // namespace windsor::translate
