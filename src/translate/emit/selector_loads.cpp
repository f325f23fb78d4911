// SPDX-License-Identifier: GPL-2.0-or-later
// This writes MOV and PUSH from segment registers, and MOV and POP to DS, ES, FS and GS in 32-bit kernels. SDM volume
// 2, MOV, PUSH and POP; volume 3A, sections 3.4 and 5.6.
#include "translate/emit/operands.hpp"
#include "translate/emit/writers.hpp"

#include <type_traits>

namespace windsor::translate {

namespace {

constexpr std::int32_t kIndexAndTable = ~3; // all bits of a selector but the RPL

static_assert(std::is_trivially_copyable_v<x86::Segment> && sizeof(x86::Segment) % 8 == 0);
static_assert(std::is_trivially_copyable_v<emulate::Cpu::SegmentWindow>);

// Returns the operand that is the selector of a segment register. x86::Seg numbers these registers as encodings do.
Mem selector(const Parts& p, const ZydisDecodedOperand& operand)
{
    const auto seg = static_cast<unsigned>(ZydisRegisterGetId(operand.reg.value));
    return p.a.cell(&p.shop.cpu.s.segments[seg % x86::kSegCount].selector);
}

} // namespace

Written write_read_selector(Parts& p, const Instruction& i)
{
    const unsigned guest = full_number(i.operands[0].reg.value);
    const Reg to = in_memory(guest) ? kTemp0 : host_register(guest);
    p.a.load_zero_extended16(to, selector(p, i.operands[1]));
    if (in_memory(guest)) {
        p.a.store(p.a.gpr(guest), to);
    }
    return Written::Natively;
}

Written write_push_selector(Parts& p, const Instruction& i)
{
    const std::int32_t size = p.progress.word_bytes();
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    p.a.lea(kTemp0, {.base = kGuestRsp, .displacement = -size}, p.word());
    p.memory.look_up({.size = static_cast<unsigned>(size), .write = true}, exit);
    p.a.load_zero_extended16(kTemp1, selector(p, i.operands[0]));
    p.attribution.may_be_refused();
    p.a.store({.base = kTemp0}, kTemp1, p.word());
    p.a.move_stack_pointer(-size, p.word());
    p.cold.resumes(exit);
    return Written::Natively;
}

namespace {

// This loads a segment register with what its selector has led to before, if it still leads to the same.
class SelectorLoad {
public:
    SelectorLoad(Parts& parts, const Instruction& i)
        : p_{parts}, a_{parts.a}, i_{i}, seg_{static_cast<x86::Seg>(ZydisRegisterGetId(i.operands[0].reg.value))}
    {
    }

    void write()
    {
        p_.flags.clobber();
        exit_ = p_.cold.new_exit(SideExit::Kind::Interpret, i_);
        p_.cold.exit(exit_).loads = seg_;
        fetch_selector();
        if (seg_ == x86::Seg::Fs || seg_ == x86::Seg::Gs) {
            a_.test_imm(kTemp0, kIndexAndTable, Width::Dword);
            std::uint8_t* some = a_.jcc(Cond::Ne);
            load_null();
            std::uint8_t* loaded = a_.jmp();
            a_.bind(some);
            load_known();
            a_.bind(loaded);
        } else {
            load_known();
        }
        if (pops()) {
            a_.move_stack_pointer(p_.progress.word_bytes(), p_.word());
        }
        p_.cold.resumes(exit_);
    }

private:
    bool pops() const { return i_.decoded.mnemonic == ZYDIS_MNEMONIC_POP; }

