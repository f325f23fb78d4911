// SPDX-License-Identifier: GPL-2.0-or-later
// Segment limits and types, and the instructions that ask about descriptors. SDM volume 3A, sections 5.3 to 5.10.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace fl = windsor::x86::rflags;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRcx;
using windsor::x86::kRdx;
using windsor::x86::Seg;

WINDSOR_CONFORMANCE(Segments);

constexpr std::uint16_t kTest = kFree;

// Loads DS (or SS) with kTest and makes one access of four bytes at `offset`.
enum class Access : std::uint8_t { Read, Write };

bool faults(Guest& guest, const Raw& segment, std::uint32_t offset, Access access)
{
    guest.make_protected();
    guest.set_gdt(kTest, segment.descriptor());
    guest.code32(kCode, [&](Assembler& a) {
        a.mov(eax, kTest);
        a.mov(ds, eax);
        a.mov(ebx, offset);
        access == Access::Read ? a.mov(ecx, dword_ptr(ebx)) : a.mov(dword_ptr(ebx), ecx);
        a.int_(0x80);
    });
    const Frame frame = guest.run_to_handler();
    if (frame.vector == 0x80) {
        return false;
    }
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 0u);
    return true;
}

TEST_P(Segments, ByteGranularLimit)
{
    const Raw segment{.base = kData, .limit = 0x1003, .type = kTypeData};
    EXPECT_FALSE(faults(guest, segment, 0x1000, Access::Read));
    EXPECT_TRUE(faults(guest, segment, 0x1001, Access::Read));
    EXPECT_TRUE(faults(guest, segment, 0xffffffff, Access::Read));
}

TEST_P(Segments, ExpandDownLimit)
{
    const Raw segment{.base = kData, .limit = 0xfff, .type = kTypeDownData};
    EXPECT_TRUE(faults(guest, segment, 0xfff, Access::Read));
    EXPECT_FALSE(faults(guest, segment, 0x1000, Access::Read));
    EXPECT_TRUE(faults(guest, segment, 0xfffffffd, Access::Read));
    const Raw small{.base = kData, .limit = 0xfff, .type = kTypeDownData, .db = false};
    EXPECT_FALSE(faults(guest, small, 0xfffc, Access::Read));
    EXPECT_TRUE(faults(guest, small, 0xfffd, Access::Read));
}

TEST_P(Segments, TypesOfAccess)
{
    EXPECT_FALSE(faults(guest, {.base = kData, .type = kTypeReadOnly}, 0, Access::Read));
    EXPECT_TRUE(faults(guest, {.base = kData, .type = kTypeReadOnly}, 0, Access::Write));
    EXPECT_FALSE(faults(guest, {.base = kData, .type = kTypeCode}, 0, Access::Read));
    EXPECT_TRUE(faults(guest, {.base = kData, .type = kTypeCode}, 0, Access::Write));
}

TEST_P(Segments, LoadSetsTheAccessedBit)
{
    guest.make_protected();
    guest.set_gdt(kTest, Raw{.type = 2}.descriptor());
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kTest);
        a.mov(es, eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.peek<std::uint8_t>(kGdt + kTest + 5) & 1, 1);
}

TEST_P(Segments, StackOverflowIsAStackFault)
{
    guest.make_protected();
    guest.set_gdt(kTest, Raw{.limit = 0xfff, .type = kTypeData}.descriptor());
    guest.set_idt(12, gate(kTssSelector + 0, 0, kInterruptGate, 0)); // nowhere to go on this stack
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kTest);
        a.mov(ss, eax);
        a.mov(esp, 0x2000);
        a.push(eax);
    });
    EXPECT_EQ(guest.run(), HaltReason::Shutdown);

    guest.make_user();
    guest.set_gdt(kTest, Raw{.limit = 0xfff, .type = kTypeData, .dpl = 3}.descriptor());
    guest.code32(kUserCode, [](Assembler& a) {
        a.mov(eax, kTest | 3);
        a.mov(ss, eax);
        a.mov(esp, 0x2000);
        a.push(eax);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 12u);
    EXPECT_EQ(frame.error_code, 0u);
    EXPECT_EQ(frame.rsp, 0x2000u);
    EXPECT_EQ(frame.ss, kTest | 3);
}

