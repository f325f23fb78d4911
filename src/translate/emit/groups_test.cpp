// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses share a lookup, also where that cannot serve them all. All must end as on the interpreter.
#include "translate/test_machine.hpp"

#include <string>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace pte = x86::pte;
using Writer = std::function<void(x::Assembler&)>;
using conformance::kMmio;

constexpr std::uint64_t kPage = 0x200000;
constexpr std::uint64_t kNext = kPage + 0x1000;
constexpr std::uint64_t kFrame = 0x300000;

class TranslatorGroups : public ::testing::Test {
protected:
    // Runs 64-bit code on both engines, with an address in RBX. `prepare` may change page tables.
    void run(std::uint64_t rbx, const Writer& program, const std::function<void(Machine&)>& prepare = {})
    {
        expect_same(interpreter, translator, [&](Machine& m) {
            vcpu::CpuState state = m.flat64();
            state.cr4 |= x86::cr4::kOsfxsr;
            state.fx.fcw = 0x37f;
            for (std::uint64_t at = kPage; at < kPage + 0x2000; at += 8) {
                m.put<std::uint64_t>(at, at * 0x0101010101010101);
            }
            m.assemble(kCode, true, [&](x::Assembler& a) {
                program(a);
                a.hlt();
            });
            if (prepare) {
                prepare(m);
            }
            state.gpr[x86::kRbx] = rbx;
            return state;
        });
    }
    static std::uint64_t entry(std::uint64_t linear) { return Machine::pte(linear); }

    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

void read_and_write(x::Assembler& a)
{
    a.mov(x::rax, x::ptr(x::rbx));
    a.add(x::rax, x::ptr(x::rbx, 8));
    a.mov(x::ptr(x::rbx, 16), x::rax);
    a.adc(x::dword_ptr(x::rbx, 24), x::ecx);
    a.push(x::rax);
    a.push(x::qword_ptr(x::rbx, 4));
    a.sub(x::rsp, 32);
    a.mov(x::ptr(x::rsp, 8), x::rbx);
    a.lea(x::rsp, x::ptr(x::rsp, 24));
    a.pop(x::rdx);
    a.pop(x::rsi);
    a.pop(x::rdi);
    a.mov(x::rcx, x::ptr(x::rsp, -32));
}

TEST_F(TranslatorGroups, LieAnywhereInTheirPages)
{
    for (std::uint64_t at = kNext - 48; at <= kNext; ++at) {
        SCOPED_TRACE(at);
        run(at, read_and_write);
    }
    EXPECT_GT(translator.counter("failed_groups"), 0u);
}

// Some instructions access memory twice. The first access uses the registers that the second one needs for its address.
TEST_F(TranslatorGroups, ServeInstructionsThatAccessThemTwice)
{
    run(kPage, [](x::Assembler& a) {
        const auto again = a.newLabel();
        const auto there = a.newLabel();
        const auto done = a.newLabel();
        a.mov(x::r8d, 3); // after the first round, indirect calls find their targets
        a.bind(again);
        a.lea(x::rax, x::ptr(there));
        a.push(x::rax);
        a.push(x::qword_ptr(x::rsp));
        a.pop(x::rcx);
        a.call(x::qword_ptr(x::rsp));
        a.mov(x::rdx, x::ptr(x::rsp));
        a.call(x::rdx);
        a.jmp(done);
        a.bind(there);
        a.mov(x::rdi, x::ptr(x::rsp, 8));
        a.ret();
        a.bind(done);
        a.pop(x::rsi);
        a.dec(x::r8d);
        a.jnz(again);
    });
    EXPECT_EQ(translator.engine->state().gpr[x86::kRdi], translator.engine->state().gpr[x86::kRcx]);
}

// To have the flags of a sum again, it is taken back and done once more. Here the sum is the register of a group.
TEST_F(TranslatorGroups, OutliveSumsThatAreDoneAgain)
{
    run(kPage, [](x::Assembler& a) {
        a.mov(x::ecx, 8);
        a.add(x::rbx, x::rcx);
        a.mov(x::rax, x::ptr(x::rbx));
        a.adc(x::rax, 0); // this needs the carry of the ADD
        a.sub(x::rbx, x::rcx);
        a.mov(x::rdx, x::ptr(x::rbx, 16));
        a.setc(x::sil);
        a.mov(x::rdi, x::ptr(x::rbx, 24));
        a.sub(x::ebx, 16);
        a.mov(x::r8, x::ptr(x::rbx, 32));
        a.setc(x::bpl);
        a.add(x::rdi, x::ptr(x::rbx, 40));
    });
}

// A group's distance stays in a register from one access to the next, or is loaded again.
TEST_F(TranslatorGroups, OutliveWhatLiesBetweenTheirAccesses)
{
    const std::vector<Writer> betweens{
        [](x::Assembler& a) { a.nop(); },
        [](x::Assembler& a) { a.add(x::r10, x::r11); },
        [](x::Assembler& a) { a.mov(x::rdx, x::r15); },
        [](x::Assembler& a) { a.lea(x::r11, x::ptr(x::r10, x::rcx, 2, 5)); },
        [](x::Assembler& a) { a.lea(x::rdx, x::ptr(x::rcx, 7)); },
        [](x::Assembler& a) { a.push(x::r11); a.pop(x::r10); },
        [](x::Assembler& a) { a.mov(x::rdx, x::ptr(x::rsp, -64)); },
        [](x::Assembler& a) { a.mov(x::rdx, x::ptr(kNext)); },
        [](x::Assembler& a) { a.mov(x::rdx, x::ptr(x::rbx, x::rcx, 0)); },
        [](x::Assembler& a) { a.addps(x::xmm0, x::xmm1); },
        [](x::Assembler& a) { a.mov(x::ptr(x::rbx, 24), x::bh); a.mov(x::dl, x::ptr(x::rbx, 25)); },
        [](x::Assembler& a) { a.mov(x::ptr(x::rbx, 24), x::r11); a.adc(x::r10, x::ptr(x::rbx, 32)); },
        [](x::Assembler& a) { a.fld(x::qword_ptr(x::rbx, 24)); a.fstp(x::qword_ptr(x::rbx, 32)); },
        [](x::Assembler& a) { a.cpuid(); a.mov(x::ebx, kPage); },
        [](x::Assembler& a) { const auto next = a.newLabel(); a.jc(next); a.bind(next); },
    };
    for (std::size_t way = 0; way < betweens.size(); ++way) {
        SCOPED_TRACE(way);
        run(kPage, [&](x::Assembler& a) {
            a.mov(x::ecx, 16);
            a.mov(x::r11, x::ptr(x::rbx));
            a.mov(x::rax, x::ptr(x::rbx, 8));
            betweens[way](a);
            a.mov(x::rsi, x::ptr(x::rbx, 16));
            betweens[way](a);
            a.mov(x::ptr(x::rbx, 40), x::rsi);
            a.add(x::ptr(x::rbx, 48), x::r11);
        });
    }
}

TEST_F(TranslatorGroups, FaultWhereTheyReachAnotherPage)
{
    for (std::uint64_t at = kNext - 48; at <= kNext; at += 3) {
        SCOPED_TRACE(at);
        run(at, read_and_write, [](Machine& m) { m.put<std::uint64_t>(entry(kNext), 0); });
    }
}

TEST_F(TranslatorGroups, FaultWhereThePageIsReadOnly)
{
    run(kPage, read_and_write, [](Machine& m) { m.put<std::uint64_t>(entry(kPage), kPage | pte::kP); });
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_F(TranslatorGroups, MarkPagesWhenTheyAreWritten)
{
    run(kPage, [](x::Assembler& a) {
        a.mov(x::rax, x::ptr(x::rbx));
        a.mov(x::rcx, x::ptr(entry(kPage))); // the page is accessed, but not dirty
        a.mov(x::rdx, x::ptr(x::rbx, 8));
        a.mov(x::ptr(x::rbx, 16), x::rax);
        a.mov(x::rsi, x::ptr(entry(kPage)));
    });
    EXPECT_EQ(translator.engine->state().gpr[x86::kRcx] & (pte::kA | pte::kD), pte::kA);
    EXPECT_EQ(translator.engine->state().gpr[x86::kRsi] & (pte::kA | pte::kD), pte::kA | pte::kD);
}

TEST_F(TranslatorGroups, LeaveDevicesAlone)
{
    run(kPage, read_and_write, [](Machine& m) { m.put<std::uint64_t>(entry(kPage), kMmio | 7); });
    EXPECT_EQ(translator.io.mmio, interpreter.io.mmio);
    EXPECT_GT(translator.io.mmio.size(), 4u);
}

TEST_F(TranslatorGroups, HeedAlignment)
{
    for (const unsigned offset : {0u, 8u, 16u}) {
        run(kPage + offset, [](x::Assembler& a) {
            a.mov(x::eax, x::dword_ptr(x::rbx));
            a.add(x::eax, 0x7fffffff);
            a.movups(x::xmm0, x::ptr(x::rbx, 4));
            a.movaps(x::xmm1, x::ptr(x::rbx, 16));
            a.movaps(x::ptr(x::rbx, 32), x::xmm0);
        });
        EXPECT_EQ(interpreter.vector() == 13, offset == 8);
    }
}

TEST_F(TranslatorGroups, EndWhereTheirRegisterChanges)
{
    const std::vector<Writer> changes{
        [](x::Assembler& a) { a.mov(x::bl, 0x40); },
        [](x::Assembler& a) { a.mov(x::bh, 0x01); },
        [](x::Assembler& a) { a.add(x::rbx, 8); },
        [](x::Assembler& a) { a.mov(x::ebx, kPage + 0x100); },
        [](x::Assembler& a) { a.xchg(x::rbx, x::rsi); },
        [](x::Assembler& a) { a.mov(x::rbx, x::ptr(x::rbx, 0x200)); },
        [](x::Assembler& a) { a.xadd(x::rcx, x::rbx); a.mov(x::ebx, kPage + 8); },
        [](x::Assembler& a) { a.push(x::rsi); a.pop(x::rbx); },
        [](x::Assembler& a) { a.mov(x::rdi, x::rbx); a.stosq(); a.mov(x::rbx, x::rdi); },
        [](x::Assembler& a) { a.mov(x::rsp, x::rbx); a.push(x::rax); a.pop(x::rcx); a.push(x::rsi); },
        [](x::Assembler& a) { a.mov(x::rbp, x::rbx); a.leave(); a.pop(x::rcx); a.pop(x::rdx); },
        [](x::Assembler& a) { a.mov(x::ptr(x::rsp, -8), x::rsi); a.sub(x::rsp, 8); a.pop(x::rsp); a.push(x::rax); },
        [](x::Assembler& a) { a.mov(x::rsp, x::rbx); a.push(x::rax); a.add(x::sp, 0x20); a.push(x::rcx);
                              a.pop(x::rdx); },
        [](x::Assembler& a) { a.cpuid(); a.mov(x::ebx, kPage + 64); },
    };
    for (std::size_t way = 0; way < changes.size(); ++way) {
        SCOPED_TRACE(way);
        run(kPage + 0x80, [&](x::Assembler& a) {
            a.mov(x::esi, kPage + 0x400);
            a.mov(x::rax, x::ptr(x::rbx));
            a.mov(x::ptr(x::rbx, 8), x::rax);
            changes[way](a);
            a.mov(x::rcx, x::ptr(x::rbx));
            a.mov(x::ptr(x::rbx, 16), x::rax);
        }, [](Machine& m) { m.put<std::uint64_t>(kPage + 0x280, kPage + 0x700); });
    }
}

// The page is mapped to another frame between the accesses.
TEST_F(TranslatorGroups, EndWhereMappingsChange)
{
    run(kPage, [](x::Assembler& a) {
        a.mov(x::rax, x::ptr(x::rbx));
        a.mov(x::ptr(x::rbx, 8), x::rax);
        a.mov(x::rcx, kFrame | 7);
        a.mov(x::ptr(entry(kPage)), x::rcx);
        a.invlpg(x::ptr(x::rbx));
        a.mov(x::rdx, x::ptr(x::rbx));
        a.mov(x::ptr(x::rbx, 8), x::rsi);
    }, [](Machine& m) { m.put<std::uint64_t>(kFrame, 0x1234567890); });
    EXPECT_EQ(translator.engine->state().gpr[x86::kRdx], 0x1234567890u);
}

// Code changes itself by an access of a group.
TEST_F(TranslatorGroups, SeeCodeThatChanges)
{
    run(kCode, [](x::Assembler& a) {
        const auto place = a.newLabel();
        const auto loop = a.newLabel();
        a.mov(x::ecx, 3);
        a.bind(loop);
        a.lea(x::rbx, x::ptr(place));
        a.mov(x::eax, x::dword_ptr(x::rbx));
        a.inc(x::byte_ptr(x::rbx, 1));
        a.mov(x::edx, x::dword_ptr(x::rbx, 1));
        a.bind(place);
        a.mov(x::esi, 0x11);
        a.add(x::edi, x::esi);
        a.dec(x::ecx);
        a.jnz(loop);
    });
    EXPECT_EQ(translator.engine->state().gpr[x86::kRdi], 0x12u + 0x13 + 0x14);
}

// If the accesses of a group lie in two pages again and again, the block gets a second body, which needs no help.
TEST_F(TranslatorGroups, HaveASecondBodyWhereTheyFail)
{
    run(kNext - 4, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ecx, 1000);
        a.bind(loop);
        a.inc(x::dword_ptr(x::rbx));
        a.inc(x::dword_ptr(x::rbx, 4));
        a.dec(x::ecx);
        a.jnz(loop);
    });
    EXPECT_GT(translator.counter("failed_groups"), 4u);
    EXPECT_LT(translator.counter("failed_groups"), 20u);
}

