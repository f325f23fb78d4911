// SPDX-License-Identifier: GPL-2.0-or-later
// What surrounds x87, MMX and SSE instructions: availability, alignment, deferred and precise exceptions, and the
// images of their state. What they compute is compared with the host's processor elsewhere.
#include "emulate/test_machine.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace windsor::emulate::testing {

namespace {

namespace cr0 = x86::cr0;
namespace cr4 = x86::cr4;
using vcpu::HaltReason;
using x86::Exception;

constexpr int kHlt = 0xf4;

unsigned vector_of(Exception exception)
{
    return static_cast<unsigned>(exception);
}

// A protected-mode state in which an operating system has enabled everything.
vcpu::CpuState enabled(TestMachine& m)
{
    vcpu::CpuState state = m.flat32();
    state.cr0 |= cr0::kNe;
    state.cr4 |= cr4::kOsfxsr | cr4::kOsxmmexcpt;
    state.fx.fcw = 0x037f;
    return state;
}

struct Availability {
    const char* name;
    std::vector<int> code; // a list would not outlive the declaration of the parameters
    std::uint64_t cr0_set;
    std::uint64_t cr4_clear;
    Exception expected;
};

class FxAvailability : public ::testing::TestWithParam<Availability> {};

TEST_P(FxAvailability, Faults)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr0 |= GetParam().cr0_set;
    state.cr4 &= ~GetParam().cr4_clear;
    m.code(kCode, GetParam().code);
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(GetParam().expected));
    const unsigned error_code = x86::has_error_code(GetParam().expected) ? 4 : 0;
    EXPECT_EQ(m.get<std::uint32_t>(m.cpu.state().gpr[x86::kRsp] + error_code), kCode)
        << "the fault is at the instruction";
}

INSTANTIATE_TEST_SUITE_P(
    Sdm, FxAvailability,
    ::testing::Values(Availability{"X87WithEm", {0xd9, 0xe8, kHlt}, cr0::kEm, 0, Exception::Nm},
                      Availability{"X87WithTs", {0xd9, 0xe8, kHlt}, cr0::kTs, 0, Exception::Nm},
                      Availability{"FwaitWithTsAndMp", {0x9b, kHlt}, cr0::kTs | cr0::kMp, 0, Exception::Nm},
                      Availability{"MmxWithEm", {0x0f, 0xef, 0xc0, kHlt}, cr0::kEm, 0, Exception::Ud},
                      Availability{"MmxWithTs", {0x0f, 0xef, 0xc0, kHlt}, cr0::kTs, 0, Exception::Nm},
                      Availability{"SseWithEm", {0x0f, 0x57, 0xc0, kHlt}, cr0::kEm, 0, Exception::Ud},
                      Availability{"SseWithTs", {0x0f, 0x57, 0xc0, kHlt}, cr0::kTs, 0, Exception::Nm},
                      Availability{"SseWithoutOsfxsr", {0x0f, 0x57, 0xc0, kHlt}, 0, cr4::kOsfxsr, Exception::Ud},
                      Availability{"FxsaveWithEm", {0x0f, 0xae, 0x05, 0, 0, 3, 0, kHlt}, cr0::kEm, 0, Exception::Nm},
                      Availability{"XsaveWithoutOsxsave", {0x0f, 0xae, 0x25, 0, 0, 3, 0, kHlt}, 0, 0, Exception::Ud},
                      Availability{"UnalignedMovaps", {0x0f, 0x28, 0x05, 8, 0, 3, 0, kHlt}, 0, 0, Exception::Gp},
                      Availability{"UnalignedFxsave", {0x0f, 0xae, 0x05, 8, 0, 3, 0, kHlt}, 0, 0, Exception::Gp}),
    [](const auto& form) { return std::string{form.param.name}; });

TEST(Fx, FwaitWithTsAloneRuns)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr0 |= cr0::kTs;
    m.code(kCode, {0x9b, kHlt});
    m.run(state);
    EXPECT_EQ(m.cpu.state().rip, kCode + 2);
}

// fldz; fld1; fdivrp: a zero divide, which is signalled by the next waiting instruction only.
constexpr std::initializer_list<int> kZeroDivide = {0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0xdf, 0xe0, 0xd9, 0xe8, kHlt};

