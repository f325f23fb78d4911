// SPDX-License-Identifier: GPL-2.0-or-later
// Segment registers are loaded over and over, while the descriptors that their selectors lead to change.
#include "translate/test_machine.hpp"

#include <tuple>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using conformance::kGdt;
using x86::Seg;

constexpr std::uint16_t kSelector = 0x20;
constexpr std::uint64_t kDescriptor = kGdt + kSelector;
constexpr std::uint16_t kThreadSelector = 0x28; // this selects a segment that is not flat
constexpr std::uint64_t kOtherTable = 0x3000;
constexpr std::uint64_t kTableRegister = kData;     // the operand of LGDT is here
constexpr std::uint64_t kSelectorAt = kData + 0x10; // the selector that is loaded is here
constexpr std::uint64_t kFlat = 0x00cf93000000ffff;
constexpr std::uint64_t kBased = 0x0040931000000fff;     // a descriptor of 4 KiB at 0x100000
constexpr std::uint64_t kElsewhere = 0x0040932000000fff; // a descriptor of 4 KiB at 0x200000
constexpr std::uint32_t kOffset = 0x10;
constexpr unsigned kRounds = 8;

enum class Change : std::uint8_t {
    Nothing,
    Base,
    Limit,
    NotPresent,
    NotAccessed,
    ReadOnly,
    Code,
    Privilege,
    OtherTable,
    ShortTable,
    Null,
    LocalTable,
    Stack,
    Thread,
    RealMode,
};

x::Mem in_stack_segment(std::uint64_t at, std::uint32_t size)
{
    x::Mem mem = x::ptr(at, size);
    mem.setSegment(x::ss);
    return mem;
}

void set_descriptor(x::Assembler& a, std::uint64_t raw)
{
    a.mov(in_stack_segment(kDescriptor, 4), static_cast<std::uint32_t>(raw));
    a.mov(in_stack_segment(kDescriptor + 4, 4), static_cast<std::uint32_t>(raw >> 32));
}

void change(x::Assembler& a, Change what)
{
    const x::Mem access = in_stack_segment(kDescriptor + 5, 1);
    switch (what) {
    case Change::Nothing: break;
    case Change::Base: set_descriptor(a, kElsewhere); break;
    case Change::Limit: set_descriptor(a, 0x0040931000000003); break;
    case Change::NotPresent: a.and_(access, 0x7f); break;
    case Change::NotAccessed: a.and_(access, 0xfe); break;
    case Change::ReadOnly: a.and_(access, 0xfd); break;
    case Change::Code: a.or_(access, 8); break;
    case Change::Privilege: a.mov(in_stack_segment(kSelectorAt, 4), kSelector | 3); break;
    case Change::OtherTable:
    case Change::ShortTable: a.emit(x::Inst::kIdLgdt, in_stack_segment(kTableRegister, 6)); break;
    case Change::Null: a.mov(in_stack_segment(kSelectorAt, 4), 3); break;
    case Change::LocalTable: a.mov(in_stack_segment(kSelectorAt, 4), kSelector | 4); break;
    case Change::Stack: a.mov(in_stack_segment(kSelectorAt, 4), 0x10); break;
    case Change::Thread: a.mov(in_stack_segment(kSelectorAt, 4), kThreadSelector); break;
    case Change::RealMode:
        a.mov(x::eax, x::cr0);
        a.and_(x::eax, ~1);
        a.mov(x::cr0, x::eax);
        break;
    }
}

struct Register {
    const char* name;
    x::SReg reg;
    bool flat; // code is translated only while this register's segment is flat
};

void PrintTo(const Register& reg, std::ostream* out)
{
    *out << reg.name;
}

enum class Way : std::uint8_t { Move, MoveFromMemory, Pop };

using Case = std::tuple<Register, Change, Way>;

