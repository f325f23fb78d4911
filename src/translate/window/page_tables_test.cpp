// SPDX-License-Identifier: GPL-2.0-or-later
// Page tables change under translated code, and control registers give and take rights.
#include "translate/test_machine.hpp"

#include <string>
#include <tuple>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace cr0 = x86::cr0;
namespace cr4 = x86::cr4;
namespace pte = x86::pte;
using vcpu::HaltReason;
using x86::Exception;

constexpr std::uint64_t kCodeAt = 0x200000; // this linear address leads to one of these pages or the other
constexpr std::uint64_t kOneCode = 0x100000;
constexpr std::uint64_t kOtherCode = 0x101000;
constexpr std::uint64_t kFrames = kOneCode ^ kOtherCode;

unsigned vector_of(Exception exception)
{
    return static_cast<unsigned>(exception);
}

// --- A page of code is exchanged for another one at the same linear address ---

enum class Entry : std::uint8_t { Call, CallRegister, CallMemory, Jump, JumpMemory, Return, FallThrough };
enum class Flush : std::uint8_t { Invlpg, Cr3, Pge };

class TranslatorRemappedCode : public ::testing::TestWithParam<std::tuple<Entry, Flush>> {
protected:
    static void flush(x::Assembler& a)
    {
        switch (std::get<1>(GetParam())) {
        case Flush::Invlpg: a.invlpg(x::byte_ptr(x::rdi)); break;
        case Flush::Cr3:
            a.mov(x::rdx, x::cr3);
            a.mov(x::cr3, x::rdx);
            break;
        case Flush::Pge:
            a.mov(x::rdx, x::cr4);
            a.xor_(x::edx, cr4::kPge);
            a.mov(x::cr4, x::rdx);
            break;
        }
    }
    // Goes to the address in RDI. The code there returns to the label `back`, whose address is in R8.
    static void enter(x::Assembler& a, const asmjit::Label& back)
    {
        const Entry entry = std::get<0>(GetParam());
        if (entry == Entry::Jump || entry == Entry::JumpMemory || entry == Entry::Return ||
            entry == Entry::FallThrough) {
            a.push(x::r8);
        }
        switch (entry) {
        case Entry::Call: a.call(kCodeAt); break;
        case Entry::CallRegister: a.call(x::rdi); break;
        case Entry::CallMemory: a.call(x::qword_ptr(x::r9)); break;
        case Entry::Jump: a.jmp(kCodeAt); break;
        case Entry::JumpMemory: a.jmp(x::qword_ptr(x::r9)); break;
        case Entry::Return:
            a.push(x::rdi);
            a.ret();
            break;
        case Entry::FallThrough: a.jmp(kCodeAt - 1); break; // the last byte of the page before is a NOP
        }
        a.bind(back);
    }
    TranslatorMachine m;
};

TEST_P(TranslatorRemappedCode, IsTheOneThatRuns)
{
    std::uint64_t back_at = 0;
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        const auto back = a.newLabel();
        a.bind(loop);
        enter(a, back);
        back_at = kCode + a.code()->labelOffset(back);
        a.lea(x::rbx, x::ptr(x::rbx, x::rbx)); // RBX collects a bit from each round
        a.or_(x::rbx, x::rax);
        a.xor_(x::qword_ptr(x::rsi), kFrames);
        flush(a);
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    for (const std::uint64_t page : {kOneCode, kOtherCode}) {
        m.assemble(page, true, [&](x::Assembler& a) {
            a.mov(x::eax, page == kOneCode ? 0 : 1);
            a.ret();
        });
    }
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(Machine::pte(kCodeAt), kOneCode | 7);
    m.code(kCodeAt - 1, {0x90});
    m.put<std::uint64_t>(kData, kCodeAt);
    state.gpr[x86::kRsi] = Machine::pte(kCodeAt);
    state.gpr[x86::kRdi] = kCodeAt;
    state.gpr[x86::kR8] = back_at;
    state.gpr[x86::kR9] = kData;
    state.gpr[x86::kRcx] = 20;
    state.gpr[x86::kRbx] = 0;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 0x55555u);
    EXPECT_LT(m.counter("translations"), 40u) << "both pages keep their code";
}

INSTANTIATE_TEST_SUITE_P(Ways, TranslatorRemappedCode,
                         ::testing::Combine(::testing::Values(Entry::Call, Entry::CallRegister, Entry::CallMemory,
                                                              Entry::Jump, Entry::JumpMemory, Entry::Return,
                                                              Entry::FallThrough),
                                            ::testing::Values(Flush::Invlpg, Flush::Cr3, Flush::Pge)));

