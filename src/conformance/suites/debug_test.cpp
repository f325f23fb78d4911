// SPDX-License-Identifier: GPL-2.0-or-later
// Debug registers, breakpoints and single-stepping. SDM volume 3B, chapter 17.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

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

constexpr std::uint32_t kBehindMovSs = kCode + 6;

// DS:[kData] is watched, and contains a valid selector: MOV SS, [kData] meets the breakpoint, and its trap is delayed
// until after the next instruction.
void watch_mov_ss(Guest& guest, const Bytes& next)
{
    guest.make_protected();
    guest.poke(kData, std::uint32_t{kData0});
    guest.s().dr[0] = kData;
    guest.s().dr7 = armed(3, 3);
    guest.put(kCode, {0x8e, 0x15, 0, 0, 2, 0}); // mov ss, [20000h]
    guest.put(kBehindMovSs, next);
}

TEST_P(Debug, MovSsHoldsADataBreakpointOff)
{
    watch_mov_ss(guest, {0x43, 0x43}); // inc ebx
    guest.s().gpr[kRbx] = 0;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kBehindMovSs + 1);
    EXPECT_EQ(guest.reg(kRbx), 1u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);

    watch_mov_ss(guest, {});
    guest.put(kCode, {0x17, 0x43, 0x43}); // pop ss
    guest.s().gpr[windsor::x86::kRsp] = kData;
    EXPECT_EQ(guest.run_to_handler().rip, kCode + 2u);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);
}

TEST_P(Debug, IcebpTakesTheTrapThatMovSsHeldWithIt)
{
    for (const bool stepping : {false, true}) {
        watch_mov_ss(guest, {0xf1});
        guest.s().rflags |= stepping ? fl::kTf : 0;
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 1u);
        EXPECT_EQ(frame.rip, kBehindMovSs + 1) << "a second #DB at the first instruction of the handler";
        EXPECT_EQ(guest.reg(windsor::x86::kRsp), kStack - 12u);
        EXPECT_EQ(guest.s().dr6 & d6::kBs, 0u);
    }
}

TEST_P(Debug, GeneralDetectionTakesTheTrapThatMovSsHeldWithIt)
{
    watch_mov_ss(guest, {0x0f, 0x21, 0xc0}); // mov eax, dr0
    guest.s().dr7 |= windsor::x86::dr7::kGd;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kBehindMovSs);
    EXPECT_EQ(guest.s().dr6 & (kStepBits | d6::kBd), d6::kBd | 1);
}

TEST_P(Debug, TheTrapThatMovSsHeldComesBehindASoftwareInterrupt)
{
    watch_mov_ss(guest, {0xcc}); // int3
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kHandlers + 3 * kHandlerSize) << "the first instruction of the handler of #BP";
    EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);

    watch_mov_ss(guest, {0xcd, 0x80});
    EXPECT_EQ(guest.run_to_handler().rip, kHandlers + 0x80 * kHandlerSize);
}

TEST_P(Debug, AFaultLosesTheTrapThatMovSsHeld)
{
    watch_mov_ss(guest, {0x0f, 0x0b}); // ud2
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 6u);
    EXPECT_EQ(frame.rip, kBehindMovSs);
    EXPECT_EQ(guest.s().dr6 & kStepBits, 0u);

    // The same where the next instruction cannot be fetched.
    watch_mov_ss(guest, {});
    guest.s().segment(windsor::x86::Seg::Cs).limit = kBehindMovSs - 1;
    guest.s().segment(windsor::x86::Seg::Cs).attributes.g = false;
    const Frame fetch = guest.run_to_handler();
    EXPECT_EQ(fetch.vector, 13u);
    EXPECT_EQ(fetch.rip, kBehindMovSs);
}

// CR4.DE and DR7.R/W = 10b: `port` is watched, with DR7's length code.
void watch_port(Guest& guest, std::uint16_t port, unsigned length, const Bytes& code)
{
    guest.make_protected();
    guest.s().cr4 |= windsor::x86::cr4::kDe;
    guest.s().dr[0] = port;
    guest.s().dr7 = armed(2, length);
    guest.s().gpr[windsor::x86::kRdx] = 0x7e;
    guest.put(kCode, code);
}

TEST_P(Debug, PortBreakpointsTrapAfterTheAccess)
{
    struct Case {
        std::uint16_t port;
        unsigned length;
        Bytes code;
        bool met;
    };
    const Case cases[] = {
        {0x80, 0, {0xe6, 0x80}, true},  // out 80h, al
        {0x80, 0, {0xe4, 0x80}, true},  // in al, 80h
        {0x80, 0, {0xe5, 0x80}, true},  // in eax, 80h
        {0x80, 0, {0xef}, true},        // out dx, eax: 7Eh to 81h
        {0x80, 0, {0xe6, 0x81}, false}, {0x80, 0, {0xee}, false},       // out dx, al
        {0x7d, 3, {0xee}, true},        // four ports from 7Ch on: the low bits have no meaning
        {0x80, 3, {0xee}, false},
    };
    for (const Case& test : cases) {
        Bytes code = test.code;
        code.push_back(0xf4);
        watch_port(guest, test.port, test.length, code);
        if (!test.met) {
            EXPECT_EQ(guest.run(), HaltReason::Halted);
            EXPECT_EQ(guest.s().rip, kCode + code.size());
            continue;
        }
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 1u);
        EXPECT_EQ(frame.rip, kCode + test.code.size());
        EXPECT_EQ(guest.s().dr6 & kStepBits, 1u);
    }
}

TEST_P(Debug, PortBreakpointsNeedCr4De)
{
    watch_port(guest, 0x80, 0, {0xe6, 0x80, 0xf4});
    guest.s().cr4 &= ~windsor::x86::cr4::kDe;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 3u);
}

TEST_P(Debug, PortBreakpointsTrapBetweenTheIterationsOfAString)
{
    for (const Bytes& code : {Bytes{0xf3, 0x6e}, Bytes{0xf3, 0x6c}}) { // rep outsb, rep insb
        watch_port(guest, 0x7e, 0, code);
        guest.s().gpr[windsor::x86::kRcx] = 5;
        guest.s().gpr[windsor::x86::kRsi] = kData;
        guest.s().gpr[windsor::x86::kRdi] = kData;
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 1u);
        EXPECT_EQ(frame.rip, kCode);
        EXPECT_EQ(guest.reg(windsor::x86::kRcx), 4u);
    }
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

} // namespace windsor::conformance
