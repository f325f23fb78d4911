// SPDX-License-Identifier: GPL-2.0-or-later
// Far transfers and changes of privilege. SDM volume 3A, section 5.8.
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

WINDSOR_CONFORMANCE(Transfers);

// jmp or call ptr16:32.
Bytes far_direct(std::uint8_t opcode, std::uint16_t selector, std::uint32_t offset)
{
    Bytes bytes{opcode};
    for (unsigned i = 0; i < 4; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(offset >> (i * 8)));
    }
    bytes.push_back(static_cast<std::uint8_t>(selector));
    bytes.push_back(static_cast<std::uint8_t>(selector >> 8));
    return bytes;
}
Bytes far_jump(std::uint16_t selector, std::uint32_t offset)
{
    return far_direct(0xea, selector, offset);
}
Bytes far_call(std::uint16_t selector, std::uint32_t offset)
{
    return far_direct(0x9a, selector, offset);
}

constexpr std::uint16_t kGateSelector = kFree;
constexpr std::uint16_t kConforming = kFree + 8;
constexpr std::uint16_t kAbsentCode = kFree + 16;
constexpr std::uint16_t kSmall = kFree + 24;

TEST_P(Transfers, FarJumpAndCallWithinALevel)
{
    guest.make_protected();
    guest.put(kCode, far_call(kCode0, kCode + 0x100));
    guest.put(kCode + 7, {0xf4});
    guest.put(kCode + 0x100, {0x89, 0xe3, 0xcb}); // mov ebx, esp; retf
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 8u);
    EXPECT_EQ(guest.reg(kRbx), kStack - 8u);
    EXPECT_EQ(guest.reg(kRsp), kStack);

    guest.make_protected();
    guest.put(kCode, far_jump(kCode0, kCode + 0x200));
    guest.put(kCode + 0x200, {0xf4});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 0x201u);
}

TEST_P(Transfers, FarJumpChecks)
{
    struct Case {
        std::uint16_t selector;
        std::uint32_t offset;
        unsigned vector;
        std::uint32_t error;
    };
    const Case cases[] = {
        {0, 0, 13, 0},
        {0xfff8, 0, 13, 0xfff8},
        {kData0, 0, 13, kData0},
        {kCode3, kCode, 13, kCode3 & 0xfffc},
        {kAbsentCode, kCode, 11, kAbsentCode},
        {kSmall, 0x1000, 13, 0}, // beyond the new limit
    };
    for (const Case& test : cases) {
        guest.make_protected();
        guest.set_gdt(kAbsentCode, Raw{.type = kTypeCode, .p = false}.descriptor());
        guest.set_gdt(kSmall, Raw{.limit = 0xfff, .type = kTypeCode}.descriptor());
        guest.put(kCode, far_jump(test.selector, test.offset));
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, test.vector) << std::hex << test.selector;
        EXPECT_EQ(frame.error_code, test.error) << std::hex << test.selector;
        EXPECT_EQ(frame.rip, kCode);
        EXPECT_EQ(frame.cs, kCode0);
    }
}

TEST_P(Transfers, ConformingCodeKeepsTheLevelOfItsCaller)
{
    guest.make_user();
    guest.set_gdt(kConforming, Raw{.type = kTypeConforming}.descriptor());
    guest.put(kUserCode, far_call(kConforming, kUserCode + 0x100));
    guest.put(kUserCode + 0x100, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kConforming | 3);
}

TEST_P(Transfers, CallGateSwitchesStacksAndCopiesParameters)
{
    guest.make_user();
    guest.set_gdt(kGateSelector, gate(kCode0, kCode, kCallGate, 3, 2));
    guest.code32(kUserCode, [](Assembler& a) {
        a.push(0x1111);
        a.push(0x2222);
        for (const std::uint8_t byte : far_call(kGateSelector | 3, 0xdead)) {
            a.db(byte);
        }
        a.int_(0x80);
    });
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(esp, 8));  // the last parameter
        a.mov(ebx, dword_ptr(esp, 12)); // the first
        a.mov(ecx, dword_ptr(esp, 16)); // outer ESP
        a.mov(edx, dword_ptr(esp, 20)); // outer SS
        a.mov(esi, esp);
        a.mov(edi, cs);
        a.retf(8);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(kRax), 0x2222u);
    EXPECT_EQ(guest.reg(kRbx), 0x1111u);
    EXPECT_EQ(guest.reg(windsor::x86::kRcx), kUserStack - 8u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdx), kData3);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), kStack - 24u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi), kCode0);
    EXPECT_EQ(frame.rsp, kUserStack);
    EXPECT_EQ(frame.cs, kCode3);
    EXPECT_EQ(frame.ss, kData3);
}

