// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual-8086 mode with and without its extensions, and protected-mode virtual interrupts. SDM volume 3B, chapter 20.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRsp;
using windsor::x86::Seg;

WINDSOR_CONFORMANCE(Virtual8086);

constexpr std::uint32_t kRedirection = kTss + 0x68;

TEST_P(Virtual8086, InterruptEntersRing0WithAllSegments)
{
    guest.make_v86(3);
    guest.put(kUserCode, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kUserCode >> 4);
    EXPECT_EQ(frame.rip, 2u);
    EXPECT_EQ(frame.ss, 0x3000u);
    EXPECT_EQ(frame.rsp, 0xfffcu);
    EXPECT_NE(frame.flags & fl::kVm, 0u);
    EXPECT_EQ(guest.reg(kRsp), kStack - 36u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kStack - 16), kData >> 4); // ES
    EXPECT_EQ(guest.peek<std::uint32_t>(kStack - 12), kData >> 4); // DS
    EXPECT_EQ(guest.peek<std::uint32_t>(kStack - 8), 0x1111u);     // FS
    EXPECT_EQ(guest.peek<std::uint32_t>(kStack - 4), 0x2222u);     // GS
    for (const Seg seg : {Seg::Ds, Seg::Es, Seg::Fs, Seg::Gs}) {
        EXPECT_EQ(guest.s().segment(seg).selector, 0u);
        EXPECT_TRUE(guest.s().segment(seg).unusable);
    }
    EXPECT_EQ(guest.s().rflags & fl::kVm, 0u);
}

TEST_P(Virtual8086, IretEntersIt)
{
    guest.make_v86(0); // for the vectors
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        for (const std::uint32_t value :
             {0x2222u, 0x1111u, 0x2000u, 0x2100u, 0x3000u, 0xfff0u, 0x23002u, kUserCode >> 4, 0x10u}) {
            a.push(value);
        }
        a.iretd();
    });
    guest.put(kUserCode + 0x10, {0x8c, 0xd8, 0x8c, 0xc3, 0xcd, 0x80}); // mov ax, ds; mov bx, es; int 80h
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(kRax), 0x2000u);
    EXPECT_EQ(guest.reg(kRbx), 0x2100u);
    EXPECT_EQ(frame.rsp, 0xfff0u);
    EXPECT_EQ(frame.flags & 0x3ffff & ~fl::kRf, 0x23002u);
}

TEST_P(Virtual8086, SensitiveInstructionsFaultBelowIopl3)
{
    for (const Bytes& code :
         {Bytes{0xfa}, Bytes{0xfb}, Bytes{0x9c}, Bytes{0x9d}, Bytes{0xcd, 0x21}, Bytes{0xcf}, Bytes{0xf4}}) {
        guest.make_v86(0);
        guest.put(kUserCode, code);
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 13u) << unsigned{code[0]};
        EXPECT_EQ(frame.error_code, 0u);
        EXPECT_EQ(frame.rip, 0u);
    }
}

TEST_P(Virtual8086, WithIopl3TheyWork)
{
    guest.make_v86(3);
    guest.put(kUserCode,
              {0xfb, 0x90, 0x9c, 0x58, 0xfa, 0x9c, 0x5b, 0xcd, 0x80}); // sti; nop; pushf; pop ax; cli; pushf; pop bx
    EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
    EXPECT_NE(guest.reg(kRax) & fl::kIf, 0u);
    EXPECT_EQ(guest.reg(kRbx) & fl::kIf, 0u);
    EXPECT_EQ(guest.reg(kRbx) & fl::kIopl, fl::kIopl);
}

TEST_P(Virtual8086, PopfKeepsIoplAndVm)
{
    guest.make_v86(3);
    guest.put(kUserCode, {0x6a, 0x02, 0x9d, 0x9c, 0x58, 0xcd, 0x80}); // push 2; popf; pushf; pop ax
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(guest.reg(kRax) & fl::kIopl, fl::kIopl);
    EXPECT_NE(frame.flags & fl::kVm, 0u);
}

TEST_P(Virtual8086, ProtectedInstructionsAreUndefined)
{
    for (const Bytes& code : {Bytes{0x0f, 0x00, 0xc8}, Bytes{0x0f, 0x02, 0xc0}, Bytes{0x63, 0xc0}}) { // str, lar, arpl
        guest.make_v86(3);
        guest.put(kUserCode, code);
        EXPECT_EQ(guest.run_to_handler().vector, 6u);
    }
}

TEST_P(Virtual8086, GateMustLeadToRing0)
{
    guest.make_v86(3);
    guest.set_gdt(kFree, Raw{.type = kTypeConforming}.descriptor());
    guest.set_idt(0x80, gate(kFree, kHandlers, kInterruptGate, 3));
    guest.put(kUserCode, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kFree);
}

