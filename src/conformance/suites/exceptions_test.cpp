// SPDX-License-Identifier: GPL-2.0-or-later
// Delivery of exceptions and interrupts: frames, error codes, double and triple faults. SDM volume 3A, chapter 6.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
using windsor::x86::kRsp;
using windsor::x86::Seg;

WINDSOR_CONFORMANCE(Exceptions);

constexpr std::uint16_t kAbsent = kFree;          // data, not present
constexpr std::uint16_t kAbsentStack = kFree + 8; // the same, ring 0
constexpr std::uint16_t kExecuteOnly = kFree + 16;

void add_segments(Guest& guest)
{
    guest.set_gdt(kAbsent, Raw{.type = kTypeData, .dpl = 3, .p = false}.descriptor());
    guest.set_gdt(kAbsentStack, Raw{.type = kTypeData, .p = false}.descriptor());
    guest.set_gdt(kExecuteOnly, Raw{.type = 9}.descriptor());
}

TEST_P(Exceptions, FaultPushesTheFaultingInstructionAndRf)
{
    guest.make_protected();
    guest.s().rflags |= fl::kIf;
    guest.code32(kCode, [](Assembler& a) {
        a.xor_(ecx, ecx);
        a.div(ecx);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0u);
    EXPECT_FALSE(frame.error_code);
    EXPECT_EQ(frame.rip, kCode + 2);
    EXPECT_EQ(frame.cs, kCode0);
    EXPECT_EQ(frame.flags & (fl::kRf | fl::kIf), fl::kRf | fl::kIf);
    EXPECT_EQ(guest.s().rflags & (fl::kIf | fl::kTf | fl::kRf | fl::kNt | fl::kVm), 0u);
    EXPECT_EQ(guest.reg(kRsp), kStack - 12u);
}

TEST_P(Exceptions, TrapPushesTheNextInstruction)
{
    guest.make_protected();
    guest.put(kCode, {0xcc}); // int3
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 3u);
    EXPECT_EQ(frame.rip, kCode + 1);
    EXPECT_EQ(frame.flags & fl::kRf, 0u);
}

TEST_P(Exceptions, IntoTrapsOnlyWithOverflow)
{
    guest.make_protected();
    guest.put(kCode, {0xce, 0xcd, 0x80}); // into; int 80h
    EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
    guest.make_protected();
    guest.s().rflags |= fl::kOf;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 4u);
    EXPECT_EQ(frame.rip, kCode + 1);
}

struct SelectorCase {
    std::uint16_t selector;
    unsigned vector;
    std::uint32_t error;
};

TEST_P(Exceptions, DataSegmentLoadsNameTheirSelector)
{
    const SelectorCase cases[] = {
        {0xfff8, 13, 0xfff8},                    // beyond the GDT
        {0xfffd, 13, 0xfffc},                    // no LDT
        {kExecuteOnly, 13, kExecuteOnly},        // code that cannot be read
        {kTssSelector, 13, kTssSelector},        // system descriptor
        {kAbsent, 11, kAbsent},                  // not present
        {static_cast<std::uint16_t>(kData0 | 3), 13, kData0}, // RPL 3 into a ring 0 segment
    };
    for (const SelectorCase& test : cases) {
        guest.make_protected();
        add_segments(guest);
        guest.code32(kCode, [&](Assembler& a) {
            a.mov(eax, test.selector);
            a.mov(ds, eax);
        });
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, test.vector) << std::hex << test.selector;
        EXPECT_EQ(frame.error_code, test.error) << std::hex << test.selector;
        EXPECT_EQ(frame.rip, kCode + 5) << std::hex << test.selector;
    }
}

TEST_P(Exceptions, StackSegmentLoadsNameTheirSelector)
{
    const SelectorCase cases[] = {
        {0, 13, 0},                              // null
        {kCode0, 13, kCode0},                    // not writable
        {kData3, 13, kData3 & 0xfffc},           // wrong level
        {kAbsentStack, 12, kAbsentStack},        // not present: #SS
    };
    for (const SelectorCase& test : cases) {
        guest.make_protected();
        add_segments(guest);
        guest.code32(kCode, [&](Assembler& a) {
            a.mov(eax, test.selector);
            a.mov(ss, eax);
        });
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, test.vector) << std::hex << test.selector;
        EXPECT_EQ(frame.error_code, test.error) << std::hex << test.selector;
    }
}

TEST_P(Exceptions, NullDataSegmentFaultsWhenUsed)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.xor_(eax, eax);
        a.mov(fs, eax);
        Mem m = dword_ptr(eax);
        m.setSegment(fs);
        a.mov(edx, m);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
}