TEST_P(Transfers, SixteenBitCallGate)
{
    guest.make_user();
    guest.set_gdt(kGateSelector, gate(kCode0, 0x8000 + 0x400, 4, 3, 1));
    guest.poke(kTss + 4, std::uint32_t{0x9000});
    guest.put(0x8400, {0x66, 0x8b, 0x44, 0x24, 0x04, 0xf4}); // mov ax, [esp+4]; hlt
    guest.code32(kUserCode, [](Assembler& a) {
        a.xor_(eax, eax);
        a.push(0x77778888);
        for (const std::uint8_t byte : far_call(kGateSelector | 3, 0)) {
            a.db(byte);
        }
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 0x8888u);
    EXPECT_EQ(guest.reg(kRsp), 0x9000u - 10);
}

TEST_P(Transfers, CallGateChecks)
{
    struct Case {
        std::uint64_t gate;
        unsigned vector;
        std::uint32_t error;
    };
    const Case cases[] = {
        {gate(kCode0, kCode, kCallGate, 0), 13, kGateSelector},                                  // DPL
        {gate(kCode0, kCode, kCallGate, 3) & ~(std::uint64_t{1} << 47), 11, kGateSelector},      // absent
        {gate(0, kCode, kCallGate, 3), 13, 0},                                                   // null target
        {gate(kData0, kCode, kCallGate, 3), 13, kData0},                                         // not code
    };
    for (const Case& test : cases) {
        guest.make_user();
        guest.set_gdt(kGateSelector, test.gate);
        guest.put(kUserCode, far_call(kGateSelector | 3, 0));
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, test.vector);
        EXPECT_EQ(frame.error_code, test.error);
    }
    // JMP through a gate may not change the level.
    guest.make_user();
    guest.set_gdt(kGateSelector, gate(kCode0, kCode, kCallGate, 3));
    guest.put(kUserCode, far_jump(kGateSelector | 3, 0));
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kCode0);
}

TEST_P(Transfers, ReturnToAnOuterLevelDropsPrivilegedSegments)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kData3);
        a.mov(es, eax);
        a.push(kData3);
        a.push(kUserStack);
        a.push(kCode3);
        a.push(kUserCode);
        a.retf();
    });
    guest.code32(kUserCode, [](Assembler& a) {
        a.mov(eax, ds);
        a.mov(ebx, es);
        a.int_(0x80);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(guest.reg(kRax), 0u);
    EXPECT_EQ(guest.reg(kRbx), kData3);
    EXPECT_EQ(frame.rsp, kUserStack);
}

// RETF in 32-bit code, IRETQ in 64-bit code: selectors that become null get an RPL of 0, and hidden bases stay.
TEST_P(Transfers, ReturnToAnOuterLevelNullsSelectorsOnly)
{
    constexpr std::uint64_t kBase = 0x123000;
    const auto prepare = [&] {
        windsor::x86::Segment null{.selector = 3, .unusable = true};
        for (const Seg seg : {Seg::Ds, Seg::Es}) {
            guest.s().segment(seg) = null;
        }
        null.base = kBase;
        guest.s().segment(Seg::Fs) = null; // null already
        guest.s().segment(Seg::Gs).base = kBase; // of ring 0
    };
    const auto check = [&] {
        EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
        for (const Seg seg : {Seg::Ds, Seg::Es, Seg::Fs, Seg::Gs}) {
            EXPECT_EQ(guest.s().segment(seg).selector, 0u) << static_cast<unsigned>(seg);
        }
        EXPECT_EQ(guest.s().segment(Seg::Fs).base, kBase);
        EXPECT_EQ(guest.s().segment(Seg::Gs).base, kBase);
    };
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.push(kData3);
        a.push(kUserStack);
        a.push(kCode3);
        a.push(kUserCode);
        a.retf();
    });
    guest.put(kUserCode, {0xcd, 0x80});
    prepare();
    check();

    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.push(kData3);
        a.push(kUserStack);
        a.push(0x202);
        a.push(kLong3);
        a.push(kUserCode);
        a.iretq();
    });
    guest.put(kUserCode, {0xcd, 0x80});
    prepare();
    check();
}