// --- VME ---

TEST_P(Virtual8086, ExtensionsVirtualizeIf)
{
    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    // sti; pushf; pop ax; cli; pushf; pop bx; hlt
    guest.put(kUserCode, {0xfb, 0x9c, 0x58, 0xfa, 0x9c, 0x5b, 0xf4});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(guest.reg(kRax) & (fl::kIf | fl::kIopl), fl::kIf | fl::kIopl);
    EXPECT_EQ(guest.reg(kRbx) & (fl::kIf | fl::kIopl), fl::kIopl);
    EXPECT_EQ(frame.flags & (fl::kIf | fl::kVif | fl::kIopl), 0u);
}

TEST_P(Virtual8086, PendingVirtualInterruptFaultsAtSti)
{
    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.s().rflags |= fl::kVip;
    guest.put(kUserCode, {0xfa, 0xfb});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, 1u);

    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.s().rflags |= fl::kVip;
    guest.put(kUserCode, {0x68, 0x02, 0x02, 0x9d}); // push 202h; popf
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, 3u);
    EXPECT_EQ(frame.rsp, 0xfffau);
}

TEST_P(Virtual8086, ThirtyTwoBitFlagInstructionsStillFault)
{
    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.put(kUserCode, {0x66, 0x9c});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

TEST_P(Virtual8086, RedirectionBitmapSendsInterruptsToTheVectorTable)
{
    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.s().rflags |= fl::kVif;
    guest.poke(0x21 * 4u, std::uint32_t{0x2000'0000});
    guest.put(kData, {0x89, 0xe3, 0xcf}); // mov bx, sp; iret
    guest.put(kUserCode, {0xcd, 0x21, 0x9c, 0x58, 0xf4}); // int 21h; pushf; pop ax; hlt
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u); // the HLT
    EXPECT_EQ(frame.rip, 4u);
    EXPECT_EQ(guest.reg(kRbx) & 0xffff, 0xfff6u);
    EXPECT_EQ(guest.peek<std::uint16_t>(0x30000 + 0xfff6), 2u);
    EXPECT_EQ(guest.peek<std::uint16_t>(0x30000 + 0xfff8), kUserCode >> 4);
    EXPECT_EQ(guest.peek<std::uint16_t>(0x30000 + 0xfffa) & (fl::kIf | fl::kIopl), fl::kIf | fl::kIopl); // VIF as IF
    EXPECT_NE(guest.reg(kRax) & fl::kIf, 0u); // the IRET set VIF again
}

TEST_P(Virtual8086, BitSetInTheBitmapFaultsBelowIopl3)
{
    guest.make_v86(0);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.poke(kRedirection + 0x21 / 8, std::uint8_t{1 << (0x21 % 8)});
    guest.put(kUserCode, {0xcd, 0x21});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);

    guest.make_v86(3);
    guest.s().cr4 |= windsor::x86::cr4::kVme;
    guest.set_idt(0x21, gate(kCode0, kHandlers + 0x21 * kHandlerSize, kInterruptGate, 3));
    guest.put(kUserCode, {0xcd, 0x21});
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x21u);
    guest.poke(kRedirection + 0x21 / 8, std::uint8_t{0});
}

TEST_P(Virtual8086, ProtectedModeVirtualInterrupts)
{
    guest.make_user();
    guest.s().cr4 |= windsor::x86::cr4::kPvi;
    guest.put(kUserCode, {0xfb, 0xcd, 0x80});
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.flags & (fl::kIf | fl::kVif), fl::kVif);

    guest.make_user();
    guest.s().cr4 |= windsor::x86::cr4::kPvi;
    guest.s().rflags |= fl::kVif;
    guest.put(kUserCode, {0xfa, 0xcd, 0x80});
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.flags & (fl::kIf | fl::kVif), 0u);
}

TEST_P(Virtual8086, PortsGoByTheBitmap)
{
    guest.make_v86(3);
    guest.poke(kTss + 0x88 + 0x60 / 8, std::uint8_t{1}); // port 60h denied
    guest.put(kUserCode, {0xe6, 0x61, 0xe6, 0x60}); // out 61h, al; out 60h, al
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, 2u);
    EXPECT_TRUE(guest.ports.contains(0x61));
    EXPECT_FALSE(guest.ports.contains(0x60));
    guest.poke(kTss + 0x88 + 0x60 / 8, std::uint8_t{0});
}

TEST_P(Virtual8086, PortsBeyondTheTssAreDenied)
{
    guest.make_user();
    guest.put(kUserCode, {0x66, 0xba, 0x00, 0xf0, 0xee}); // mov dx, f000h; out dx, al
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, kUserCode + 4u);

    guest.make_user();
    guest.put(kUserCode, {0xe6, 0x61, 0xcd, 0x80});
    EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
}

} // namespace

} // namespace windsor::conformance