// The page that runs has itself exchanged for another, whose code goes on behind the INVLPG.
TEST(TranslatorPageTables, CodeMayExchangeItsOwnPage)
{
    TranslatorMachine m;
    for (const std::uint64_t page : {kOneCode, kOtherCode}) {
        m.assemble(page, true, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.bind(loop);
            a.xor_(x::qword_ptr(x::rsi), kFrames);
            a.invlpg(x::byte_ptr(x::rdi));
            a.lea(x::rbx, x::ptr(x::rbx, page == kOneCode ? 1 : 100));
            a.dec(x::ecx);
            a.jnz(loop);
            a.hlt();
        });
    }
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(Machine::pte(kCodeAt), kOneCode | 7);
    state.rip = kCodeAt;
    state.gpr[x86::kRsi] = Machine::pte(kCodeAt);
    state.gpr[x86::kRdi] = kCodeAt;
    state.gpr[x86::kRcx] = 21;
    state.gpr[x86::kRbx] = 0;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 11 * 100 + 10u);
}

// A jump to the last address leads to a page that is not present. It must not match an empty entry of a jump table.
TEST(TranslatorPageTables, TheLastAddressIsAnAddressLikeOthers)
{
    for (const bool through_memory : {false, true}) {
        TranslatorMachine m;
        m.assemble(kCode, true, [&](x::Assembler& a) {
            a.mov(x::rax, -1);
            if (through_memory) {
                a.push(x::rax);
                a.ret();
            } else {
                a.jmp(x::rax);
            }
        });
        EXPECT_EQ(m.run(m.flat64()), HaltReason::Halted);
        EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
        EXPECT_EQ(m.cpu.state().cr2, ~std::uint64_t{0});
    }
}

// --- Data ---

TEST(TranslatorPageTables, GlobalPagesStayWhenCr3IsLoaded)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.mov(x::eax, x::dword_ptr(x::rdi));
        a.xor_(x::qword_ptr(x::rsi), kFrames);
        a.mov(x::rdx, x::cr3);
        a.mov(x::cr3, x::rdx);
        a.mov(x::ebx, x::dword_ptr(x::rdi)); // the TLB still has a global page
        a.invlpg(x::byte_ptr(x::rdi));
        a.mov(x::ecx, x::dword_ptr(x::rdi));
        a.hlt();
    });
    for (const std::uint64_t global : {pte::kG, std::uint64_t{0}}) {
        vcpu::CpuState state = m.flat64();
        state.cr4 |= cr4::kPge;
        m.put<std::uint64_t>(Machine::pte(kCodeAt), kOneCode | 7 | global);
        m.put<std::uint32_t>(kOneCode, 1);
        m.put<std::uint32_t>(kOtherCode, 2);
        state.gpr[x86::kRsi] = Machine::pte(kCodeAt);
        state.gpr[x86::kRdi] = kCodeAt;
        EXPECT_EQ(m.run(state), HaltReason::Halted);
        EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 1u);
        EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], global != 0 ? 1u : 2u);
        EXPECT_EQ(m.cpu.state().gpr[x86::kRcx], 2u);
    }
}

// Each page is accessed in its own way, and its entry says so afterwards.
TEST(TranslatorPageTables, AccessesMarkTheirPages)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.mov(x::eax, x::ptr(x::rsi));                  // page 0: read
        a.mov(x::ptr(x::rsi, 0x1000), x::eax);          // 1: written
        a.inc(x::dword_ptr(x::rsi, 0x2000));            // 2: both
        a.mov(x::eax, x::ptr(x::rsi, 0x3000));          // 3: read, then written
        a.mov(x::ptr(x::rsi, 0x3000), x::eax);
        a.lea(x::rsp, x::ptr(x::rsi, 0x5000));          // 4: pushed to
        a.push(x::rax);
        a.lea(x::rsp, x::ptr(x::rsi, 0x5000));          // 5: popped from
        a.pop(x::rax);
        a.cmp(x::dword_ptr(x::rsi, 0x6000), x::eax);    // 6: read
        a.movups(x::ptr(x::rsi, 0x7ff8), x::xmm0);      // 7 and 8: written
        a.bt(x::dword_ptr(x::rsi, 0x9000), 3);          // 9: read
        a.cmpxchg(x::dword_ptr(x::rsi, 0xa000), x::ecx); // 10: written, whatever comes of it
        a.lea(x::rdx, x::ptr(x::rsi, 0xb000));          // 11: left alone
        a.nop(x::dword_ptr(x::rdx));
        a.hlt();
    });
    constexpr bool kWritten[] = {false, true, true, true, true, false, false, true, true, false, true, false};
    vcpu::CpuState state = m.flat64();
    state.cr4 |= cr4::kOsfxsr;
    state.gpr[x86::kRsi] = kCodeAt;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    for (unsigned page = 0; page < std::size(kWritten); ++page) {
        const auto entry = m.get<std::uint64_t>(Machine::pte(kCodeAt + 0x1000 * page));
        EXPECT_EQ((entry & pte::kA) != 0, page != 11) << page;
        EXPECT_EQ((entry & pte::kD) != 0, kWritten[page]) << page;
    }
}