TEST_P(Exceptions, PrivilegedInstructionsInRing3)
{
    for (const Bytes& code : {Bytes{0xf4}, Bytes{0x0f, 0x22, 0xc0}, Bytes{0xfa}, Bytes{0x0f, 0x06},
                              Bytes{0x0f, 0x01, 0x17}, Bytes{0x0f, 0x32}}) {
        guest.make_user();
        guest.put(kUserCode, code);
        guest.s().gpr[windsor::x86::kRdi] = kData;
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 13u) << unsigned{code[0]};
        EXPECT_EQ(frame.error_code, 0u);
        EXPECT_EQ(frame.rip, kUserCode);
        EXPECT_EQ(frame.cs, kCode3);
        EXPECT_EQ(frame.ss, kData3);
        EXPECT_EQ(frame.rsp, kUserStack);
        EXPECT_EQ(guest.reg(kRsp), kStack - 24u);
        EXPECT_EQ(guest.s().segment(Seg::Ss).selector, kData0);
        EXPECT_EQ(guest.s().segment(Seg::Cs).selector, kCode0);
    }
}

TEST_P(Exceptions, SoftwareInterruptNeedsTheGatesPrivilege)
{
    guest.make_user();
    guest.put(kUserCode, {0xcd, 0x21});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0x21u * 8 + 2);
    EXPECT_EQ(frame.rip, kUserCode);

    guest.make_user();
    guest.put(kUserCode, {0xcd, 0x80});
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.rip, kUserCode + 2);
    EXPECT_EQ(frame.ss, kData3);
}

TEST_P(Exceptions, AbsentGateIsNotPresentWithIdtAndExtBits)
{
    guest.make_protected();
    guest.set_idt(6, gate(kCode0, kHandlers, kInterruptGate, 0) & ~(std::uint64_t{1} << 47));
    guest.put(kCode, {0x0f, 0x0b});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 11u);
    EXPECT_EQ(frame.error_code, 6u * 8 + 3); // an exception: EXT

    guest.put(kCode, {0xcd, 0x06});
    guest.make_protected();
    guest.set_idt(6, gate(kCode0, kHandlers, kInterruptGate, 0) & ~(std::uint64_t{1} << 47));
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 11u);
    EXPECT_EQ(frame.error_code, 6u * 8 + 2); // software: not EXT
}

TEST_P(Exceptions, VectorBeyondTheIdtIsGeneralProtection)
{
    guest.make_protected();
    guest.s().idtr.limit = 0x20 * 8 - 1;
    guest.put(kCode, {0xcd, 0x30});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0x30u * 8 + 2);
}

TEST_P(Exceptions, GateToABadCodeSegment)
{
    guest.make_protected();
    guest.set_idt(0x30, gate(kData0, kHandlers, kInterruptGate, 3));
    guest.put(kCode, {0xcd, 0x30});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kData0);

    guest.make_protected();
    guest.set_idt(0x30, gate(0, kHandlers, kInterruptGate, 3));
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
}

TEST_P(Exceptions, ContributoryFaultsMakeADoubleFault)
{
    guest.make_protected();
    guest.set_idt(13, 0);
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0xfff8);
        a.mov(ds, eax);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 8u);
    EXPECT_EQ(frame.error_code, 0u);
    EXPECT_EQ(frame.rip, kCode + 5);
}

TEST_P(Exceptions, TripleFaultShutsDown)
{
    guest.make_protected();
    guest.s().idtr.limit = 0;
    guest.put(kCode, {0x0f, 0x0b});
    EXPECT_EQ(guest.run(), HaltReason::Shutdown);
    EXPECT_EQ(guest.s().activity, vcpu::Activity::Shutdown);
}

TEST_P(Exceptions, TrapGateKeepsInterruptsOn)
{
    guest.make_protected();
    guest.s().rflags |= fl::kIf;
    guest.set_idt(0x30, gate(kCode0, kHandlers + 0x30 * kHandlerSize, kTrapGate, 0));
    guest.put(kCode, {0xcd, 0x30});
    EXPECT_EQ(guest.run_to_handler().vector, 0x30u);
    EXPECT_NE(guest.s().rflags & fl::kIf, 0u);
}

TEST_P(Exceptions, SixteenBitGatePushesWords)
{
    guest.make_protected();
    guest.set_idt(0x30, gate(kCode0, kHandlers + 0x30 * kHandlerSize, 6, 0));
    guest.put(kHandlers + 0x30 * kHandlerSize, {0xf4});
    guest.put(kCode, {0xcd, 0x30});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRsp), kStack - 6u);
    EXPECT_EQ(guest.peek<std::uint16_t>(kStack - 6), (kCode + 2) & 0xffff);
    EXPECT_EQ(guest.peek<std::uint16_t>(kStack - 4), kCode0);
}