TEST_P(Segments, CodeLimitIsCheckedAtTheFetch)
{
    guest.make_protected();
    guest.set_gdt(kTest, Raw{.limit = kCode + 1, .type = kTypeCode, .db = true}.descriptor());
    guest.s().segment(Seg::Cs).limit = kCode + 1;
    guest.put(kCode, {0x43, 0xb8, 0, 0, 0, 0}); // inc ebx; mov eax, 0: crosses the limit
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, kCode + 1u);
}

TEST_P(Segments, LocalDescriptorTable)
{
    guest.make_protected();
    guest.set_gdt(kTest, Raw{.base = kLdt, .limit = 0xf, .type = 2, .s = false, .db = false}.descriptor());
    guest.poke(kLdt + 8, Raw{.base = kData, .type = kTypeData}.descriptor());
    guest.poke(std::uint64_t{kData}, std::uint32_t{0x1234});
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kTest);
        a.lldt(ax);
        a.mov(ebx, 8 | 4);
        a.mov(fs, ebx);
        Mem where = dword_ptr(0);
        where.setSegment(fs);
        a.mov(ecx, where);
        a.sldt(edx);
        a.mov(ebx, 16 | 4); // beyond its limit
        a.mov(fs, ebx);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, 16u | 4u);
    EXPECT_EQ(guest.reg(kRcx), 0x1234u);
    EXPECT_EQ(guest.reg(kRdx), kTest);
}

TEST_P(Segments, LtrMarksBusyAndRefusesBusy)
{
    guest.make_protected();
    guest.set_gdt(kTest, Raw{.base = kOtherTss, .limit = 0x67, .type = 9, .s = false, .db = false}.descriptor());
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kTest);
        a.ltr(ax);
        a.str(ebx);
        a.ltr(ax);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.error_code, kTest);
    EXPECT_EQ(guest.reg(kRbx), kTest);
    EXPECT_EQ(guest.peek<std::uint8_t>(kGdt + kTest + 5) & 15, 11);
}

struct Answers {
    bool lar;
    bool lsl;
    bool verr;
    bool verw;
};

TEST_P(Segments, QueriesAnswerWithZf)
{
    struct Case {
        Raw segment;
        Answers expected;
    };
    const Case cases[] = {
        {{.limit = 0xfff, .type = kTypeData, .dpl = 3}, {true, true, true, true}},
        {{.limit = 0xfff, .type = kTypeReadOnly, .dpl = 3}, {true, true, true, false}},
        {{.limit = 0xfff, .type = kTypeData, .dpl = 0}, {false, false, false, false}}, // from ring 3
        {{.limit = 0xfff, .type = 9, .dpl = 3}, {true, true, false, false}},           // execute only
        {{.limit = 0xfff, .type = kTypeConforming, .dpl = 0}, {true, true, true, false}},
        {{.limit = 0xfff, .type = 2, .s = false, .dpl = 3}, {true, true, false, false}},  // LDT
        {{.limit = 0xfff, .type = 12, .s = false, .dpl = 3}, {true, false, false, false}}, // call gate
        {{.limit = 0xfff, .type = 14, .s = false, .dpl = 3}, {false, false, false, false}}, // interrupt gate
    };
    for (const Case& test : cases) {
        guest.make_user();
        guest.set_gdt(kTest, test.segment.descriptor());
        guest.code32(kUserCode, [](Assembler& a) {
            a.mov(ecx, kTest);
            a.xor_(eax, eax);
            a.xor_(ebx, ebx);
            a.lar(edx, ecx);
            a.setz(al);
            a.mov(ah, 0);
            a.lsl(esi, ecx);
            a.setz(ah);
            a.verr(cx);
            a.setz(bl);
            a.verw(cx);
            a.setz(bh);
            a.int_(0x80);
        });
        EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
        const unsigned type = test.segment.type | (test.segment.s ? 16u : 0u);
        EXPECT_EQ((guest.reg(kRax) & 0xff) != 0, test.expected.lar) << type;
        EXPECT_EQ((guest.reg(kRax) & 0xff00) != 0, test.expected.lsl) << type;
        EXPECT_EQ((guest.reg(kRbx) & 0xff) != 0, test.expected.verr) << type;
        EXPECT_EQ((guest.reg(kRbx) & 0xff00) != 0, test.expected.verw) << type;
        if (test.expected.lsl) {
            EXPECT_EQ(guest.reg(windsor::x86::kRsi), 0xfffu);
        }
    }
}