// --- Rights ---

// Returns a state in ring 0 in which only the page at kCodeAt is a user page.
vcpu::CpuState supervisor(Machine& m)
{
    vcpu::CpuState state = m.flat64();
    for (std::uint64_t page = 0; page < 1024; ++page) {
        m.put<std::uint64_t>(kTables + 0x3000 + 8 * page, (page << 12) | 3);
    }
    m.put<std::uint64_t>(Machine::pte(kCodeAt), kOneCode | 7);
    state.gpr[x86::kRsi] = kCodeAt;
    return state;
}

TEST(TranslatorRights, WriteProtectionHoldsAsSoonAsItIsOn)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.mov(x::dword_ptr(x::rsi), 1);
        a.mov(x::rax, x::cr0);
        a.or_(x::eax, static_cast<std::uint32_t>(cr0::kWp));
        a.mov(x::cr0, x::rax);
        a.mov(x::dword_ptr(x::rsi), 2);
        a.hlt();
    });
    vcpu::CpuState state = supervisor(m);
    m.put<std::uint64_t>(Machine::pte(kCodeAt), kOneCode | 1);
    state.cr0 &= ~cr0::kWp;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.get<std::uint32_t>(kOneCode), 1u);
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp]), 3u) << "present, a write";
}

TEST(TranslatorRights, SmepKeepsTheSupervisorOutOfUserCode)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.call(x::rsi);
        a.mov(x::rax, x::cr4);
        a.or_(x::eax, static_cast<std::uint32_t>(cr4::kSmep));
        a.mov(x::cr4, x::rax);
        a.call(x::rsi);
        a.hlt();
    });
    m.code(kOneCode, {0xff, 0xc3, 0xc3}); // INC EBX; RET
    vcpu::CpuState state = supervisor(m);
    state.gpr[x86::kRbx] = 0;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().cr2, kCodeAt);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 1u);
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp]), 0x11u) << "present, a fetch";
}

TEST(TranslatorRights, SmapAsksForAc)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.mov(x::ecx, 3);
        const auto loop = a.newLabel();
        a.bind(loop);
        a.stac();
        a.add(x::ebx, x::dword_ptr(x::rsi));
        a.mov(x::dword_ptr(x::rsi), x::ebx);
        a.clac();
        a.dec(x::ecx);
        a.jnz(loop);
        a.stac();
        a.mov(x::eax, x::dword_ptr(x::rsi));
        a.clac();
        a.mov(x::edx, x::dword_ptr(x::rsi)); // this faults
        a.hlt();
    });
    vcpu::CpuState state = supervisor(m);
    state.cr4 |= cr4::kSmap;
    m.put<std::uint32_t>(kOneCode, 1);
    state.gpr[x86::kRbx] = 0;
    state.gpr[x86::kRdx] = 0x77;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 4u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRdx], 0x77u);
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp]), 1u) << "present, a read";
}

// A conditional jump without AC leads to code without AC, even if a STAC follows the jump. The jump tables know the
// code there with AC as well.
TEST(TranslatorRights, SmapAsksForAcBehindAJumpToAnotherPage)
{
    static constexpr std::uint64_t kReader = kCode + 0x1000;
    TranslatorMachine m;
    m.assemble(kCode, true, [](x::Assembler& a) {
        a.stac();
        a.call(kReader);
        a.clac();
        a.xor_(x::eax, x::eax);
        a.push(x::rdi);
        a.test(x::eax, x::eax);
        a.jz(kReader);
        a.stac();
        a.nop();
        a.hlt();
    });
    m.assemble(kReader, true, [](x::Assembler& a) {
        a.mov(x::eax, x::dword_ptr(x::rsi));
        a.ret();
    });
    m.code(kHandlers + 4 * 0x80, {0xf4});
    vcpu::CpuState state = supervisor(m);
    state.cr4 |= cr4::kSmap;
    m.put<std::uint32_t>(kOneCode, 1);
    state.gpr[x86::kRdi] = kHandlers + 4 * 0x80;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 0u);
}

} // namespace

} // namespace windsor::translate::testing
