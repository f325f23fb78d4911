// SPDX-License-Identifier: GPL-2.0-or-later
// SYSENTER, SYSEXIT, SYSCALL and SYSRET. SDM volume 2.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
using windsor::x86::kR11;
using windsor::x86::kRcx;
using windsor::x86::kRdx;
using windsor::x86::kRsp;
using windsor::x86::Seg;

WINDSOR_CONFORMANCE(SystemCalls);

TEST_P(SystemCalls, SysenterAndSysexit)
{
    guest.make_user();
    guest.s().sysenter_cs = kCode0;
    guest.s().sysenter_esp = kStack - 0x100;
    guest.s().sysenter_eip = kCode;
    guest.s().rflags |= fl::kIf;
    guest.code32(kUserCode, [](Assembler& a) { a.sysenter(); });
    guest.code32(kCode, [](Assembler& a) {
        a.mov(esi, esp);
        a.mov(edi, cs);
        a.mov(ebx, ss);
        a.pushfd();
        a.pop(eax);
        a.mov(edx, kUserCode + 0x100);
        a.mov(ecx, kUserStack - 0x10);
        a.sysexit();
    });
    guest.put(kUserCode + 0x100, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), kStack - 0x100u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi), kCode0);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), kData0);
    EXPECT_EQ(guest.reg(windsor::x86::kRax) & fl::kIf, 0u);
    EXPECT_EQ(frame.cs, kCode3);
    EXPECT_EQ(frame.ss, kData3);
    EXPECT_EQ(frame.rsp, kUserStack - 0x10u);
}

TEST_P(SystemCalls, SysenterWithoutSegmentAndSysexitInRing3)
{
    guest.make_user();
    guest.code32(kUserCode, [](Assembler& a) { a.sysenter(); });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);

    guest.make_user();
    guest.s().sysenter_cs = kCode0;
    guest.code32(kUserCode, [](Assembler& a) { a.sysexit(); });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

void set_syscall(Guest& guest)
{
    guest.s().star = (std::uint64_t{kFree + 3} << 48) | (std::uint64_t{kLong0} << 32);
    guest.s().lstar = kCode;
    guest.s().fmask = fl::kIf | fl::kTf;
}

TEST_P(SystemCalls, SyscallAndSysret)
{
    guest.make_long_user();
    set_syscall(guest);
    guest.s().rflags |= fl::kIf;
    guest.code64(kUserCode, [](Assembler& a) {
        a.syscall();
        a.int_(0x80);
    });
    guest.code64(kCode, [](Assembler& a) {
        a.mov(esi, cs);
        a.mov(edi, ss);
        a.pushfq();
        a.pop(rax);
        a.mov(rbx, rcx);
        a.db(0x48); // sysretq
        a.db(0x0f);
        a.db(0x07);
    });
    guest.set_gdt(kFree, Raw{.type = kTypeCode, .dpl = 3}.descriptor());
    guest.set_gdt(kFree + 8, Raw{.type = kTypeData, .dpl = 3}.descriptor());
    guest.set_gdt(kFree + 16, Raw{.type = kTypeCode, .dpl = 3, .l = true}.descriptor());
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), kLong0);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi), kLong0 + 8u);
    EXPECT_EQ(guest.reg(windsor::x86::kRax) & fl::kIf, 0u);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), kUserCode + 2u);
    EXPECT_NE(guest.reg(kR11) & fl::kIf, 0u);
    EXPECT_EQ(frame.cs, kFree + 16 + 3);
    EXPECT_EQ(frame.ss, kFree + 8 + 3);
    EXPECT_EQ(frame.rsp, kUserStack);
    EXPECT_NE(frame.flags & fl::kIf, 0u);
}

