// SPDX-License-Identifier: GPL-2.0-or-later
// The XSAVE feature set. SDM volume 1, chapter 13; volume 2, XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XSETBV and XGETBV.
#include "conformance/guest.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace cr0 = windsor::x86::cr0;
namespace cr4 = windsor::x86::cr4;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRcx;
using windsor::x86::kRdx;

constexpr std::uint64_t kHeader = kData + 512;
constexpr std::uint64_t kComponents = kHeader + 8; // XCOMP_BV
constexpr std::uint64_t kYmm = kData + 576;
constexpr std::uint64_t kFill = 0xa5a5'a5a5'a5a5'a5a5;

class Xsave : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())
    Guest guest{GetParam(), model_with_avx()};

    // 64-bit mode at ring 0, everything enabled, the area at RBX full of a pattern but for its header.
    void prepare(std::uint64_t mask)
    {
        guest.make_long();
        guest.s().cr4 |= cr4::kOsfxsr | cr4::kOsxmmexcpt | cr4::kOsxsave;
        guest.s().xcr0 = 7;
        guest.reg(kRbx) = kData;
        guest.reg(kRax) = mask;
        guest.reg(kRdx) = 0;
        guest.s().fx.fcw = 0x037f;
        for (std::uint64_t at = 0; at < 1024; at += 8) {
            guest.poke(kData + at, at >= 512 && at < 576 ? std::uint64_t{0} : kFill);
        }
    }
    void run(const Writer& write) { guest.run_to_end(write); }
    unsigned fault(const Writer& write) { return guest.run_to_fault(write); }
};

INSTANTIATE_TEST_SUITE_P(Engines, Xsave, testing::ValuesIn(engine_kinds()), engine_name);

void save(Assembler& a)
{
    a.xsave(ptr(rbx));
}
void restore(Assembler& a)
{
    a.xrstor(ptr(rbx));
}

TEST_P(Xsave, SavesYmmHalvesBehindTheHeader)
{
    prepare(7);
    guest.s().fx.xmm[3].fill(0x33);
    guest.s().ymm_high[15].fill(0x77);
    run(save);
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 6u) << "x87 is in its initial configuration";
    EXPECT_EQ(guest.peek<std::uint64_t>(kComponents), 0u);
    EXPECT_EQ(guest.peek<std::uint8_t>(kData + 160 + 3 * 16), 0x33);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm), 0u);
    EXPECT_EQ(guest.peek<std::uint8_t>(kYmm + 15 * 16), 0x77);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm + 256), kFill) << "the area ends";
    EXPECT_EQ(guest.peek<std::uint16_t>(kData), 0x037f) << "XSAVE writes initial components too";
}

TEST_P(Xsave, LeavesWhatIsNotAskedFor)
{
    prepare(1);
    guest.s().ymm_high[0].fill(0x77);
    guest.poke(kHeader, std::uint64_t{5});
    run(save);
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 4u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 24), static_cast<std::uint32_t>(kFill)) << "MXCSR";
    EXPECT_EQ(guest.peek<std::uint64_t>(kData + 160), kFill);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm), kFill);
}

TEST_P(Xsave, AvxBringsMxcsrWithIt)
{
    prepare(4);
    guest.s().fx.mxcsr = 0x1fa0;
    run(save);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 24), 0x1fa0u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kData + 160), kFill);
}

TEST_P(Xsave, OnlyWhatXcr0Enables)
{
    prepare(~std::uint64_t{0});
    guest.s().xcr0 = 3;
    guest.s().ymm_high[0].fill(0x77);
    run(save);
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 0u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm), kFill);
}

TEST_P(Xsave, XsaveoptSkipsInitialComponents)
{
    prepare(7);
    guest.s().ymm_high[1].fill(0x77);
    run([](Assembler& a) { a.xsaveopt(ptr(rbx)); });
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 4u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kData), kFill) << "x87";
    EXPECT_EQ(guest.peek<std::uint64_t>(kData + 160), kFill) << "XMM";
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 24), 0x1f80u) << "MXCSR";
    EXPECT_EQ(guest.peek<std::uint8_t>(kYmm + 16), 0x77);
}

TEST_P(Xsave, XsavecWritesTheCompactedFormat)
{
    prepare(6);
    guest.s().ymm_high[1].fill(0x77);
    run([](Assembler& a) { a.xsavec(ptr(rbx)); });
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 4u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kComponents), 0x8000'0000'0000'0006u);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 24), static_cast<std::uint32_t>(kFill)) << "SSE state is initial";

    prepare(6);
    guest.s().fx.mxcsr = 0x1f81;
    run([](Assembler& a) { a.xsavec(ptr(rbx)); });
    EXPECT_EQ(guest.peek<std::uint64_t>(kHeader), 2u) << "MXCSR alone makes SSE state worth saving";
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 24), 0x1f81u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm), kFill);
}