class TranslatorSelectors : public ::testing::TestWithParam<Case> {
protected:
    // The program loads the register and reads by it, round after round. After half of the rounds there is a change.
    static vcpu::CpuState prepare(Machine& m)
    {
        const auto& [reg, what, way] = GetParam();
        m.assemble(kCode, false, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            const auto same = a.newLabel();
            a.bind(loop);
            a.mov(x::eax, kThreadSelector);
            a.mov(reg.reg == x::fs ? x::gs : x::fs, x::eax);
            a.cmp(x::edi, kRounds / 2);
            a.jne(same);
            change(a, what);
            a.bind(same);
            a.push(in_stack_segment(kSelectorAt, 4));
            a.mov(x::eax, in_stack_segment(kSelectorAt, 4));
            a.add(x::ebp, x::edi); // its flags are needed behind the load
            switch (way) {
            case Way::Move: a.mov(reg.reg, x::eax); break;
            case Way::MoveFromMemory: a.mov(reg.reg, in_stack_segment(kSelectorAt, 2)); break;
            case Way::Pop: a.pop(reg.reg); break;
            }
            a.adc(x::edx, 0);
            x::Mem mem = x::ptr(kOffset, 4);
            mem.setSegment(reg.reg);
            a.add(x::esi, mem);
            a.rol(x::esi, 3);
            a.dec(x::edi);
            a.jnz(loop);
            a.hlt();
        });
        vcpu::CpuState state = m.flat32();
        for (const std::uint64_t table : {kGdt, kOtherTable}) {
            m.put<std::uint64_t>(table + 8, m.get<std::uint64_t>(kGdt + 8));
            m.put<std::uint64_t>(table + 16, m.get<std::uint64_t>(kGdt + 16));
            m.put<std::uint64_t>(table + kThreadSelector, kBased);
        }
        m.put<std::uint64_t>(kDescriptor, reg.flat ? kFlat : kBased);
        m.put<std::uint64_t>(kOtherTable + kSelector, kElsewhere);
        m.put<std::uint16_t>(kTableRegister, what == Change::ShortTable ? 0x1f : 0xff);
        m.put<std::uint32_t>(kTableRegister + 2,
                             static_cast<std::uint32_t>(what == Change::ShortTable ? kGdt : kOtherTable));
        m.put<std::uint32_t>(kSelectorAt, kSelector);
        m.put<std::uint32_t>(kOffset, 0x1234567);
        m.put<std::uint32_t>(0x100000 + kOffset, 0x89abcdef);
        m.put<std::uint32_t>(0x200000 + kOffset, 0x55aa33cc);
        state.gpr[x86::kRdi] = kRounds;
        state.gpr[x86::kRbp] = 0xfffffff0; // some of the sums carry
        return state;
    }

    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

TEST_P(TranslatorSelectors, LeadWhereTheirDescriptorSays)
{
    expect_same(interpreter, translator, prepare);
    EXPECT_GT(translator.counter("entries"), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Registers, TranslatorSelectors,
    ::testing::Combine(::testing::Values(Register{"Ds", x::ds, true}, Register{"Es", x::es, true},
                                         Register{"Fs", x::fs, false}, Register{"Gs", x::gs, false}),
                       ::testing::Values(Change::Nothing, Change::Base, Change::Limit, Change::NotPresent,
                                         Change::NotAccessed, Change::ReadOnly, Change::Code, Change::Privilege,
                                         Change::OtherTable, Change::ShortTable, Change::Null, Change::LocalTable,
                                         Change::Stack, Change::Thread, Change::RealMode),
                       ::testing::Values(Way::Move, Way::MoveFromMemory, Way::Pop)));

// At each call of a kernel, it loads its own selectors, those of the program, and null ones.
TEST(TranslatorSelectorsOfKernels, AreLoadedWithoutHelp)
{
    constexpr unsigned kCalls = 1000;
    TranslatorMachine m;
    m.assemble(kCode, false, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        for (const std::uint32_t selector : {0x10u, 0x20u, 0u}) {
            a.mov(x::eax, selector);
            a.mov(x::fs, x::eax);
            a.push(selector);
            a.pop(x::gs);
        }
        for (const std::uint32_t selector : {0x10u, 0x28u}) {
            a.mov(x::eax, selector);
            a.mov(x::ds, x::eax);
            a.push(selector);
            a.pop(x::es);
        }
        a.dec(x::edi);
        a.jnz(loop);
        a.hlt();
    });
    vcpu::CpuState state = m.flat32();
    m.put<std::uint64_t>(kDescriptor, kBased);
    m.put<std::uint64_t>(kGdt + kThreadSelector, kFlat);
    state.gpr[x86::kRdi] = kCalls;
    EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
    EXPECT_LT(m.counter("interpreted"), 50u);
}

} // namespace
} // namespace windsor::translate::testing