TEST_P(Exceptions, ConformingHandlerKeepsTheLevel)
{
    guest.make_user();
    guest.set_gdt(kFree, Raw{.type = kTypeConforming}.descriptor());
    guest.set_idt(0x80, gate(kFree, kUserCode + 0x100, kInterruptGate, 3));
    guest.put(kUserCode, {0xcd, 0x80});
    guest.put(kUserCode + 0x100, {0xcd, 0x03}); // the frame of ring 3 stays below
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 3u);
    EXPECT_EQ(frame.cs, kFree | 3);
    EXPECT_EQ(frame.rsp, kUserStack - 12u);
}

TEST_P(Exceptions, InnerStackMustFit)
{
    // A bad SS0 is #TS with its selector; the handler of #TS needs a stack too, so it is a task's own: here the
    // fault comes up as a double fault and then as a shutdown.
    guest.make_user();
    guest.poke(kTss + 8, std::uint32_t{kData3});
    guest.put(kUserCode, {0xcd, 0x80});
    EXPECT_EQ(guest.run(), HaltReason::Shutdown);
}

TEST_P(Exceptions, BadInnerStackIsInvalidTss)
{
    guest.make_user();
    guest.poke(kTss + 8, std::uint32_t{kData3});
    // A conforming handler needs no inner stack.
    guest.set_gdt(kFree, Raw{.type = kTypeConforming}.descriptor());
    guest.set_idt(10, gate(kFree, kUserCode + 0x100, kInterruptGate, 0));
    guest.put(kUserCode, {0xcd, 0x80});
    guest.code32(kUserCode + 0x100, [](Assembler& a) {
        a.pop(ebx);
        a.mov(dword_ptr(kTss + 8), kData0);
        a.int_(0x80);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), kData3 & 0xfffcu);
}

TEST_P(Exceptions, ExternalInterruptWaitsForIf)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 1);
        a.sti();
        a.mov(eax, 2); // the shadow of STI
        a.mov(eax, 3);
    });
    guest.request(0x40);
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x40u);
    EXPECT_EQ(frame.rip, kCode + 11);
    EXPECT_EQ(guest.reg(windsor::x86::kRax), 2u);
}

TEST_P(Exceptions, HltWakesByInterrupt)
{
    guest.make_protected();
    guest.put(kCode, {0xfb, 0xf4, 0x90}); // sti; hlt; nop
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 2);
    guest.request(0x41);
    EXPECT_EQ(guest.engine().run(), HaltReason::Halted);
    guest.s() = guest.engine().state();
    EXPECT_EQ(guest.s().rip, kHandlers + 0x41 * kHandlerSize + 1);
    EXPECT_EQ(guest.peek<std::uint32_t>(guest.reg(kRsp)), kCode + 2);
}

TEST_P(Exceptions, MovSsHoldsInterruptsOff)
{
    guest.make_protected();
    guest.s().rflags |= fl::kIf;
    guest.on_port = [this](std::uint16_t) { guest.request(0x42); };
    guest.code32(kCode, [](Assembler& a) {
        a.mov(ecx, kData0);
        a.cli();
        a.out(0x10, al);
        a.sti();
        a.mov(ss, ecx);  // in STI's shadow, and casts its own
        a.mov(ebx, 1);
        a.mov(ebx, 2);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 0x42u);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 1u);
}

TEST_P(Exceptions, NmiIsBlockedUntilIret)
{
    guest.make_protected();
    guest.set_idt(2, gate(kCode0, kData, kInterruptGate, 0));
    guest.code32(kData, [](Assembler& a) {
        a.inc(ebx);
        a.out(0x10, al); // another NMI, which is blocked
        a.mov(ecx, ebx);
        a.iretd();
    });
    guest.code32(kCode, [](Assembler& a) {
        a.nop();
        a.hlt();
    });
    int raised = 0;
    guest.on_port = [&](std::uint16_t) {
        if (raised++ == 0) {
            guest.engine().signals().raise(vcpu::Signal::Nmi);
        }
    };
    guest.engine().signals().raise(vcpu::Signal::Nmi);
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 2u);
    EXPECT_EQ(guest.reg(windsor::x86::kRcx), 2u);
    EXPECT_FALSE(guest.s().nmi_blocked);
    EXPECT_EQ(guest.s().rip, kCode + 2);
}

// --- Real mode ---