TEST_P(Xsave, OutsideOf64BitModeHalfTheRegisters)
{
    prepare(7);
    guest.make_protected();
    guest.s().cr4 |= cr4::kOsfxsr | cr4::kOsxsave;
    guest.s().xcr0 = 7;
    guest.s().fx = {};
    guest.reg(kRbx) = kData;
    guest.reg(kRax) = 7;
    guest.s().ymm_high[7].fill(0x77);
    guest.s().ymm_high[8].fill(0x88);
    guest.code32(kCode, [](Assembler& a) {
        a.xsave(ptr(ebx));
        a.xrstor(ptr(ebx));
        a.hlt();
    });
    guest.run();
    EXPECT_EQ(guest.peek<std::uint8_t>(kYmm + 7 * 16), 0x77);
    EXPECT_EQ(guest.peek<std::uint64_t>(kYmm + 8 * 16), kFill);
    EXPECT_EQ(guest.s().ymm_high[8][0], 0x88);
}

TEST_P(Xsave, RestoresAndInitializes)
{
    prepare(7);
    guest.s().fx.xmm[2].fill(0x22);
    guest.s().ymm_high[2].fill(0x22);
    guest.poke(kHeader, std::uint64_t{4});
    guest.poke(kData + 24, std::uint32_t{0x1fbf});
    run(restore);
    EXPECT_EQ(guest.s().ymm_high[2][0], 0xa5);
    EXPECT_EQ(guest.s().fx.xmm[2][0], 0) << "not present, so initial";
    EXPECT_EQ(guest.s().fx.mxcsr, 0x1fbfu) << "from memory all the same";

    prepare(4);
    guest.s().fx.xmm[2].fill(0x22);
    guest.s().ymm_high[2].fill(0x22);
    guest.poke(kData + 24, std::uint32_t{0x1f80});
    run(restore);
    EXPECT_EQ(guest.s().ymm_high[2][0], 0);
    EXPECT_EQ(guest.s().fx.xmm[2][0], 0x22) << "not asked for";
}

TEST_P(Xsave, RestoresTheCompactedFormat)
{
    prepare(7);
    guest.s().fx.mxcsr = 0x1fa0;
    guest.s().fx.xmm[2].fill(0x22);
    guest.poke(kHeader, std::uint64_t{4});
    guest.poke(kComponents, 0x8000'0000'0000'0004u);
    run(restore);
    EXPECT_EQ(guest.s().ymm_high[2][0], 0xa5);
    EXPECT_EQ(guest.s().fx.xmm[2][0], 0);
    EXPECT_EQ(guest.s().fx.mxcsr, 0x1f80u) << "SSE state is not present";
}

TEST_P(Xsave, RefusesBadHeaders)
{
    const auto with = [&](std::uint64_t at, std::uint64_t value, std::uint64_t components) {
        prepare(7);
        guest.poke(kData + 24, std::uint32_t{0x1f80});
        guest.poke(kComponents, components);
        guest.poke(kHeader + at, value);
        return fault(restore);
    };
    constexpr std::uint64_t kCompacted = 0x8000'0000'0000'0000;
    EXPECT_EQ(with(0, 8, 0), 13u) << "a component that XCR0 lacks";
    EXPECT_EQ(with(8, 4, 0), 13u) << "XCOMP_BV in the standard format";
    EXPECT_EQ(with(16, 1, 0), 13u) << "reserved";
    EXPECT_EQ(with(0, 4, kCompacted | 2), 13u) << "a component that XCOMP_BV lacks";
    EXPECT_EQ(with(8, kCompacted | 8, 0), 13u) << "XCOMP_BV beyond XCR0";
    EXPECT_EQ(with(56, 1, kCompacted), 13u) << "reserved in the compacted format";
}

TEST_P(Xsave, RefusesReservedMxcsrBits)
{
    prepare(4);
    guest.poke(kData + 24, std::uint32_t{0x10000});
    EXPECT_EQ(fault(restore), 13u);
}

TEST_P(Xsave, Faults)
{
    prepare(7);
    guest.s().cr4 &= ~cr4::kOsxsave;
    EXPECT_EQ(fault(save), 6u);
    prepare(7);
    guest.s().cr0 |= cr0::kTs;
    EXPECT_EQ(fault(save), 7u);
    prepare(7);
    guest.s().cr0 |= cr0::kEm; // which does not matter
    run(save);
    prepare(7);
    guest.reg(kRbx) += 32;
    EXPECT_EQ(fault(restore), 13u);
    prepare(7);
    guest.put(kCode, {0xf0, 0x0f, 0xae, 0x23}); // lock xsave [rbx]
    EXPECT_EQ(guest.run_to_handler().vector, 6u);
}

TEST_P(Xsave, SaveIsAWriteAndAllOrNothing)
{
    prepare(7);
    constexpr std::uint64_t kAt = kData + 0x1000 - 576; // the YMM part lies on the next page
    guest.reg(kRbx) = kAt;
    guest.s().ymm_high[0].fill(0x77);
    guest.poke(kAt, kFill);
    guest.poke(guest.entry_address(kData + 0x1000), std::uint64_t{0});
    guest.code64(kCode, save);
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 14u);
    EXPECT_EQ(frame.error_code, 2u);
    EXPECT_EQ(guest.s().cr2, kData + 0x1000u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kAt), kFill);
}

