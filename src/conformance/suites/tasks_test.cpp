// SPDX-License-Identifier: GPL-2.0-or-later
// Hardware task switches by JMP, CALL, INT and IRET. SDM volume 3A, chapter 7.
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

WINDSOR_CONFORMANCE(Tasks);

constexpr std::uint16_t kOther = kFree;        // a second TSS
constexpr std::uint16_t kGateToOther = kFree + 8;
constexpr std::uint16_t kOther16 = kFree + 16;
constexpr std::uint32_t kOtherCode = kCode + 0x1000;
constexpr std::uint32_t kOtherStack = kStack - 0x4000;

struct TaskSpec {
    std::uint16_t cs{kCode0};
    std::uint16_t ss{kData0};
    std::uint16_t ds{kData0};
    std::uint16_t ldt{0};
    std::uint32_t eip{kOtherCode};
    std::uint32_t esp{kOtherStack};
    std::uint32_t flags{2};
    std::uint16_t trap{0};
};

void put_task(Guest& guest, const TaskSpec& task)
{
    for (std::uint32_t offset = 0; offset < 0x68; offset += 4) {
        guest.poke(kOtherTss + offset, std::uint32_t{0});
    }
    guest.poke(kOtherTss + 4, kStack);
    guest.poke(kOtherTss + 8, std::uint32_t{kData0});
    guest.poke(kOtherTss + 28, static_cast<std::uint32_t>(guest.s().cr3));
    guest.poke(kOtherTss + 32, task.eip);
    guest.poke(kOtherTss + 36, task.flags);
    guest.poke(kOtherTss + 40, std::uint32_t{0xa0a0a0a0}); // EAX
    guest.poke(kOtherTss + 56, task.esp);
    guest.poke(kOtherTss + 72, std::uint32_t{task.ds});
    guest.poke(kOtherTss + 76, std::uint32_t{task.cs});
    guest.poke(kOtherTss + 80, std::uint32_t{task.ss});
    guest.poke(kOtherTss + 84, std::uint32_t{task.ds});
    guest.poke(kOtherTss + 96, std::uint32_t{task.ldt});
    guest.poke(kOtherTss + 100, task.trap);
    guest.poke(kOtherTss + 0x66, std::uint16_t{0x68});
    guest.set_gdt(kOther, Raw{.base = kOtherTss, .limit = 0x67, .type = 9, .s = false, .db = false}.descriptor());
    guest.set_gdt(kGateToOther, gate(kOther, 0, kTaskGate, 3));
}

void prepare(Guest& guest, const TaskSpec& task = {})
{
    guest.make_protected();
    put_task(guest, task);
}

std::uint8_t type_of(const Guest& guest, std::uint16_t selector)
{
    return guest.peek<std::uint8_t>(kGdt + selector + 5) & 15;
}

Bytes far_direct(std::uint8_t opcode, std::uint16_t selector)
{
    return {opcode, 0, 0, 0, 0, static_cast<std::uint8_t>(selector), static_cast<std::uint8_t>(selector >> 8)};
}

TEST_P(Tasks, JumpSavesTheOldAndLoadsTheNew)
{
    prepare(guest);
    guest.s().gpr[kRbx] = 0xb0b0b0b0;
    guest.put(kCode, far_direct(0xea, kOther));
    guest.put(kOtherCode, {0xf4});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kOtherCode + 1u);
    EXPECT_EQ(guest.reg(kRax), 0xa0a0a0a0u);
    EXPECT_EQ(guest.reg(kRbx), 0u);
    EXPECT_EQ(guest.reg(kRsp), kOtherStack);
    EXPECT_EQ(guest.s().tr.selector, kOther);
    EXPECT_NE(guest.s().cr0 & windsor::x86::cr0::kTs, 0u);
    EXPECT_EQ(guest.s().rflags & fl::kNt, 0u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kTss + 32), kCode + 7u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kTss + 52), 0xb0b0b0b0u);
    EXPECT_EQ(guest.peek<std::uint16_t>(kTss + 76), kCode0);
    EXPECT_EQ(type_of(guest, kTssSelector), 9); // no longer busy
    EXPECT_EQ(type_of(guest, kOther), 11);
}