TEST(Fx, UnmaskedX87ExceptionWaitsForTheNextInstruction)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.fx.fcw = 0x037b; // zero divide unmasked
    m.code(kCode, kZeroDivide);
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Mf));
    EXPECT_EQ(m.get<std::uint32_t>(m.cpu.state().gpr[x86::kRsp]), kCode + 8) << "FNSTSW does not wait, FLD1 does";
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax] & 0x8084, 0x8084u) << "B, ES and ZE";
    EXPECT_EQ(m.cpu.state().fx.fip, kCode + 4) << "of the division";
}

TEST(Fx, WithoutNeAnX87ExceptionIsIgnored)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr0 &= ~cr0::kNe;
    state.fx.fcw = 0x037b;
    m.code(kCode, kZeroDivide);
    m.run(state);
    EXPECT_EQ(m.cpu.state().rip, kCode + 11);
}

TEST(Fx, UnmaskedSseExceptionLeavesTheDestination)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.fx.mxcsr = 0x1d80; // zero divide unmasked
    state.fx.xmm[0] = {0, 0, 0x80, 0x3f}; // 1.0
    m.code(kCode, {0xf3, 0x0f, 0x5e, 0xc1, kHlt}); // divss xmm0, xmm1
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Xm));
    EXPECT_EQ(m.cpu.state().fx.xmm[0], state.fx.xmm[0]);
    EXPECT_EQ(m.cpu.state().fx.mxcsr, 0x1d84u);
}

TEST(Fx, UnmaskedSseExceptionIsUndefinedWithoutOsxmmexcpt)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr4 &= ~cr4::kOsxmmexcpt;
    state.fx.mxcsr = 0x1d80;
    state.fx.xmm[0] = {0, 0, 0x80, 0x3f};
    m.code(kCode, {0xf3, 0x0f, 0x5e, 0xc1, kHlt});
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Ud));
}

TEST(Fx, FxsaveHasSelectorsOutsideOfRexW)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.gpr[x86::kRbx] = kData;
    m.code(kCode, {0xd9, 0x03,               // fld dword [ebx]
                   0x0f, 0xae, 0x43, 0x40,   // fxsave [ebx+0x40]
                   kHlt});
    m.run(state);
    EXPECT_EQ(m.get<std::uint32_t>(kData + 0x40 + 8), kCode);
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x40 + 12), 8u) << "CS";
    EXPECT_EQ(m.get<std::uint32_t>(kData + 0x40 + 16), kData);
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x40 + 20), 16u) << "DS";
    EXPECT_EQ(m.get<std::uint32_t>(kData + 0x40 + 28), 0xffffu);
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x40 + 6), 0x103u) << "the opcode D9 03";
}

TEST(Fx, FxrstorBringsBackWhatFxsaveStored)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    state.cr4 |= cr4::kOsfxsr;
    state.gpr[x86::kRbx] = kData;
    for (unsigned i = 0; i < 16; ++i) {
        state.fx.xmm[i].fill(static_cast<std::uint8_t>(0x11 + i));
    }
    for (unsigned i = 0; i < 8; ++i) {
        std::memset(state.fx.st[i].data(), static_cast<int>(0x70 + i), 10);
    }
    state.fx.fcw = 0x027f;
    state.fx.fsw = 0x3123;
    state.fx.ftw = 0x5a;
    state.fx.mxcsr = 0x3fa0;
    m.code(kCode, {0x48, 0x0f, 0xae, 0x03, kHlt, 0x48, 0x0f, 0xae, 0x0b, kHlt}); // fxsave64, fxrstor64 [rbx]
    m.run(state);
    vcpu::CpuState other = m.cpu.state();
    const x86::FxArea saved = other.fx;
    other.fx = x86::FxArea{};
    other.rip = kCode + 5;
    other.activity = vcpu::Activity::Running;
    m.run(other);
    EXPECT_EQ(m.cpu.state().fx, saved);
}

TEST(Fx, FxrstorRefusesReservedMxcsrBits)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.gpr[x86::kRbx] = kData;
    m.put<std::uint32_t>(kData + 24, 0x10000);
    m.code(kCode, {0x0f, 0xae, 0x0b, kHlt});
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));
}