// Within a level nothing becomes null.
TEST_P(Transfers, ReturnWithinALevelLeavesNullSelectors)
{
    guest.make_protected();
    guest.s().segment(Seg::Es) = {.selector = 3, .unusable = true};
    guest.code32(kCode, [](Assembler& a) {
        a.push(kCode0);
        a.push(kCode + 0x100);
        a.retf();
    });
    guest.put(kCode + 0x100, {0x8c, 0xc0, 0xf4}); // mov eax, es
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 3u);
}

TEST_P(Transfers, IretToAnOuterLevelLoadsFlags)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.push(kData3);
        a.push(kUserStack);
        a.push(0x3246); // IOPL 3, IF
        a.push(kCode3);
        a.push(kUserCode);
        a.iretd();
    });
    guest.put(kUserCode, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kCode3);
    EXPECT_EQ(frame.flags & 0xffff, 0x3246u);
}

TEST_P(Transfers, IretInRing3KeepsIoplAndIf)
{
    guest.make_user();
    guest.code32(kUserCode, [](Assembler& a) {
        a.push(0x3202);
        a.push(kCode3);
        a.push(kUserCode + 0x100);
        a.iretd();
    });
    guest.put(kUserCode + 0x100, {0xcd, 0x80});
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.flags & (fl::kIopl | fl::kIf), 0u);
    EXPECT_EQ(frame.rsp, kUserStack);
}

TEST_P(Transfers, IretChecks)
{
    struct Case {
        std::uint32_t cs;
        std::uint32_t ss;
        unsigned vector;
        std::uint32_t error;
    };
    const Case cases[] = {
        {0, kData3, 13, 0},           {kData0, kData3, 13, kData0},          {kCode3, 0, 13, 0},
        {kCode3, kData0, 13, kData0}, {kCode3, kCode3, 13, kCode3 & 0xfffc}, {kAbsentCode | 3, kData3, 11, kAbsentCode},
    };
    for (const Case& test : cases) {
        guest.make_protected();
        guest.set_gdt(kAbsentCode, Raw{.type = kTypeCode, .dpl = 3, .p = false}.descriptor());
        guest.code32(kCode, [&](Assembler& a) {
            a.push(test.ss);
            a.push(kUserStack);
            a.push(2);
            a.push(test.cs);
            a.push(kUserCode);
            a.iretd();
        });
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, test.vector) << std::hex << test.cs << " " << test.ss;
        EXPECT_EQ(frame.error_code, test.error) << std::hex << test.cs << " " << test.ss;
        EXPECT_EQ(frame.cs, kCode0);
    }
}

TEST_P(Transfers, PopfHonoursThePrivilegeOfFlags)
{
    guest.make_user();
    guest.code32(kUserCode, [](Assembler& a) {
        a.push(0x3202 | 0x240000); // IF, IOPL, AC, ID
        a.popfd();
        a.pushfd();
        a.pop(eax);
        a.int_(0x80);
    });
    guest.run_to_handler();
    EXPECT_EQ(guest.reg(kRax), 0x240002u);

    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.push(0x3202);
        a.popfd();
        a.pushfd();
        a.pop(eax);
        a.hlt();
    });
    guest.run();
    EXPECT_EQ(guest.reg(kRax), 0x3202u);
}