TEST_P(Segments, Arpl)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0x50);
        a.mov(ecx, 3);
        a.db(0x63); // arpl ax, cx
        a.db(0xc8);
        a.setz(bl);
        a.db(0x63);
        a.db(0xc8);
        a.setz(bh);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 0x53u);
    EXPECT_EQ(guest.reg(kRbx) & 0xffff, 1u);
}

TEST_P(Segments, FarPointerLoads)
{
    guest.make_protected();
    guest.poke(std::uint64_t{kData}, std::uint32_t{0x1234});
    guest.poke(std::uint64_t{kData + 4}, std::uint16_t{kData3});
    guest.put(kCode, {0x0f, 0xb4, 0x1d, 0, 0, 2, 0, 0xf4}); // lfs ebx, [20000h]; hlt
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx), 0x1234u);
    EXPECT_EQ(guest.s().segment(Seg::Fs).selector, kData3);
}

TEST_P(Segments, PopOfASegmentKeepsEspWhenItFaults)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0xfff8);
        a.push(eax);
        a.pop(es);
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(guest.reg(windsor::x86::kRsp), kStack - 4u - 16u);
}

TEST_P(Segments, LongModeIgnoresLimitsAndUsesFsBase)
{
    guest.make_long();
    guest.s().segment(Seg::Ds) = {.unusable = true};
    guest.s().segment(Seg::Fs).base = kData;
    guest.s().segment(Seg::Fs).limit = 0;
    guest.poke(std::uint64_t{kData + 0x100}, std::uint32_t{77});
    guest.code64(kCode, [](Assembler& a) {
        Mem where = dword_ptr(0x100);
        where.setSegment(fs);
        a.mov(eax, where);
        a.mov(dword_ptr(kData), eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData), 77u);
}

TEST_P(Segments, FsgsbaseInstructions)
{
    guest.make_long_user();
    guest.s().cr4 |= windsor::x86::cr4::kFsgsbase;
    guest.code64(kUserCode, [](Assembler& a) {
        a.mov(rax, 0x7fff'1234'5000);
        a.wrfsbase(rax);
        a.rdfsbase(rbx);
        a.mov(rax, 0x8000'0000'0000);
        a.wrgsbase(rax);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
    EXPECT_EQ(guest.reg(kRbx), 0x7fff'1234'5000u);

    guest.make_long_user();
    guest.put(kUserCode, {0xf3, 0x48, 0x0f, 0xae, 0xc0}); // rdfsbase rax without CR4.FSGSBASE
    EXPECT_EQ(guest.run_to_handler().vector, 6u);
}

TEST_P(Segments, NullStackSegmentInLongMode)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.xor_(eax, eax);
        a.mov(ss, eax);
        a.push(rax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);

    guest.make_long_user();
    guest.code64(kUserCode, [](Assembler& a) {
        a.mov(eax, 3);
        a.mov(ss, eax);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

} // namespace

} // namespace windsor::conformance