// Groups move through a page and over its edge while flags are needed, until the page behind faults.
TEST_F(TranslatorGroups, ChangeBodiesAnywhere)
{
    const std::vector<Writer> middles{
        [](x::Assembler& a) { a.add(x::rax, x::ptr(x::rbx, 8)); a.adc(x::rsi, x::ptr(x::rbx, 16)); },
        [](x::Assembler& a) { a.cmp(x::rax, x::rcx); a.mov(x::rdi, x::ptr(x::rbx, 8));
                              a.setl(x::byte_ptr(x::rbx, 20)); },
        [](x::Assembler& a) { a.add(x::rax, 0x7fff); a.mov(x::rax, x::ptr(x::rbx, 8));
                              a.mov(x::rdi, x::ptr(x::rbx, 24)); },
        [](x::Assembler& a) { a.sub(x::rsp, x::rcx); a.push(x::rax); a.push(x::rsp); a.pop(x::rdi);
                              a.mov(x::ptr(x::rbx, 9), x::rdi); },
        [](x::Assembler& a) { a.movups(x::xmm0, x::ptr(x::rbx, 8)); a.paddq(x::xmm0, x::xmm0);
                              a.movups(x::ptr(x::rbx, 24), x::xmm0); },
        [](x::Assembler& a) { a.xor_(x::eax, x::eax); a.cpuid(); a.lea(x::rbx, x::ptr(x::r12));
                              a.inc(x::byte_ptr(x::rbx, 30)); },
        [](x::Assembler& a) { a.stc(); a.mov(x::rax, x::ptr(x::rbx, 8)); a.rcl(x::rax, 1);
                              a.mov(x::ptr(x::rbx, 16), x::rax); },
        [](x::Assembler& a) { a.mov(x::r11, x::ptr(x::rbx, 8)); a.mov(x::rdi, x::ptr(x::r11, 8));
                              a.mov(x::rdi, x::ptr(x::r11, 16)); },
        [](x::Assembler& a) { a.mov(x::ptr(x::rbx, 8), x::bh); a.stac(); a.mov(x::rdi, x::ptr(x::rbx, 12)); a.clac(); },
    };
    for (std::size_t way = 0; way < middles.size(); ++way) {
        for (const std::uint64_t end : {kNext + 0x80, kNext - 9}) {
            SCOPED_TRACE(way);
            run(kNext - 100, [&](x::Assembler& a) {
                const auto loop = a.newLabel();
                const auto inner = a.newLabel();
                a.mov(x::r13d, 12);
                a.bind(loop);
                a.lea(x::r12, x::ptr(x::rbx));
                a.mov(x::ecx, 16);
                a.bind(inner);
                a.sub(x::rsi, x::r14);
                a.lea(x::rbx, x::ptr(x::r12));
                a.mov(x::rdx, x::ptr(x::rbx));
                middles[way](a);
                a.mov(x::ptr(x::rbx, 4), x::edx);
                a.inc(x::r12);
                a.add(x::r14, x::rdx);
                a.mov(x::rdx, end);
                a.cmp(x::r12, x::rdx);
                a.jb(inner);
                a.mov(x::rsp, kStack);
                a.mov(x::rbx, kNext - 90);
                a.dec(x::r13);
                a.jnz(loop);
                a.mov(x::rbx, kNext - 40); // the last round is without the next page
                a.mov(x::qword_ptr(entry(kNext)), 0);
                a.invlpg(x::ptr(kNext));
                a.lea(x::r12, x::ptr(x::rbx));
                a.jmp(inner);
            }, [](Machine& m) {
                m.put<std::uint64_t>(kPage + 0xff0, kPage);
                for (std::uint64_t at = kPage; at < kPage + 0x2000; at += 8) {
                    m.put<std::uint64_t>(at, kPage);
                }
            });
            EXPECT_GT(translator.counter("entries"), 0u);
        }
    }
}

} // namespace

} // namespace windsor::translate::testing