TEST_P(Transfers, RealModeFarCall)
{
    guest.make_real();
    guest.put(kCode, {0x9a, 0x10, 0x00, 0x00, 0x20, 0xf4}); // call 2000:0010; hlt
    guest.put(kData + 0x10, {0x8c, 0xcb, 0xcb});            // mov bx, cs; retf
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx) & 0xffff, 0x2000u);
    EXPECT_EQ(guest.s().rip, 6u);
    EXPECT_EQ(guest.s().segment(Seg::Cs).selector, 0x1000u);
}

// --- Long mode ---

TEST_P(Transfers, LongModeToCompatibilityModeAndBack)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.mov(dword_ptr(kData), kCode + 0x100);
        a.mov(word_ptr(kData + 4), kCode0);
        for (const int byte : {0xff, 0x2c, 0x25}) { // jmp far dword [kData]
            a.db(static_cast<std::uint8_t>(byte));
        }
        a.dd(kData);
    });
    guest.code32(kCode + 0x100, [](Assembler& a) {
        a.mov(eax, -1);
        a.inc(eax); // in 64-bit mode 40h would be a prefix
        a.mov(ebx, cs);
        for (const std::uint8_t byte : far_jump(kLong0, kCode + 0x200)) {
            a.db(byte);
        }
    });
    guest.code64(kCode + 0x200, [](Assembler& a) {
        a.mov(rcx, 0x1122334455667788);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 0u);
    EXPECT_EQ(guest.reg(kRbx), kCode0);
    EXPECT_EQ(guest.reg(windsor::x86::kRcx), 0x1122334455667788u);
}

TEST_P(Transfers, LongModeCallGate)
{
    guest.make_long_user();
    guest.set_gdt(kGateSelector, gate(kLong0, kCode, kCallGate, 3));
    guest.set_gdt(kGateSelector + 8, 0);
    guest.code64(kUserCode, [](Assembler& a) {
        a.mov(dword_ptr(kData), 0);
        a.mov(word_ptr(kData + 4), kGateSelector | 3);
        for (const int byte : {0xff, 0x1c, 0x25}) { // call far dword [kData]
            a.db(static_cast<std::uint8_t>(byte));
        }
        a.dd(kData);
        a.int_(0x80);
    });
    guest.code64(kCode, [](Assembler& a) {
        a.mov(rax, qword_ptr(rsp, 16)); // outer RSP
        a.mov(rbx, qword_ptr(rsp, 24)); // outer SS
        a.mov(ecx, ss);
        a.db(0x48);
        a.db(0xcb); // retfq
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 0x80u);
    EXPECT_EQ(frame.cs, kLong3);
    EXPECT_EQ(frame.rsp, kUserStack);
    EXPECT_EQ(guest.reg(kRax), kUserStack);
    EXPECT_EQ(guest.reg(kRbx), kData3);
    EXPECT_EQ(guest.reg(windsor::x86::kRcx), 0u);
}

TEST_P(Transfers, IretqAlwaysPopsTheStack)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.push(0);              // a null SS at ring 0
        a.push(kStack - 0x100);
        a.push(2);
        a.push(kLong0);
        a.push(kCode + 0x100);
        a.iretq();
    });
    guest.put(kCode + 0x100, {0xf4});
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRsp), kStack - 0x100u);
    EXPECT_EQ(guest.s().segment(Seg::Ss).selector, 0u);
}

TEST_P(Transfers, IretqToNonCanonicalRipFaultsAtTheIret)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.mov(rax, 0x8000'0000'0000);
        a.push(kData0);
        a.push(kStack);
        a.push(2);
        a.push(kLong0);
        a.push(rax);
        a.iretq();
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
    EXPECT_EQ(frame.cs, kLong0);
}

TEST_P(Transfers, IretqToRing3AndNtIsRefused)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.push(kData3);
        a.push(kUserStack);
        a.push(0x202);
        a.push(kLong3);
        a.push(kUserCode);
        a.iretq();
    });
    guest.put(kUserCode, {0xcd, 0x80});
    EXPECT_EQ(guest.run_to_handler().cs, kLong3);

    guest.make_long();
    guest.s().rflags |= fl::kNt;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
}

} // namespace

} // namespace windsor::conformance