TEST_P(SystemCalls, SysretToCompatibilityMode)
{
    guest.make_long();
    set_syscall(guest);
    guest.set_gdt(kFree, Raw{.type = kTypeCode, .dpl = 3}.descriptor());
    guest.set_gdt(kFree + 8, Raw{.type = kTypeData, .dpl = 3}.descriptor());
    guest.code64(kCode, [](Assembler& a) {
        a.mov(ecx, kUserCode);
        a.mov(r11d, 0x202);
        a.sysret();
    });
    guest.code32(kUserCode, [](Assembler& a) {
        a.mov(eax, -1);
        a.inc(eax);
        a.int_(0x80);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(windsor::x86::kRax), 0u);
    EXPECT_EQ(frame.cs, kFree + 3);
}

// A debugger steps over a SYSCALL: the trap of that step comes with the SYSRET.
TEST_P(SystemCalls, SysretWithTfTrapsBeforeTheNextInstruction)
{
    for (const bool wide : {true, false}) {
        guest.make_long();
        set_syscall(guest);
        guest.set_gdt(kFree, Raw{.type = kTypeCode, .dpl = 3}.descriptor());
        guest.set_gdt(kFree + 8, Raw{.type = kTypeData, .dpl = 3}.descriptor());
        guest.set_gdt(kFree + 16, Raw{.type = kTypeCode, .dpl = 3, .l = true}.descriptor());
        guest.s().gpr[kRcx] = kUserCode;
        guest.s().gpr[kR11] = 0x302;
        guest.put(kCode, wide ? Bytes{0x48, 0x0f, 0x07} : Bytes{0x0f, 0x07});
        guest.put(kUserCode, {0x90, 0x90});
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 1u);
        EXPECT_EQ(frame.rip, kUserCode);
        EXPECT_EQ(frame.cs & 3, 3u);
        EXPECT_NE(frame.flags & fl::kTf, 0u);
        EXPECT_NE(guest.s().dr6 & windsor::x86::dr6::kBs, 0u);
    }
}

// SYSENTER and SYSEXIT do nothing to TF: the trap comes behind them as behind any instruction.
TEST_P(SystemCalls, SysexitWithTfTrapsBehindIt)
{
    guest.make_protected();
    guest.s().sysenter_cs = kCode0;
    guest.s().rflags |= fl::kTf;
    guest.s().gpr[kRcx] = kUserStack;
    guest.s().gpr[kRdx] = kUserCode;
    guest.put(kCode, {0x0f, 0x35});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kUserCode);
}

TEST_P(SystemCalls, SysenterAndSysexitInRealAndVirtual8086Mode)
{
    for (const Bytes& code : {Bytes{0x0f, 0x34}, Bytes{0x0f, 0x35}}) {
        guest.make_real();
        guest.s().sysenter_cs = kCode0;
        guest.put(kCode, code);
        EXPECT_EQ(guest.run(), HaltReason::Halted);
        EXPECT_EQ(guest.s().segment(Seg::Cs).base + guest.s().rip - 1, kRealHandlers + 13 * kHandlerSize)
            << unsigned{code.back()};
    }
    guest.make_v86(3);
    guest.s().sysenter_cs = kCode0;
    guest.put(kUserCode, {0x0f, 0x35});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);

    guest.make_v86(3);
    guest.s().sysenter_cs = kCode0;
    guest.s().sysenter_eip = kCode;
    guest.s().sysenter_esp = kStack;
    guest.put(kUserCode, {0x0f, 0x34});
    guest.put(kCode, {0xf4});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 1u);
    EXPECT_EQ(guest.s().rflags & fl::kVm, 0u);
}

TEST_P(SystemCalls, SyscallIsUndefinedWithoutSceAndInCompatibilityMode)
{
    guest.make_long_user();
    set_syscall(guest);
    guest.s().efer &= ~windsor::x86::efer::kSce;
    guest.put(kUserCode, {0x0f, 0x05});
    EXPECT_EQ(guest.run_to_handler().vector, 6u);

    guest.make_compatibility(); // the standard model is an Intel one
    set_syscall(guest);
    EXPECT_EQ(guest.run_to_handler().vector, 6u);
}

TEST_P(SystemCalls, SysretToNonCanonicalRcx)
{
    guest.make_long();
    set_syscall(guest);
    guest.s().gpr[kRcx] = 0x8000'0000'0000;
    guest.put(kCode, {0x48, 0x0f, 0x07});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.cs, kLong0);
}

TEST_P(SystemCalls, SysenterFromCompatibilityModeEnters64BitCode)
{
    guest.make_compatibility();
    guest.s().sysenter_cs = kLong0;
    guest.s().sysenter_esp = kStack;
    guest.s().sysenter_eip = kCode;
    guest.code32(kUserCode, [](Assembler& a) { a.sysenter(); });
    guest.code64(kCode, [](Assembler& a) {
        a.mov(rax, 0x1122334455667788);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRax), 0x1122334455667788u);
    EXPECT_EQ(guest.reg(kRsp), kStack);
}

TEST_P(SystemCalls, SwapgsNeedsRing0)
{
    guest.make_long();
    guest.s().kernel_gs_base = 0x123456789000;
    guest.s().segment(Seg::Gs).base = kData;
    guest.put(kCode, {0x0f, 0x01, 0xf8, 0xf4});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().segment(Seg::Gs).base, 0x123456789000u);
    EXPECT_EQ(guest.s().kernel_gs_base, kData);

    guest.make_long_user();
    guest.put(kUserCode, {0x0f, 0x01, 0xf8});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

} // namespace

} // namespace windsor::conformance
