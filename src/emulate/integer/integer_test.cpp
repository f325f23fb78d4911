// SPDX-License-Identifier: GPL-2.0-or-later
// Integer instructions where the comparison with the host's processor cannot reach: 16-bit code, faults, the stack.
#include "emulate/test_machine.hpp"

#include <gtest/gtest.h>

namespace windsor::emulate::testing {

namespace {

using vcpu::HaltReason;
using x86::Exception;

constexpr std::uint64_t kReal = 0x5000; // where real-mode programs lie

unsigned vector_of(Exception exception)
{
    return static_cast<unsigned>(exception);
}

// Runs a real-mode program from registers that `prepare` sets.
vcpu::CpuState run_real(TestMachine& m, const std::vector<int>& bytes,
                        const std::function<void(vcpu::CpuState&)>& prepare = {})
{
    m.code(kReal, bytes);
    vcpu::CpuState state = m.real();
    if (prepare) {
        prepare(state);
    }
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    return m.cpu.state();
}

vcpu::CpuState run32(TestMachine& m, const std::vector<int>& bytes,
                     const std::function<void(vcpu::CpuState&)>& prepare = {})
{
    m.code(kCode, bytes);
    vcpu::CpuState state = m.flat32();
    if (prepare) {
        prepare(state);
    }
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    return m.cpu.state();
}

TEST(InterpreterInteger, PushSpStoresTheOldValueAndPopSpTakesTheRead)
{
    TestMachine m;
    const auto state = run_real(m, {0x54, 0x58, 0x68, 0x34, 0x12, 0x5c, 0xf4}); // push sp; pop ax; push 0x1234; pop sp
    EXPECT_EQ(state.gpr[x86::kRax] & 0xffff, 0x8000u);
    EXPECT_EQ(state.gpr[x86::kRsp] & 0xffff, 0x1234u);
}

TEST(InterpreterInteger, SixteenBitStackWrapsWithinTheSegment)
{
    TestMachine m;
    const auto state = run_real(m, {0x50, 0xf4}, [](vcpu::CpuState& s) { // push ax
        s.gpr[x86::kRsp] = 0xabcd0000;
        s.gpr[x86::kRax] = 0x5678;
    });
    EXPECT_EQ(state.gpr[x86::kRsp], 0xabcdfffeu);
    EXPECT_EQ(m.get<std::uint16_t>(0xfffe), 0x5678);
}

TEST(InterpreterInteger, PopToMemoryAddressesWithTheIncrementedStackPointer)
{
    TestMachine m;
    m.put<std::uint32_t>(kStack - 8, 0x11223344);
    // pop dword [esp]
    const auto state = run32(m, {0x8f, 0x04, 0x24, 0xf4}, [](vcpu::CpuState& s) { s.gpr[x86::kRsp] = kStack - 8; });
    EXPECT_EQ(state.gpr[x86::kRsp], kStack - 4);
    EXPECT_EQ(m.get<std::uint32_t>(kStack - 4), 0x11223344u);
}

TEST(InterpreterInteger, PushaAndPopaAreInverseButForSp)
{
    TestMachine m;
    const auto state = run_real(m, {0x60, 0xb8, 0, 0, 0xbb, 0, 0, 0x61, 0xf4}, [](vcpu::CpuState& s) {
        for (unsigned i = 0; i < 8; ++i) {
            s.gpr[i] = i == x86::kRsp ? 0x8000 : 0x1110 + i;
        }
    });
    EXPECT_EQ(state.gpr[x86::kRax] & 0xffff, 0x1110u);
    EXPECT_EQ(state.gpr[x86::kRbx] & 0xffff, 0x1113u);
    EXPECT_EQ(state.gpr[x86::kRsp], 0x8000u);
    EXPECT_EQ(m.get<std::uint16_t>(0x8000 - 10), 0x8000); // the pushed SP
}

TEST(InterpreterInteger, EnterCopiesTheDisplayAndLeaveUndoesIt)
{
    TestMachine m;
    m.put<std::uint32_t>(kStack + 0x100 - 4, 0xaaaa);
    // enter 0x20, 2; mov eax, esp; mov ebx, ebp; leave; hlt
    const auto state = run32(m, {0xc8, 0x20, 0, 2, 0x89, 0xe0, 0x89, 0xeb, 0xc9, 0xf4},
                             [](vcpu::CpuState& s) { s.gpr[x86::kRbp] = kStack + 0x100; });
    EXPECT_EQ(state.gpr[x86::kRbx], kStack - 4);
    EXPECT_EQ(state.gpr[x86::kRax], kStack - 12 - 0x20);
    EXPECT_EQ(m.get<std::uint32_t>(kStack - 8), 0xaaaau);
    EXPECT_EQ(m.get<std::uint32_t>(kStack - 12), kStack - 4);
    EXPECT_EQ(state.gpr[x86::kRsp], kStack);
    EXPECT_EQ(state.gpr[x86::kRbp], kStack + 0x100);
}

TEST(InterpreterInteger, DivisionFaultsOnZeroAndOverflowAndChangesNothing)
{
    TestMachine m;
    struct Case {
        std::uint64_t rax, rdx, rcx;
        int modrm; // f1: div ecx, f9: idiv ecx
        bool faults;
    };
    for (const Case& c :
         {Case{10, 0, 0, 0xf1, true}, Case{0, 5, 5, 0xf1, true}, Case{7, 4, 5, 0xf1, false},
          Case{0x80000000, 0xffffffff, 0xffffffff, 0xf9, true}, Case{0, 0x80000000, 0xffffffff, 0xf9, true},
          Case{0xfffffff9, 0xffffffff, 2, 0xf9, false}, Case{0x80000000, 0, 1, 0xf9, true}}) {
        const auto state = run32(m, {0xf7, c.modrm, 0xf4}, [&](vcpu::CpuState& s) {
            s.gpr[x86::kRax] = c.rax;
            s.gpr[x86::kRdx] = c.rdx;
            s.gpr[x86::kRcx] = c.rcx;
        });
        if (c.faults) {
            EXPECT_EQ(m.vector(), vector_of(Exception::De));
            EXPECT_EQ(state.gpr[x86::kRax], c.rax);
            EXPECT_EQ(state.gpr[x86::kRdx], c.rdx);
        } else {
            EXPECT_EQ(state.rip, kCode + 3);
        }
    }
}

TEST(InterpreterInteger, IdivRoundsTowardsZero)
{
    TestMachine m;
    const auto state = run32(m, {0xf7, 0xf9, 0xf4}, [](vcpu::CpuState& s) {
        s.gpr[x86::kRax] = 0xfffffff9; // -7
        s.gpr[x86::kRdx] = 0xffffffff;
        s.gpr[x86::kRcx] = 2;
    });
    EXPECT_EQ(state.gpr[x86::kRax], 0xfffffffdu);
    EXPECT_EQ(state.gpr[x86::kRdx], 0xffffffffu);
}

TEST(InterpreterInteger, BitOffsetsReachBeyondTheOperand)
{
    TestMachine m;
    // bts [kData], eax with eax = -1 sets the top bit of the doubleword before
    run32(m, {0x0f, 0xab, 0x05, 0, 0, 3, 0, 0xf4}, [](vcpu::CpuState& s) { s.gpr[x86::kRax] = 0xffffffff; });
    EXPECT_EQ(m.get<std::uint32_t>(kData - 4), 0x80000000u);
    run32(m, {0x0f, 0xab, 0x05, 0, 0, 3, 0, 0xf4}, [](vcpu::CpuState& s) { s.gpr[x86::kRax] = 100; });
    EXPECT_EQ(m.get<std::uint32_t>(kData + 12), 1u << 4);
}

TEST(InterpreterInteger, AdjustsDecimals)
{
    struct Case {
        std::vector<int> code;
        std::uint64_t in, out;
        std::uint64_t flags_in, carry;
    };
    namespace f = x86::rflags;
    for (const Case& c :
         {Case{{0x27, 0xf4}, 0xae, 0x14, 0, f::kCf}, Case{{0x27, 0xf4}, 0x0b, 0x11, 0, 0},
          Case{{0x2f, 0xf4}, 0xee, 0x88, 0, f::kCf}, Case{{0x37, 0xf4}, 0x00fa, 0x0200, 0, f::kCf},
          Case{{0x3f, 0xf4}, 0x02fe, 0x0108, f::kAf, f::kCf}, Case{{0xd4, 0x0a, 0xf4}, 0x3f, 0x0603, 0, 0},
          Case{{0xd5, 0x0a, 0xf4}, 0x0603, 0x003f, 0, 0}}) {
        TestMachine m;
        const auto state = run_real(m, c.code, [&](vcpu::CpuState& s) {
            s.gpr[x86::kRax] = c.in;
            s.rflags |= c.flags_in;
        });
        EXPECT_EQ(state.gpr[x86::kRax] & 0xffff, c.out);
        EXPECT_EQ(state.rflags & f::kCf, c.carry);
    }
}

TEST(InterpreterInteger, AamByZeroDivides)
{
    TestMachine m;
    run_real(m, {0xd4, 0x00, 0xf4});
    EXPECT_EQ(m.vector(), vector_of(Exception::De));
}

TEST(InterpreterInteger, BoundRaisesBrOutsideOnly)
{
    TestMachine m;
    m.put<std::uint16_t>(0x6000, static_cast<std::uint16_t>(-3));
    m.put<std::uint16_t>(0x6002, 7);
    for (const auto& [index, faults] : {std::pair{7, false}, {8, true}, {-3, false}, {-4, true}}) {
        const auto state = run_real(m, {0x62, 0x06, 0x00, 0x60, 0xf4},
                                    [&](vcpu::CpuState& s) { s.gpr[x86::kRax] = static_cast<std::uint16_t>(index); });
        EXPECT_EQ(state.rip == kReal + 5, !faults) << index;
        EXPECT_EQ(m.vector() == vector_of(Exception::Br), faults) << index;
    }
}

TEST(InterpreterInteger, LoopCountsByTheAddressSize)
{
    TestMachine m;
    // In 16-bit code: loop with 0x67 counts ECX. l: inc ax; addr32 loop l; hlt
    const auto state =
        run_real(m, {0x40, 0x67, 0xe2, 0xfc, 0xf4}, [](vcpu::CpuState& s) { s.gpr[x86::kRcx] = 0x10002; });
    EXPECT_EQ(state.gpr[x86::kRcx], 0u);
    EXPECT_EQ(state.gpr[x86::kRax] & 0xffff, 2u);
}

TEST(InterpreterInteger, NearJumpsOf16BitsCutTheInstructionPointer)
{
    TestMachine m;
    m.code(kReal, {0xe9, 0xfd, 0xb4}); // 0x5003 + 0xb4fd = 0x10500
    *m.at(0x0500) = 0xf4;
    EXPECT_EQ(m.run(m.real()), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, 0x0501u);
}

TEST(InterpreterInteger, CallFaultsLeaveTheStackAlone)
{
    TestMachine m;
    const auto state = run32(m, {0xff, 0xd0, 0xf4}, [](vcpu::CpuState& s) { // call eax, beyond the limit
        s.segment(x86::Seg::Cs).limit = 0xfffff;
        s.gpr[x86::kRax] = 0x200000;
    });
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));
    EXPECT_EQ(state.gpr[x86::kRsp], kStack - 16); // error code, EIP, CS, EFLAGS and nothing else
}