TEST_P(Tasks, CallNestsAndIretReturns)
{
    prepare(guest);
    guest.put(kCode, far_direct(0x9a, kOther));
    guest.put(kCode + 7, {0xf4});
    guest.code32(kOtherCode, [](Assembler& a) {
        a.pushfd();
        a.pop(dword_ptr(kData));
        a.iretd();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 8u);
    EXPECT_EQ(guest.s().tr.selector, kTssSelector);
    EXPECT_EQ(guest.peek<std::uint16_t>(kOtherTss), kTssSelector); // back link
    EXPECT_NE(guest.peek<std::uint32_t>(kData) & fl::kNt, 0u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kOtherTss + 36) & fl::kNt, 0u); // cleared by the IRET
    EXPECT_EQ(type_of(guest, kTssSelector), 11);
    EXPECT_EQ(type_of(guest, kOther), 9);
}

TEST_P(Tasks, TaskGatesServeCallsFromRing3)
{
    prepare(guest);
    guest.make_user();
    put_task(guest, {});
    guest.put(kUserCode, far_direct(0x9a, kGateToOther | 3));
    guest.put(kUserCode + 7, {0xcd, 0x80});
    guest.put(kOtherCode, {0xcf});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kCode3);
    EXPECT_EQ(frame.rsp, kUserStack);
}

TEST_P(Tasks, ExceptionThroughATaskGatePushesTheErrorCode)
{
    prepare(guest);
    guest.set_idt(13, gate(kOther, 0, kTaskGate, 0));
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0xfff8);
        a.mov(ds, eax);
    });
    guest.code32(kOtherCode, [](Assembler& a) {
        a.pop(ebx);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx), 0xfff8u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kTss + 32), kCode + 5u);
    EXPECT_NE(guest.peek<std::uint32_t>(kTss + 36) & fl::kRf, 0u);
}

TEST_P(Tasks, DoubleFaultTaskSavesTheDay)
{
    prepare(guest);
    guest.make_user();
    put_task(guest, {});
    guest.poke(kTss + 8, std::uint32_t{kData3}); // no exception can enter ring 0
    guest.set_idt(8, gate(kOther, 0, kTaskGate, 0));
    guest.put(kUserCode, {0xcd, 0x80});
    guest.put(kOtherCode, {0x5b, 0xf4}); // pop ebx; hlt
    guest.s().gpr[kRbx] = 1;
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kOtherCode + 2u);
    EXPECT_EQ(guest.reg(kRbx), 0u);
}

TEST_P(Tasks, BusyTasksAndShortSegmentsAreRefused)
{
    prepare(guest);
    guest.put(kCode, far_direct(0xea, kTssSelector)); // itself: busy
    Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kTssSelector);

    prepare(guest);
    guest.set_gdt(kOther, Raw{.base = kOtherTss, .limit = 0x66, .type = 9, .s = false, .db = false}.descriptor());
    guest.put(kCode, far_direct(0xea, kOther));
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 10u);
    EXPECT_EQ(frame.error_code, kOther);

    prepare(guest);
    guest.set_gdt(kOther,
                  Raw{.base = kOtherTss, .limit = 0x67, .type = 9, .s = false, .p = false, .db = false}.descriptor());
    frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 11u);
    EXPECT_EQ(frame.error_code, kOther);
}

TEST_P(Tasks, BadSegmentsFaultInTheNewTask)
{
    struct Case {
        TaskSpec task;
        unsigned vector;
        std::uint32_t error;
    };
    // SS and CS must be good for the handler to run, so only DS and the LDT are bad here.
    const Case cases[] = {
        {{.ds = kCode0 | 4}, 10, kCode0 | 4},
        {{.ldt = kCode0}, 10, kCode0},
    };
    for (const Case& test : cases) {
        prepare(guest, test.task);
        // The handler runs as a task of its own: that of the outgoing TSS serves, being available again.
        guest.set_idt(10, gate(kTssSelector, 0, kTaskGate, 0));
        guest.put(kCode, far_direct(0xea, kOther));
        guest.put(kCode + 7, {0x5b, 0xf4}); // pop ebx: the error code; hlt
        EXPECT_EQ(guest.run(), HaltReason::Halted);
        EXPECT_EQ(guest.reg(kRbx), test.error);
        EXPECT_EQ(guest.s().rip, kCode + 9u);
        EXPECT_EQ(guest.peek<std::uint16_t>(kTss), kOther); // the fault came up in the new task
        EXPECT_EQ(guest.peek<std::uint32_t>(kOtherTss + 32), kOtherCode);
    }
}