    // Loads the selector into kTemp0, wherever it comes from.
    void fetch_selector()
    {
        if (pops()) {
            a_.load_guest(kTemp0, x86::kRsp, p_.word());
            p_.memory.look_up({.size = static_cast<unsigned>(p_.progress.word_bytes())}, exit_);
        } else if (i_.memory != nullptr) {
            p_.memory.look_up_operand(i_, {.size = sizeof(std::uint16_t)}, exit_);
        } else {
            a_.load_guest(kTemp0, full_number(i_.operands[1].reg.value), Width::Dword);
            a_.alu(Alu::And, kTemp0, 0xffff, Width::Dword);
            return;
        }
        p_.attribution.may_be_refused();
        a_.load_zero_extended16(kTemp0, {.base = kTemp0});
    }

    // Returns the operand that is a field of the known selector whose distance from the first one is in kTemp1.
    Mem known(const void* field_of_first) const
    {
        Mem mem = a_.cell(field_of_first);
        mem.index = kTemp1;
        return mem;
    }

    // Leads to the side exit unless kTemp0 is the same as a field of the known selector.
    void compare(const std::uint64_t& field_of_first)
    {
        a_.alu(Alu::Cmp, kTemp0, known(&field_of_first));
        p_.cold.branch_to_exit(a_.jcc(Cond::Ne), exit_);
    }

    // Finds what is known of the selector in kTemp0, and leaves its distance from the first one in kTemp1.
    void find_entry(const KnownSelector& first)
    {
        // Bits 3 to 6 of a selector are the index.
        static_assert(sizeof(KnownSelector) == 128 && KnownSelectors::kCount == 16);
        a_.mov(kTemp1, kTemp0);
        a_.alu(Alu::And, kTemp1, (KnownSelectors::kCount - 1) << 3, Width::Dword);
        a_.shift_left(kTemp1, 4);
        compare(first.selector);
        if (seg_ == x86::Seg::Ds || seg_ == x86::Seg::Es) { // code takes for granted that these are flat
            a_.cmp_byte(known(&first.flat), 0);
            p_.cold.branch_to_exit(a_.jcc(Cond::E), exit_);
        }
    }

    void load_known()
    {
        const KnownSelector& first = p_.shop.frame.selectors.first();
        const vcpu::CpuState& s = p_.shop.cpu.s;
        const Mem saved = a_.cell(&p_.shop.frame.scratch[0]);
        find_entry(first);
        a_.load(kTemp0, a_.cell(&s.gdtr.base));
        compare(first.table_base);
        a_.load_zero_extended16(kTemp0, a_.cell(&s.gdtr.limit));
        compare(first.table_limit);
        a_.store(saved, kTemp1);
        a_.load(kTemp0, known(&first.address));
        p_.memory.look_up({.size = sizeof first.descriptor}, exit_);
        a_.load(kTemp0, {.base = kTemp0});
        a_.load(kTemp1, saved);
        compare(first.descriptor);
        a_.copy_quadwords(a_.cell(&s.segment(seg_)), known(&first.segment), sizeof first.segment, kTemp0);
        a_.copy_quadwords(a_.cell(&p_.shop.cpu.window(seg_)), known(&first.window), sizeof first.window, kTemp0);
    }

    // Loads a null selector, which is in kTemp0.
    void load_null()
    {
        const KnownSelector& null = p_.shop.frame.selectors.null();
        const x86::Segment& segment = p_.shop.cpu.s.segment(seg_);
        a_.copy_quadwords(a_.cell(&segment), a_.cell(&null.segment), sizeof null.segment, kTemp1);
        a_.copy_quadwords(a_.cell(&p_.shop.cpu.window(seg_)), a_.cell(&null.window), sizeof null.window, kTemp1);
        a_.store(a_.cell(&segment.selector), kTemp0, Width::Word);
    }

    Parts& p_;
    Emitter& a_;
    const Instruction& i_;
    const x86::Seg seg_;
    std::uint32_t exit_{0};
};

} // namespace

Written write_load_selector(Parts& p, const Instruction& i)
{
    if (i.memory != nullptr && !can_address(p.progress.context, i)) {
        return Written::ForInterpreter;
    }
    SelectorLoad{p, i}.write();
    return Written::Natively;
}

} // namespace windsor::translate