TEST(InterpreterInteger, SegmentOverridesAndXlat)
{
    TestMachine m;
    *m.at(0x70000 + 0x205) = 0x99;
    const auto state = run_real(m, {0x26, 0xd7, 0xf4}, [](vcpu::CpuState& s) { // es xlat
        s.segment(x86::Seg::Es).base = 0x70000;
        s.gpr[x86::kRbx] = 0x200;
        s.gpr[x86::kRax] = 5;
    });
    EXPECT_EQ(state.gpr[x86::kRax] & 0xff, 0x99u);
}

TEST(InterpreterInteger, BsfOfZeroLeavesItsDestination)
{
    TestMachine m;
    const auto state = run32(m, {0x0f, 0xbc, 0xc1, 0xf4}, [](vcpu::CpuState& s) { // bsf eax, ecx
        s.gpr[x86::kRax] = 0x77;
    });
    EXPECT_EQ(state.gpr[x86::kRax], 0x77u);
    EXPECT_NE(state.rflags & x86::rflags::kZf, 0u);
}

TEST(InterpreterInteger, AlignmentCheckRaisesAcInUserModeOnly)
{
    TestMachine m;
    const auto prepare = [](unsigned cpl) {
        return [cpl](vcpu::CpuState& s) {
            s.cr0 |= x86::cr0::kAm;
            s.rflags |= x86::rflags::kAc;
            if (cpl == 3) {
                s.segment(x86::Seg::Cs).attributes.dpl = 3;
                s.segment(x86::Seg::Ss).attributes.dpl = 3;
                s.segment(x86::Seg::Cs).selector = 3;
            }
            s.gpr[x86::kRax] = 0;
        };
    };
    run32(m, {0xa1, 0x01, 0, 3, 0, 0xf4}, prepare(0)); // mov eax, [kData + 1]
    EXPECT_EQ(m.cpu.state().rip, kCode + 6);
    m.code(kCode, {0xa1, 0x01, 0, 3, 0, 0xf4});
    vcpu::CpuState state = m.flat32();
    prepare(3)(state);
    Interpreter& cpu = m.cpu;
    cpu.set_state(state);
    cpu.run();
    EXPECT_EQ(cpu.cpu().s.cr2, 0u);
    EXPECT_NE(cpu.state().rip, kCode + 6);
}