TEST(Fx, XrstorGivesInitialValuesToAbsentComponents)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr4 |= cr4::kOsxsave;
    state.xcr0 = 3;
    state.gpr[x86::kRbx] = kData;
    state.gpr[x86::kRax] = 3;
    state.gpr[x86::kRdx] = 0;
    state.fx.xmm[3].fill(0xee);
    state.fx.fcw = 0x0270;
    m.put<std::uint32_t>(kData + 24, 0x1f80);
    m.put<std::uint64_t>(kData + 512, 1); // XSTATE_BV: x87 only
    m.put<std::uint16_t>(kData, 0x0360);
    m.code(kCode, {0x0f, 0xae, 0x2b, kHlt}); // xrstor [ebx]
    m.run(state);
    EXPECT_EQ(m.cpu.state().rip, kCode + 4);
    EXPECT_EQ(m.cpu.state().fx.fcw, 0x0360);
    const std::array<std::uint8_t, 16> zero{};
    EXPECT_EQ(m.cpu.state().fx.xmm[3], zero);
}

TEST(Fx, XsaveWritesTheRequestedComponents)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr4 |= cr4::kOsxsave;
    state.xcr0 = 3;
    state.gpr[x86::kRbx] = kData;
    state.gpr[x86::kRax] = 2;
    state.gpr[x86::kRdx] = 0;
    state.fx.xmm[2].fill(0x42);
    m.put<std::uint16_t>(kData, 0xabcd);
    m.code(kCode, {0x0f, 0xae, 0x23, kHlt}); // xsave [ebx]
    m.run(state);
    EXPECT_EQ(m.get<std::uint16_t>(kData), 0xabcd) << "x87 was not asked for";
    EXPECT_EQ(m.get<std::uint8_t>(kData + 160 + 32), 0x42);
    EXPECT_EQ(m.get<std::uint64_t>(kData + 512), 2u);
}

TEST(Fx, XgetbvReadsXcr0)
{
    TestMachine m;
    vcpu::CpuState state = enabled(m);
    state.cr4 |= cr4::kOsxsave;
    state.xcr0 = 3;
    state.gpr[x86::kRcx] = 0;
    state.gpr[x86::kRdx] = 5;
    m.code(kCode, {0x0f, 0x01, 0xd0, kHlt});
    m.run(state);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 3u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRdx], 0u);
}

TEST(Fx, EnvironmentInRealModeHoldsLinearAddresses)
{
    TestMachine m;
    vcpu::CpuState state = m.real();
    state.segment(x86::Seg::Ds).selector = 0x3000;
    state.segment(x86::Seg::Ds).base = 0x30000;
    state.gpr[x86::kRbx] = 0;
    m.put<std::uint32_t>(kData + 0x10, 0x3f800000);
    m.code(0x5000, {0xd9, 0x47, 0x10,   // fld dword [bx+0x10]
                    0xd9, 0x77, 0x20,   // fnstenv [bx+0x20]
                    kHlt});
    m.run(state);
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x20 + 6), 0x5000u) << "instruction pointer 15:0";
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x20 + 8), 0x147u) << "19:16 and the opcode D9 47";
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x20 + 10), 0x0010u) << "operand pointer 15:0";
    EXPECT_EQ(m.get<std::uint16_t>(kData + 0x20 + 12), 0x3000u) << "19:16";
}

TEST(Fx, MmxStoreThatFaultsLeavesTheX87State)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    state.fx.fsw = 5 << 11;
    state.fx.ftw = 0x11;
    state.gpr[x86::kRbx] = kData;
    m.put<std::uint64_t>(TestMachine::pte(kData), 0);
    m.code(kCode, {0x0f, 0x7f, 0x03, kHlt}); // movq [rbx], mm0
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().fx, state.fx);
}

TEST(Fx, X87StoreThatFaultsPopsNothing)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    state.fx.fsw = 5 << 11;
    state.fx.ftw = 0xff;
    state.fx.fcw = 0x037f;
    state.gpr[x86::kRbx] = kData;
    m.put<std::uint64_t>(TestMachine::pte(kData), 0);
    m.code(kCode, {0xdb, 0x3b, kHlt}); // fstp tbyte [rbx]
    m.run(state);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().fx, state.fx);
}

} // namespace

} // namespace windsor::emulate::testing