TEST_P(Exceptions, RealModePushesThreeWords)
{
    guest.make_real();
    guest.s().rflags |= fl::kIf;
    guest.put(kCode, {0x31, 0xc9, 0xf7, 0xf1}); // xor cx, cx; div cx
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kRealHandlers + 1);
    EXPECT_EQ(guest.s().segment(Seg::Cs).selector, 0u);
    EXPECT_EQ(guest.reg(kRsp), 0xfff6u);
    EXPECT_EQ(guest.peek<std::uint16_t>(0x2fff6), 2u);
    EXPECT_EQ(guest.peek<std::uint16_t>(0x2fff8), 0x1000u);
    EXPECT_NE(guest.peek<std::uint16_t>(0x2fffa) & fl::kIf, 0u);
    EXPECT_EQ(guest.s().rflags & fl::kIf, 0u);
}

TEST_P(Exceptions, RealModeInterruptAndIret)
{
    guest.make_real();
    guest.poke(0x21 * 4u, std::uint32_t{0x2000'0000});
    guest.put(kData, {0x43, 0xcf});                   // inc bx; iret
    guest.put(kCode, {0xcd, 0x21, 0xcd, 0x21, 0xf4}); // int 21h twice; hlt
    guest.s().gpr[windsor::x86::kRbx] = 0;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 2u);
    EXPECT_EQ(guest.reg(kRsp), 0xfffcu);
    EXPECT_EQ(guest.s().rip, 5u);
}

TEST_P(Exceptions, RealModeShutsDownWithoutVectors)
{
    guest.make_real();
    guest.s().idtr.limit = 3;
    guest.put(kCode, {0x0f, 0x0b});
    EXPECT_EQ(guest.run(), HaltReason::Shutdown);
}

TEST_P(Exceptions, RealModeWordBeyondTheSegmentIsGeneralProtection)
{
    guest.make_real();
    guest.put(kCode, {0xa1, 0xff, 0xff}); // mov ax, [ffffh]
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kRealHandlers + 13 * kHandlerSize + 1);
}

// --- Long mode ---

TEST_P(Exceptions, LongModeAlignsTheStackAndAlwaysPushesIt)
{
    guest.make_long();
    guest.s().gpr[kRsp] = kStack - 5;
    guest.put(kCode, {0x0f, 0x0b});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 6u);
    EXPECT_EQ(frame.rip, kCode);
    EXPECT_EQ(frame.cs, kLong0);
    EXPECT_EQ(frame.rsp, kStack - 5u);
    EXPECT_EQ(frame.ss, kData0);
    EXPECT_EQ(guest.reg(kRsp), kStack - 16u - 40u);
    EXPECT_EQ(guest.s().segment(Seg::Ss).selector, kData0); // no change of level: SS stays
}

TEST_P(Exceptions, LongModeInnerLevelHasANullStackSegment)
{
    guest.make_long_user();
    guest.put(kUserCode, {0xf4});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
    EXPECT_EQ(frame.cs, kLong3);
    EXPECT_EQ(frame.ss, kData3);
    EXPECT_EQ(frame.rsp, kUserStack);
    EXPECT_EQ(guest.s().segment(Seg::Ss).selector, 0u);
    EXPECT_EQ(guest.reg(kRsp), kStack - 48u);
}

TEST_P(Exceptions, LongModeInterruptStackTable)
{
    guest.make_long();
    guest.poke(kIdt + 6 * 16u, gate(kLong0, kHandlers + 6 * kHandlerSize, kInterruptGate, 0, 1)); // IST 1
    guest.put(kCode, {0x0f, 0x0b});
    EXPECT_EQ(guest.run_to_handler().vector, 6u);
    EXPECT_EQ(guest.reg(kRsp), kIstStack - 40u);
}

TEST_P(Exceptions, LongModeFromCompatibilityMode)
{
    guest.make_compatibility();
    guest.put(kUserCode, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kCode3);
    EXPECT_EQ(frame.rip, kUserCode + 2);
    EXPECT_TRUE(guest.s().segment(Seg::Cs).attributes.l);
}

TEST_P(Exceptions, LongModeHandlerMustBe64BitCode)
{
    guest.make_long();
    guest.poke(kIdt + 0x30 * 16u, gate(kCode0, kHandlers, kInterruptGate, 0));
    guest.put(kCode, {0xcd, 0x30});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kCode0);
}

TEST_P(Exceptions, LongModeNonCanonicalAccess)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.mov(rax, 0x8000'0000'0000);
        a.mov(rbx, ptr(rax));
    });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);

    guest.make_long();
    guest.poke(kIdt + 12 * 16u, gate(kLong0, kHandlers + 12 * kHandlerSize, kInterruptGate, 0, 1));
    guest.code64(kCode, [](Assembler& a) {
        a.mov(rsp, 0x8000'0000'0100);
        a.push(rax);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 12u);
    EXPECT_EQ(frame.error_code, 0u);
}

} // namespace

} // namespace windsor::conformance
