// SPDX-License-Identifier: GPL-2.0-or-later
// x87 exceptions with CR0.NE clear, which reach the program as an interrupt. SDM volume 1, section 8.7.2 and appendix
// D.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
using windsor::x86::kRax;

WINDSOR_CONFORMANCE(NumericErrors);

// Divides 1 by 0 with that exception unmasked, by a control word at kData.
void divide_by_zero(Assembler& a)
{
    a.fninit();
    a.fldcw(word_ptr(kData));
    a.fld1();
    a.fldz();
    a.fdivp();
}

void begin(Guest& guest, std::uint64_t interrupts)
{
    guest.make_protected();
    guest.s().cr0 &= ~windsor::x86::cr0::kNe;
    guest.s().rflags |= interrupts;
    guest.poke(kData, std::uint16_t{0x37b});
    guest.ferr = false;
    guest.ignne = false;
}

TEST_P(NumericErrors, TheNextX87InstructionWaitsForTheInterrupt)
{
    struct Waiting {
        Bytes code;
        const char* name;
    };
    const Waiting cases[] = {{{0xd9, 0xe8}, "fld1"},
                             {{0x9b}, "fwait"},
                             {{0xd9, 0xd0}, "fnop"},
                             {{0xd9, 0x2d, 0, 0, 2, 0}, "fldcw"},
                             {{0x0f, 0xef, 0xc0}, "pxor mm0, mm0"},
                             {{0x0f, 0x77}, "emms"}};
    for (const Waiting& waiting : cases) {
        begin(guest, fl::kIf);
        guest.code32(kCode, [&](Assembler& a) {
            divide_by_zero(a);
            a.mov(ebx, 1);
            a.fnstsw(ax); // does not wait
            for (const std::uint8_t byte : waiting.code) {
                a.db(byte);
            }
            a.mov(ebx, 2);
            a.hlt();
        });
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, kNumericError) << waiting.name;
        EXPECT_EQ(guest.reg(windsor::x86::kRbx), 1u) << waiting.name;
        EXPECT_EQ(guest.reg(kRax) & 0x84, 0x84u) << "ES and ZE";
        Bytes at(waiting.code.size());
        for (std::size_t i = 0; i < at.size(); ++i) {
            at[i] = guest.peek<std::uint8_t>(frame.rip + i);
        }
        EXPECT_EQ(at, waiting.code) << "returns to " << waiting.name;
        EXPECT_TRUE(guest.ferr);
    }
}

TEST_P(NumericErrors, HandlerClearsTheExceptionAndTheInstructionRuns)
{
    begin(guest, fl::kIf);
    guest.code32(kCode, [](Assembler& a) {
        divide_by_zero(a);
        a.fld1();
        a.hlt();
    });
    guest.code32(kCode + 0x100, [](Assembler& a) {
        a.fnclex();
        a.inc(ebx);
        a.iret();
    });
    guest.set_idt(kNumericError, gate(kCode0, kCode + 0x100, kInterruptGate, 0));
    guest.s().gpr[windsor::x86::kRbx] = 0;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 1u);
    EXPECT_FALSE(guest.ferr);
    EXPECT_EQ(guest.s().fx.fsw & 0x80, 0u);
}

TEST_P(NumericErrors, WithoutInterruptsTheProcessorStandsStill)
{
    begin(guest, 0);
    guest.code32(kCode, [](Assembler& a) {
        divide_by_zero(a);
        a.fwait();
        a.mov(ebx, 2);
        a.hlt();
    });
    guest.s().gpr[windsor::x86::kRbx] = 1;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.peek<std::uint8_t>(guest.s().rip), 0x9bu) << "at the FWAIT";
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 1u);
    EXPECT_TRUE(guest.ferr);
}

TEST_P(NumericErrors, IgnneLetsTheProgramGoOn)
{
    begin(guest, fl::kIf);
    guest.ignne = true;
    guest.code32(kCode, [](Assembler& a) {
        divide_by_zero(a);
        a.fld1();
        a.fwait();
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.peek<std::uint8_t>(guest.s().rip - 1), 0xf4u);
    EXPECT_TRUE(guest.ferr);
}

TEST_P(NumericErrors, FerrFallsWithTheException)
{
    const Bytes clearing[] = {{0xdb, 0xe2},                   // fnclex
                              {0xdb, 0xe3},                   // fninit
                              {0xd9, 0x35, 0, 0x10, 2, 0},    // fnstenv, which masks it
                              {0xdd, 0x35, 0, 0x10, 2, 0},    // fnsave
                              {0x0f, 0xae, 0x0d, 0, 8, 2, 0}, // fxrstor of an image without it
                              {0x0f, 0x20, 0xc0, 0x83, 0xc8, 0x20, 0x0f, 0x22, 0xc0}}; // mov cr0 with NE
    for (const Bytes& code : clearing) {
        begin(guest, 0);
        guest.s().cr4 |= windsor::x86::cr4::kOsfxsr;
        guest.ignne = true;
        guest.code32(kCode, [&](Assembler& a) {
            a.fxsave(ptr(kData + 0x800));
            divide_by_zero(a);
            a.fwait();
            a.out(0x80, al);
            for (const std::uint8_t byte : code) {
                a.db(byte);
            }
            a.hlt();
        });
        bool raised = false;
        guest.on_port = [&](std::uint16_t) { raised = guest.ferr; };
        EXPECT_EQ(guest.run(), HaltReason::Halted);
        EXPECT_TRUE(raised);
        EXPECT_FALSE(guest.ferr) << std::hex << unsigned{code[0]} << ' ' << unsigned{code[1]};
    }
}

} // namespace

} // namespace windsor::conformance