TEST_P(Xsave, XsetbvChecksItsValue)
{
    const auto set = [&](std::uint64_t value, std::uint64_t number = 0) {
        prepare(value);
        guest.reg(kRcx) = number;
        return fault([](Assembler& a) {
            a.xsetbv();
            a.ud2();
        });
    };
    EXPECT_EQ(set(7), 6u);
    EXPECT_EQ(guest.s().xcr0, 7u);
    EXPECT_EQ(set(1), 6u);
    EXPECT_EQ(guest.s().xcr0, 1u);
    EXPECT_EQ(set(6), 13u) << "x87 cannot be switched off";
    EXPECT_EQ(set(5), 13u) << "AVX without SSE";
    EXPECT_EQ(set(15), 13u) << "a component that is not offered";
    EXPECT_EQ(set(7, 1), 13u) << "no such register";
    EXPECT_EQ(guest.s().xcr0, 7u);
}

TEST_P(Xsave, XsetbvIsPrivilegedXgetbvIsNot)
{
    guest.make_long_user();
    guest.s().cr4 |= cr4::kOsxsave;
    guest.s().xcr0 = 7;
    guest.reg(kRcx) = 0;
    guest.code64(kUserCode, [](Assembler& a) {
        a.xgetbv();
        a.xsetbv();
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 13u);
    EXPECT_EQ(frame.rip, kUserCode + 3u);
    EXPECT_EQ(guest.reg(kRax), 7u);
    EXPECT_EQ(guest.reg(kRdx), 0u);
}

TEST_P(Xsave, XgetbvTellsWhatIsInUse)
{
    prepare(0);
    guest.s().ymm_high[4].fill(1);
    guest.reg(kRcx) = 1;
    run([](Assembler& a) { a.xgetbv(); });
    EXPECT_EQ(guest.reg(kRax), 4u);
    prepare(0);
    guest.reg(kRcx) = 2;
    EXPECT_EQ(fault([](Assembler& a) { a.xgetbv(); }), 13u);
}

TEST_P(Xsave, CpuidFollowsOsxsaveAndXcr0)
{
    prepare(0);
    guest.reg(kRax) = 1;
    run([](Assembler& a) {
        a.cpuid();
        a.mov(esi, ecx);
        a.mov(eax, 0xd);
        a.xor_(ecx, ecx);
        a.cpuid();
        a.mov(edi, ebx);
        a.xor_(ecx, ecx);
        a.mov(eax, 3);
        a.xor_(edx, edx);
        a.xsetbv();
        a.mov(eax, 0xd);
        a.cpuid();
    });
    EXPECT_NE(guest.reg(windsor::x86::kRsi) & (1u << 27), 0u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi), 832u);
    EXPECT_EQ(guest.reg(kRbx), 576u);
}

TEST_P(Xsave, OsxsaveNeedsXsave)
{
    vcpu::CpuModel model = model_with_avx();
    model.override_bit(1, 0, 2, 26, false);
    Guest hidden{GetParam(), model};
    hidden.make_long();
    hidden.reg(kRax) = hidden.s().cr4 | cr4::kOsxsave;
    hidden.code64(kCode, [](Assembler& a) { a.mov(asmjit::x86::cr4, rax); });
    EXPECT_EQ(hidden.run_to_handler().vector, 13u);
    hidden.make_long();
    hidden.code64(kCode, [](Assembler& a) { a.xgetbv(); });
    EXPECT_EQ(hidden.run_to_handler().vector, 6u);
}

} // namespace

} // namespace windsor::conformance