TEST_P(Tasks, IretWithABadBackLink)
{
    prepare(guest);
    guest.s().rflags |= fl::kNt;
    guest.poke(kTss, std::uint16_t{kCode0});
    guest.put(kCode, {0xcf});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 10u);
    EXPECT_EQ(frame.error_code, kCode0);
}

TEST_P(Tasks, TrapBitRaisesADebugException)
{
    prepare(guest, {.trap = 1});
    guest.put(kCode, far_direct(0xea, kOther));
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 1u);
    EXPECT_EQ(frame.rip, kOtherCode);
    EXPECT_NE(guest.s().dr6 & windsor::x86::dr6::kBt, 0u);
}

TEST_P(Tasks, SwitchLoadsCr3)
{
    guest.make_protected();
    guest.enable_two_level();
    put_task(guest, {});
    // A second page directory in which the page of kData shows another.
    constexpr std::uint32_t kSecond = kTables + 0x8000;
    constexpr std::uint32_t kSecondTable = kTables + 0x9000;
    for (std::uint32_t i = 0; i < 1024; ++i) {
        guest.poke(kSecond + i * 4, guest.peek<std::uint32_t>(kTables + i * 4));
        guest.poke(kSecondTable + i * 4, guest.peek<std::uint32_t>(kTables + 0x1000 + i * 4));
    }
    guest.poke(kSecond, std::uint32_t{kSecondTable | 7});
    guest.poke(kSecondTable + (kData >> 12) * 4, std::uint32_t{0x60007});
    guest.poke(std::uint64_t{0x60000}, std::uint32_t{0xbeef});
    guest.poke(std::uint64_t{kData}, std::uint32_t{0xcafe});
    guest.poke(kOtherTss + 28, kSecond);
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(kData));
        for (const std::uint8_t byte : far_direct(0xea, kOther)) {
            a.db(byte);
        }
    });
    guest.code32(kOtherCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(kData));
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 0xbeefu);
    EXPECT_EQ(guest.s().cr3, kSecond);
    EXPECT_EQ(guest.peek<std::uint32_t>(kTss + 40), 0xcafeu);
}

TEST_P(Tasks, SixteenBitTask)
{
    guest.make_protected();
    guest.set_gdt(kOther16, Raw{.base = kOtherTss, .limit = 0x2b, .type = 1, .s = false, .db = false}.descriptor());
    for (std::uint32_t offset = 0; offset < 0x2c; offset += 2) {
        guest.poke(kOtherTss + offset, std::uint16_t{0});
    }
    guest.poke(kOtherTss + 14, std::uint16_t{0x8400}); // IP
    guest.poke(kOtherTss + 16, std::uint16_t{2});
    guest.poke(kOtherTss + 18, std::uint16_t{0x1234}); // AX
    guest.poke(kOtherTss + 26, std::uint16_t{0x9000}); // SP
    guest.poke(kOtherTss + 34, std::uint16_t{kData0});
    guest.poke(kOtherTss + 36, std::uint16_t{kCode0});
    guest.poke(kOtherTss + 38, std::uint16_t{kData0});
    guest.poke(kOtherTss + 40, std::uint16_t{kData0});
    guest.put(0x8400, {0xf4});
    guest.put(kCode, far_direct(0xea, kOther16));
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, 0x8401u);
    EXPECT_EQ(guest.reg(kRax) & 0xffff, 0x1234u);
    EXPECT_EQ(guest.reg(kRsp) & 0xffff, 0x9000u);
    EXPECT_TRUE(guest.s().segment(Seg::Fs).unusable);
}

TEST_P(Tasks, TaskInV86Mode)
{
    prepare(guest, {.cs = kUserCode >> 4, .ss = 0x3000, .ds = kData >> 4, .eip = 0, .esp = 0xfffc, .flags = 0x20002});
    guest.put(kCode, far_direct(0xea, kOther));
    guest.put(kUserCode, {0x8c, 0xd8, 0xf4}); // mov ax, ds; hlt: #GP in V86 mode
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.cs, kUserCode >> 4);
    EXPECT_EQ(frame.rip, 2u);
    EXPECT_NE(frame.flags & fl::kVm, 0u);
    EXPECT_EQ(guest.reg(kRax) & 0xffff, kData >> 4);
}

} // namespace

} // namespace windsor::conformance