TEST(InterpreterInteger, StringPortsMoveWholeBlocks)
{
    TestMachine m;
    std::uint16_t next = 0x100;
    m.io.on_port_read = [&](std::uint16_t port, unsigned size) -> std::uint32_t {
        EXPECT_EQ(port, 0x1f0);
        EXPECT_EQ(size, 2u);
        return next++;
    };
    const auto state = run32(m, {0xf3, 0x66, 0x6d, 0xf4}, [](vcpu::CpuState& s) { // rep insw
        s.gpr[x86::kRdx] = 0x1f0;
        s.gpr[x86::kRcx] = 256;
        s.gpr[x86::kRdi] = kData;
    });
    EXPECT_EQ(state.gpr[x86::kRdi], kData + 512);
    EXPECT_EQ(m.get<std::uint16_t>(kData), 0x100);
    EXPECT_EQ(m.get<std::uint16_t>(kData + 510), 0x1ff);
    EXPECT_EQ(m.cpu.statistics().port_accesses, 256u);
    EXPECT_EQ(m.io.runs, 1) << "the first goes alone, and fills the TLB";
}

TEST(InterpreterInteger, StringPortsSendWholeBlocksAcrossPages)
{
    TestMachine m;
    std::vector<std::uint32_t> sent;
    m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t value) { sent.push_back(value); };
    constexpr std::uint64_t kStart = kData + 4096 - 64;
    for (unsigned i = 0; i < 64; ++i) {
        m.put<std::uint32_t>(kStart + 4 * i, 1000 + i);
    }
    const auto state = run32(m, {0xf3, 0x6f, 0xf4}, [](vcpu::CpuState& s) { // rep outsd
        s.gpr[x86::kRdx] = 0x170;
        s.gpr[x86::kRcx] = 64;
        s.gpr[x86::kRsi] = kStart;
    });
    EXPECT_EQ(state.gpr[x86::kRsi], kStart + 256);
    EXPECT_EQ(state.gpr[x86::kRcx], 0u);
    ASSERT_EQ(sent.size(), 64u);
    EXPECT_EQ(sent.front(), 1000u);
    EXPECT_EQ(sent.back(), 1063u);
    EXPECT_EQ(m.io.runs, 4) << "16 at a time, so that the processor can be stopped in between";
    EXPECT_EQ(m.cpu.statistics().port_accesses, 64u);
}

TEST(InterpreterInteger, ScansAndComparesStopAtZf)
{
    TestMachine m;
    std::memcpy(m.at(kData), "needle in hay", 14);
    const auto state = run32(m, {0xf2, 0xae, 0xf4}, [](vcpu::CpuState& s) { // repne scasb
        s.gpr[x86::kRdi] = kData;
        s.gpr[x86::kRcx] = 100;
        s.gpr[x86::kRax] = ' ';
    });
    EXPECT_EQ(state.gpr[x86::kRdi], kData + 7);
    EXPECT_EQ(state.gpr[x86::kRcx], 93u);
}

} // namespace

} // namespace windsor::emulate::testing
