// SPDX-License-Identifier: GPL-2.0-or-later
// Repeated string instructions go over the edges of pages. The translator must leave what the interpreter leaves.
#include "translate/test_machine.hpp"

#include <tuple>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;

constexpr std::uint64_t kFrom = 0x100000;
constexpr std::uint64_t kTo = 0x200000;
constexpr std::uint64_t kPages = 8; // so many pages are at kFrom and at kTo
constexpr std::uint64_t kPage = 4096;

enum class Op : std::uint8_t { Move, Fill, FindOther, Find };

struct Run {
    const char* name;
    std::uint64_t from; // the offset from kFrom
    std::uint64_t to;   // the offset from kTo
    std::uint64_t count;
};

void PrintTo(const Run& run, std::ostream* out)
{
    *out << run.name;
}

// The last of these says whether the code is of 64 bits.
using Case = std::tuple<Run, Op, bool>;

void write(x::Assembler& a, Op op, unsigned size)
{
    const bool move = op == Op::Move;
    const bool fill = op == Op::Fill;
    op == Op::Find ? a.repne() : a.rep();
    switch (size) {
    case 1: move ? a.movsb() : fill ? a.stosb() : a.scasb(); break;
    case 2: move ? a.movsw() : fill ? a.stosw() : a.scasw(); break;
    case 4: move ? a.movsd() : fill ? a.stosd() : a.scasd(); break;
    default: move ? a.movsq() : fill ? a.stosq() : a.scasq(); break;
    }
}

class TranslatorStrings : public ::testing::TestWithParam<Case> {
protected:
    // The program has two rounds, the first of which fills the TLB.
    static vcpu::CpuState prepare(Machine& m, unsigned size)
    {
        const auto& [run, op, wide] = GetParam();
        const std::uint64_t code = kCode + 0x100 * size;
        m.assemble(code, wide, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.mov(x::edx, 2);
            a.bind(loop);
            a.mov(x::esi, static_cast<std::uint32_t>(kFrom + run.from));
            a.mov(x::edi, static_cast<std::uint32_t>(kTo + run.to));
            a.mov(x::ecx, static_cast<std::uint32_t>(run.count));
            write(a, op, size);
            a.sub(x::edx, 1);
            a.jnz(loop);
            a.hlt();
        });
        vcpu::CpuState state = wide ? m.flat64() : m.flat32();
        state.rip = code;
        // Pages that follow each other in linear addresses do not in physical memory.
        for (std::uint64_t page = 0; wide && page < kPages; ++page) {
            m.put<std::uint64_t>(Machine::pte(kFrom + page * kPage), (kFrom + (page ^ 3) * kPage) | 7);
            m.put<std::uint64_t>(Machine::pte(kTo + page * kPage), (kTo + (page ^ 5) * kPage) | 7);
        }
        for (std::uint64_t at = 0; at < kPages * kPage; ++at) {
            *m.at(kFrom + at) = static_cast<std::uint8_t>(at * 7 + at / 256);
            *m.at(kTo + at) = op == Op::FindOther ? 0x5a : static_cast<std::uint8_t>(at % 0x59);
        }
        *m.at(kTo + (kPages - 1) * kPage - 8) = 0x5a;
        state.gpr[x86::kRax] = 0x5a5a5a5a5a5a5a5a;
        return state;
    }

    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

TEST_P(TranslatorStrings, EndAsTheInterpreters)
{
    const bool wide = std::get<2>(GetParam());
    for (const unsigned size : {1u, 2u, 4u, 8u}) {
        if (size == 8 && !wide) {
            continue;
        }
        SCOPED_TRACE(size);
        expect_same(interpreter, translator, [=](Machine& m) { return prepare(m, size); });
        for (const std::uint64_t missing : {kFrom + 2 * kPage, kTo + 3 * kPage}) {
            if (!wide) {
                continue; // the 32-bit programs run without paging
            }
            expect_same(interpreter, translator, [=](Machine& m) {
                const vcpu::CpuState state = prepare(m, size);
                m.put<std::uint64_t>(Machine::pte(missing), 0);
                return state;
            });
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Runs, TranslatorStrings,
    ::testing::Combine(::testing::Values(Run{"Short", 16, 32, 12}, Run{"ToTheEdge", kPage - 64, kPage - 64, 8},
                                         Run{"OverOneEdge", kPage - 24, 8, 100}, Run{"Across", kPage - 3, 1, 50},
                                         Run{"AcrossBoth", kPage - 3, kPage - 5, 50}, Run{"Aligned", 0, 0, 1500},
                                         Run{"LongAndAskew", 1000, 3, 3000}, Run{"None", 0, 0, 0}),
                       ::testing::Values(Op::Move, Op::Fill, Op::FindOther, Op::Find), ::testing::Bool()));

// In 32-bit code, the pointers of string instructions wrap around at 4 GiB. Beyond 4 GiB, memory is mapped once more.
TEST(TranslatorNarrowStrings, AdvanceTheirPointersIn32Bits)
{
    const auto prepare = [](Machine& m) {
        m.reset();
        vcpu::CpuState state = m.flat32();
        for (unsigned i = 0; i < 1024; ++i) {
            m.put<std::uint32_t>(kTables + 4 * i, 0x87); // a large page
        }
        m.assemble(kCode, false, [](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.bind(loop);
            a.mov(x::esi, x::ebp);
            a.mov(x::edi, x::ebp);
            a.lodsd();
            a.add(x::ebx, x::esi);
            a.stosd();
            a.add(x::ebx, x::dword_ptr(x::edi, static_cast<std::int32_t>(kData)));
            a.mov(x::edi, x::ebp);
            a.mov(x::esi, x::ebp);
            a.movsd();
            a.add(x::ebx, x::dword_ptr(x::esi, static_cast<std::int32_t>(kData)));
            a.add(x::ebx, x::dword_ptr(x::edi, static_cast<std::int32_t>(kData)));
            a.dec(x::edx);
            a.jnz(loop);
            a.hlt();
        });
        m.put<std::uint32_t>(kData, 0x1234);
        state.cr3 = kTables;
        state.cr4 |= x86::cr4::kPse;
        state.cr0 |= x86::cr0::kPg;
        state.gpr[x86::kRbp] = 0xfffffffc;
        state.gpr[x86::kRbx] = 0;
        state.gpr[x86::kRdx] = 3;
        return state;
    };
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_same(interpreter, translator, prepare);
    EXPECT_EQ(translator.cpu.state().gpr[x86::kRbx], 9 * 0x1234u);
}

} // namespace
} // namespace windsor::translate::testing
