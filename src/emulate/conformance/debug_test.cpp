// SPDX-License-Identifier: GPL-2.0-or-later
// Debug registers, breakpoints and single-stepping. SDM volume 3B, chapter 17.
#include "emulate/conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::emulate::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
namespace d6 = windsor::x86::dr6;
using windsor::x86::kRax;
using windsor::x86::kRbx;

WINDSOR_CONFORMANCE(Debug);

constexpr std::uint64_t kStepBits = d6::kBs | 15;

// DR7 with breakpoint 0 armed: condition 0 execute, 1 write, 3 read or write; length code 0, 1, 3, 2 for 1, 2, 4, 8.
constexpr std::uint64_t armed(unsigned condition, unsigned length)
{
    return windsor::x86::dr7::kFixed1 | 2 | (std::uint64_t{condition} << 16) | (std::uint64_t{length} << 18);
}

TEST_P(Debug, SingleStepTrapsAfterTheInstruction)
{
    guest.make_protected();
    guest.s().rflags |= fl::kTf;
    guest.put(kCode, {0x40, 0x40}); // inc eax twice
    guest.s().gpr[kRax] = 0;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode + 1u);
    EXPECT_EQ(guest.reg(kRax), 1u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, d6::kBs);
    EXPECT_NE(frame.flags & fl::kTf, 0u);
    EXPECT_EQ(guest.s().rflags & fl::kTf, 0u);
}

TEST_P(Debug, PopfStartsStepsAfterTheNextInstruction)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.push(0x102);
        a.popfd();
        a.mov(ebx, 7);
        a.mov(ebx, 8);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(guest.reg(kRbx), 7u);
}

TEST_P(Debug, MovSsHoldsTheStepOff)
{
    guest.make_protected();
    guest.s().rflags |= fl::kTf;
    guest.s().gpr[kRax] = kData0;
    guest.put(kCode, {0x8e, 0xd0, 0x43, 0x43}); // mov ss, ax; inc ebx; inc ebx
    guest.s().gpr[kRbx] = 0;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode + 3u);
    EXPECT_EQ(guest.reg(kRbx), 1u);
}

TEST_P(Debug, InterruptInstructionClearsTfForItsHandler)
{
    guest.make_user();
    guest.s().rflags |= fl::kTf;
    guest.put(kUserCode, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_NE(frame.flags & fl::kTf, 0u);
}

TEST_P(Debug, InstructionBreakpointFaultsBeforeAndRfSteps)
{
    guest.make_protected();
    guest.s().dr[0] = kCode + 1;
    guest.s().dr7 = armed(0, 0);
    guest.put(kCode, {0x43, 0x43, 0xf4}); // inc ebx; inc ebx; hlt
    guest.s().gpr[kRbx] = 0;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode + 1u);
    EXPECT_EQ(guest.reg(kRbx), 1u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);

    guest.make_protected();
    guest.s().dr[0] = kCode;
    guest.s().dr7 = armed(0, 0);
    guest.s().rflags |= fl::kRf;
    guest.s().gpr[kRbx] = 0;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx), 2u);
    EXPECT_EQ(guest.s().rflags & fl::kRf, 0u);
}

TEST_P(Debug, DataBreakpointsTrapAfterTheAccess)
{
    guest.make_protected();
    guest.s().dr[0] = kData;
    guest.s().dr7 = armed(1, 3); // four bytes, writes
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(kData));      // a read does not count
        a.mov(byte_ptr(kData + 4), 1);     // beside it
        a.mov(byte_ptr(kData + 3), 0x5a);
        a.nop();
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode + 5u + 7u + 7u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);
    EXPECT_EQ(guest.peek<std::uint8_t>(kData + 3), 0x5au);
}

TEST_P(Debug, ReadBreakpoint)
{
    guest.make_protected();
    guest.s().dr[0] = kData;
    guest.s().dr7 = armed(3, 3);
    guest.code32(kCode, [](Assembler& a) {
        a.mov(al, byte_ptr(kData + 1));
        a.nop();
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode + 5u);
}

TEST_P(Debug, GeneralDetection)
{
    guest.make_protected();
    guest.s().dr7 = windsor::x86::dr7::kFixed1 | windsor::x86::dr7::kGd;
    guest.code32(kCode, [](Assembler& a) { a.mov(eax, dr0); });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kCode);
    EXPECT_NE(guest.s().dr6 & d6::kBd, 0u);
    EXPECT_EQ(guest.s().dr7 & windsor::x86::dr7::kGd, 0u);
}

TEST_P(Debug, RegistersAndTheirReservedBits)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0);
        a.mov(dr6, eax);
        a.mov(dr7, eax);
        a.mov(ebx, dr6);
        a.mov(ecx, dr7);
        a.mov(edx, 0x12345678);
        a.mov(dr3, edx);
        a.mov(esi, dr3);
        a.db(0x0f); // mov edi, dr4: another name of DR6
        a.db(0x21);
        a.db(0xe7);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx), 0xffff0ff0u);
    EXPECT_EQ(guest.reg(windsor::x86::kRcx), 0x400u);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), 0x12345678u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi), 0xffff0ff0u);

    guest.make_protected();
    guest.s().cr4 |= windsor::x86::cr4::kDe;
    guest.put(kCode, {0x0f, 0x21, 0xe7});
    EXPECT_EQ(guest.run_to_handler().vector, 6u);

    guest.make_user();
    guest.put(kUserCode, {0x0f, 0x21, 0xc0});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

TEST_P(Debug, Icebp)
{
    guest.make_user(); // no privilege is checked
    guest.put(kUserCode, {0xf1});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kUserCode + 1u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 0u);
}

} // namespace

} // namespace windsor::emulate::conformance
