// SPDX-License-Identifier: GPL-2.0-or-later
// What surrounds VEX-encoded instructions: availability, prefixes, alignment, upper halves, moves under a mask, and
// gathers that fault half way. What they compute is compared with the host's processor elsewhere.
#include "conformance/guest.hpp"
#include "vcpu/host_features.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
namespace cr0 = windsor::x86::cr0;
namespace cr4 = windsor::x86::cr4;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRdi;

using Half = std::array<std::uint8_t, 16>;
constexpr Half kZero{};
constexpr std::uint64_t kNextPage = kData + 0x1000;

Half filled(std::uint8_t value)
{
    Half half;
    half.fill(value);
    return half;
}

// Doublewords, the lowest first.
Half doublewords(std::array<std::uint32_t, 4> values)
{
    Half half;
    std::memcpy(half.data(), values.data(), half.size());
    return half;
}

class Avx : public testing::TestWithParam<EngineKind> {
protected:
    Guest guest{GetParam(), model_with_avx()};

    void SetUp() override
    {
        const vcpu::HostFeatures host = vcpu::host_features();
        if (!host.avx || !host.avx2) {
            GTEST_SKIP() << "this host has no AVX2";
        }
        if (const std::string why = excuse(GetParam()); !why.empty()) {
            GTEST_SKIP() << why;
        }
    }
    void enable()
    {
        guest.s().cr4 |= cr4::kOsfxsr | cr4::kOsxmmexcpt | cr4::kOsxsave;
        guest.s().xcr0 = 7;
        guest.reg(kRbx) = kData;
        for (unsigned i = 0; i < 16; ++i) {
            guest.s().fx.xmm[i] = filled(static_cast<std::uint8_t>(0x10 + i));
            guest.s().ymm_high[i] = filled(static_cast<std::uint8_t>(0x80 + i));
        }
    }
    void prepare()
    {
        guest.make_long();
        enable();
    }
    void run(const Writer& write) { guest.run_to_end(write); }
    unsigned fault(const Writer& write) { return guest.run_to_fault(write); }
    unsigned fault_of(const Bytes& bytes)
    {
        guest.put(kCode, bytes);
        return guest.run_to_handler().vector;
    }
    void unmap_next_page() { guest.poke(guest.entry_address(kNextPage), std::uint64_t{0}); }
    const Half& low(unsigned number) { return guest.s().fx.xmm[number]; }
    const Half& high(unsigned number) { return guest.s().ymm_high[number]; }
};

INSTANTIATE_TEST_SUITE_P(Engines, Avx, testing::ValuesIn(engine_kinds()), engine_name);

void add(Assembler& a)
{
    a.vaddps(ymm0, ymm1, ymm2);
}

TEST_P(Avx, NeedsWhatTheSystemEnables)
{
    prepare();
    run(add);
    prepare();
    guest.s().cr4 &= ~cr4::kOsxsave;
    EXPECT_EQ(fault(add), 6u);
    for (const std::uint64_t xcr0 : {1u, 3u}) {
        prepare();
        guest.s().xcr0 = xcr0;
        EXPECT_EQ(fault(add), 6u);
    }
    prepare();
    guest.s().cr0 |= cr0::kTs;
    EXPECT_EQ(fault(add), 7u);
    prepare();
    guest.s().cr0 |= cr0::kEm;
    guest.s().cr4 &= ~cr4::kOsfxsr;
    run(add); // neither matters
}

TEST_P(Avx, HiddenFeaturesAreUndefined)
{
    const auto without = [&](std::uint32_t leaf, unsigned reg, unsigned bit, const Writer& write) {
        vcpu::CpuModel model = model_with_avx();
        model.override_bit(leaf, 0, reg, bit, false);
        Guest hidden{GetParam(), model};
        hidden.make_long();
        hidden.s().cr4 |= cr4::kOsxsave;
        hidden.s().xcr0 = 7;
        hidden.code64(kCode, write);
        return hidden.run_to_handler().vector;
    };
    EXPECT_EQ(without(1, 2, 28, add), 6u);
    EXPECT_EQ(without(1, 2, 26, add), 6u) << "XSAVE takes AVX with it";
    EXPECT_EQ(without(1, 2, 12, [](Assembler& a) { a.vfmadd132ps(ymm0, ymm1, ymm2); }), 6u);
    EXPECT_EQ(without(1, 2, 29, [](Assembler& a) { a.vcvtph2ps(ymm0, xmm1); }), 6u);
    EXPECT_EQ(without(7, 1, 5, [](Assembler& a) { a.vpaddd(ymm0, ymm1, ymm2); }), 6u);
    EXPECT_EQ(without(1, 2, 28, [](Assembler& a) { a.vpgatherdd(ymm0, ptr(rbx, ymm1), ymm2); }), 6u);
    const Writer carryless = [](Assembler& a) { a.vpclmulqdq(xmm0, xmm1, xmm2, 0); };
    EXPECT_EQ(without(1, 2, 31, carryless), 6u) << "not offered";
}

TEST_P(Avx, RefusesPrefixesBeforeVex)
{
    for (const std::uint8_t prefix : Bytes{0xf0, 0x66, 0xf2, 0xf3, 0x48}) {
        prepare();
        EXPECT_EQ(fault_of({prefix, 0xc5, 0xf4, 0x58, 0xc2}), 6u) << std::hex << unsigned{prefix};
    }
}

TEST_P(Avx, UndefinedInV86Mode)
{
    guest.make_v86(3);
    enable();
    guest.put(kUserCode, {0xc5, 0xf4, 0x58, 0xc2});
    EXPECT_EQ(guest.run_to_handler().vector, 6u);
}

TEST_P(Avx, OutsideOf64BitModeVexWMeansNothingToMoves)
{
    guest.make_protected();
    enable();
    guest.reg(kRax) = 0xffff'fff0;
    guest.put(kCode, {0xc4, 0xe1, 0xf9, 0x6e, 0xc0,   // vmovd xmm0, eax
                      0xc4, 0xe1, 0xfb, 0x2a, 0xc8,   // vcvtsi2sd xmm1, xmm0, eax
                      0xf4});
    ASSERT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(low(0), doublewords({0xffff'fff0, 0, 0, 0}));
    EXPECT_EQ(high(0), kZero);
    EXPECT_EQ(low(1), doublewords({0, 0xc030'0000, 0, 0})) << "-16.0 and the rest of XMM0";
}

TEST_P(Avx, UpperHalves)
{
    prepare();
    run([](Assembler& a) {
        a.vmovaps(xmm0, xmm1);
        a.movaps(xmm2, xmm1);
        a.vmovd(xmm3, eax);
        a.vmovaps(ymm4, ymm1);
        a.vaddss(xmm5, xmm6, xmm7);
    });
    EXPECT_EQ(low(0), filled(0x11));
    EXPECT_EQ(high(0), kZero) << "VEX.128";
    EXPECT_EQ(high(2), filled(0x82)) << "legacy SSE";
    EXPECT_EQ(high(3), kZero);
    EXPECT_EQ(high(4), filled(0x81)) << "VEX.256";
    EXPECT_EQ(high(5), kZero);
    EXPECT_EQ(high(6), filled(0x86)) << "a source";
}

TEST_P(Avx, VzeroupperAndVzeroall)
{
    prepare();
    run([](Assembler& a) { a.vzeroupper(); });
    EXPECT_EQ(low(15), filled(0x1f));
    EXPECT_EQ(high(0), kZero);
    EXPECT_EQ(high(15), kZero);
    prepare();
    run([](Assembler& a) { a.vzeroall(); });
    EXPECT_EQ(low(15), kZero);
    EXPECT_EQ(high(15), kZero);
    guest.make_protected();
    enable();
    guest.code32(kCode, [](Assembler& a) {
        a.vzeroall();
        a.hlt();
    });
    guest.run();
    EXPECT_EQ(low(7), kZero);
    EXPECT_EQ(high(7), kZero);
    EXPECT_EQ(low(8), filled(0x18)) << "the mode cannot name it";
    EXPECT_EQ(high(8), filled(0x88));
}

TEST_P(Avx, ContextSwitchKeepsBothHalves)
{
    prepare();
    guest.reg(kRax) = 7;
    guest.reg(windsor::x86::kRdx) = 0;
    run([](Assembler& a) {
        a.xsave(ptr(rbx));
        a.vzeroall();
        a.xrstor(ptr(rbx));
        a.vaddps(xmm0, xmm0, xmm0);
    });
    EXPECT_EQ(low(9), filled(0x19));
    EXPECT_EQ(high(9), filled(0x89));
    EXPECT_EQ(high(0), kZero);
}

TEST_P(Avx, AlignmentIsForMovesThatAskForIt)
{
    const auto at = [&](std::uint64_t offset, const Writer& write) {
        prepare();
        guest.reg(kRbx) += offset;
        return fault([&](Assembler& a) {
            write(a);
            a.ud2();
        });
    };
    EXPECT_EQ(at(16, [](Assembler& a) { a.vmovaps(ymm0, ptr(rbx)); }), 13u);
    EXPECT_EQ(at(16, [](Assembler& a) { a.vmovaps(xmm0, ptr(rbx)); }), 6u);
    EXPECT_EQ(at(8, [](Assembler& a) { a.vmovdqa(xmm0, ptr(rbx)); }), 13u);
    EXPECT_EQ(at(16, [](Assembler& a) { a.vmovntps(ptr(rbx), ymm0); }), 13u);
    EXPECT_EQ(at(16, [](Assembler& a) { a.vmovntdqa(ymm0, ptr(rbx)); }), 13u);
    EXPECT_EQ(at(1, [](Assembler& a) { a.vmovups(ymm0, ptr(rbx)); }), 6u);
    EXPECT_EQ(at(1, [](Assembler& a) { a.vpaddd(ymm0, ymm1, ptr(rbx)); }), 6u);
}

TEST_P(Avx, UnmaskedExceptionsLeaveTheDestination)
{
    prepare();
    guest.s().fx.mxcsr = 0x1d80; // zero divide
    guest.s().fx.xmm[1] = doublewords({0x3f80'0000, 0x3f80'0000, 0x3f80'0000, 0x3f80'0000});
    guest.s().ymm_high[1] = guest.s().fx.xmm[1];
    guest.s().fx.xmm[2] = guest.s().fx.xmm[1];
    guest.s().ymm_high[2] = kZero;
    const Writer divide = [](Assembler& a) { a.vdivps(ymm0, ymm1, ymm2); };
    EXPECT_EQ(fault(divide), 19u);
    EXPECT_EQ(low(0), filled(0x10));
    EXPECT_EQ(high(0), filled(0x80));
    EXPECT_EQ(guest.s().fx.mxcsr, 0x1d84u);
}

TEST_P(Avx, MxcsrByVex)
{
    prepare();
    guest.poke(kData, std::uint32_t{0x1fa0});
    run([](Assembler& a) {
        a.vldmxcsr(ptr(rbx));
        a.vstmxcsr(ptr(rbx, 8));
    });
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 8), 0x1fa0u);
    prepare();
    guest.poke(kData, std::uint32_t{0x10000});
    EXPECT_EQ(fault([](Assembler& a) { a.vldmxcsr(ptr(rbx)); }), 13u);
}

TEST_P(Avx, StoresThatFaultWriteNothing)
{
    prepare();
    unmap_next_page();
    guest.poke(kNextPage - 16, std::uint64_t{0x5555});
    guest.reg(kRbx) = kNextPage - 16;
    EXPECT_EQ(fault([](Assembler& a) { a.vmovups(ptr(rbx), ymm1); }), 14u);
    EXPECT_EQ(guest.s().cr2, kNextPage);
    EXPECT_EQ(guest.peek<std::uint64_t>(kNextPage - 16), 0x5555u);
}

constexpr std::uint32_t kTake = 0x8000'0000;

TEST_P(Avx, MaskedOutElementsAreNotTouched)
{
    prepare();
    unmap_next_page();
    guest.reg(kRbx) = kNextPage - 16;
    guest.poke(kNextPage - 16, std::uint64_t{0x2222'2222'1111'1111});
    guest.poke(kNextPage - 8, std::uint64_t{0x4444'4444'3333'3333});
    guest.s().fx.xmm[1] = doublewords({kTake, 0x7fff'ffff, kTake, 0});
    guest.s().ymm_high[1] = kZero;
    run([](Assembler& a) {
        a.vmaskmovps(ymm0, ymm1, ptr(rbx));
        a.vpmaskmovd(ptr(rbx), ymm1, ymm3);
    });
    EXPECT_EQ(low(0), doublewords({0x1111'1111, 0, 0x3333'3333, 0}));
    EXPECT_EQ(high(0), kZero);
    EXPECT_EQ(guest.peek<std::uint64_t>(kNextPage - 16), 0x2222'2222'1313'1313u);
    EXPECT_EQ(guest.peek<std::uint64_t>(kNextPage - 8), 0x4444'4444'1313'1313u);
}

TEST_P(Avx, MaskedMovesFaultWhereTheyReach)
{
    prepare();
    unmap_next_page();
    guest.reg(kRbx) = kNextPage - 16;
    guest.poke(kNextPage - 16, std::uint64_t{0x5555});
    guest.s().fx.xmm[1] = filled(0xff);
    guest.s().ymm_high[1] = doublewords({0, kTake, 0, 0});
    EXPECT_EQ(fault([](Assembler& a) { a.vpmaskmovd(ptr(rbx), ymm1, ymm3); }), 14u);
    EXPECT_EQ(guest.s().cr2, kNextPage + 4);
    EXPECT_EQ(guest.peek<std::uint64_t>(kNextPage - 16), 0x5555u) << "all or nothing";
}

TEST_P(Avx, VmaskmovdquWritesChosenBytes)
{
    prepare();
    guest.reg(kRdi) = kData;
    guest.poke(kData, std::uint64_t{0});
    guest.s().fx.xmm[9] = kZero;
    guest.s().fx.xmm[9][2] = 0x80;
    run([](Assembler& a) { a.vmaskmovdqu(xmm3, xmm9); });
    EXPECT_EQ(guest.peek<std::uint64_t>(kData), 0x13'0000u);
}

TEST_P(Avx, GathersStopAtAFaultAndGoOnFromThere)
{
    prepare();
    for (unsigned i = 0; i < 4; ++i) {
        guest.poke(kData + 8 * i, std::uint32_t{0x100 + i});
    }
    unmap_next_page();
    guest.poke(kNextPage, std::uint32_t{0x777});
    guest.s().fx.xmm[1] = doublewords({0, 1, 0x200, 3});
    guest.s().fx.xmm[2] = filled(0xff);
    const Writer gather = [](Assembler& a) { a.vpgatherdd(xmm0, ptr(rbx, xmm1, 3), xmm2); };
    EXPECT_EQ(fault(gather), 14u);
    EXPECT_EQ(guest.s().cr2, kNextPage);
    EXPECT_EQ(low(0), doublewords({0x100, 0x101, 0x1010'1010, 0x1010'1010}));
    EXPECT_EQ(low(2), doublewords({0, 0, 0xffff'ffff, 0xffff'ffff}));
    EXPECT_EQ(high(0), filled(0x80)) << "not finished";

    // The handler maps the page and returns.
    guest.poke(guest.entry_address(kNextPage), std::uint64_t{kNextPage | 7});
    guest.poke(kData, std::uint32_t{0}); // what has been loaded is not loaded again
    const vcpu::CpuState stopped = guest.s();
    guest.make_long();
    guest.s().cr4 = stopped.cr4;
    guest.s().xcr0 = stopped.xcr0;
    guest.s().fx = stopped.fx;
    guest.s().ymm_high = stopped.ymm_high;
    guest.reg(kRbx) = kData;
    run(gather);
    EXPECT_EQ(low(0), doublewords({0x100, 0x101, 0x777, 0x103}));
    EXPECT_EQ(high(0), kZero);
    EXPECT_EQ(low(2), kZero);
    EXPECT_EQ(high(2), kZero);
}

TEST_P(Avx, GathersSkipMaskedOutElements)
{
    prepare();
    guest.poke(kData + 0x10, std::uint64_t{0x1234'5678'9abc'def0});
    guest.s().fx.xmm[1] = doublewords({0xffff'fff0, 0xffff'ffff, 0x7fff'ffff, 0x7fff'ffff}); // -16, and far away
    guest.s().fx.xmm[2] = doublewords({0, kTake, 0, 0x7fff'ffff});
    guest.reg(kRbx) = kData + 0x20;
    run([](Assembler& a) { a.vpgatherqq(xmm0, ptr(rbx, xmm1), xmm2); });
    EXPECT_EQ(low(0), doublewords({0x9abc'def0, 0x1234'5678, 0x1010'1010, 0x1010'1010}));
    EXPECT_EQ(high(0), kZero);
}

TEST_P(Avx, GathersWantThreeRegisters)
{
    prepare();
    EXPECT_EQ(fault_of({0xc4, 0xe2, 0x69, 0x90, 0x04, 0x13}), 6u) << "vpgatherdd xmm0, [rbx+xmm2], xmm2";
    prepare();
    EXPECT_EQ(fault_of({0xc4, 0xe2, 0x79, 0x90, 0x04, 0x0b}), 6u) << "the mask is the destination";
}

TEST_P(Avx, StringCompareClearsTheUpperHalfOfItsResult)
{
    prepare();
    run([](Assembler& a) { a.vpcmpistrm(xmm1, xmm2, 0x40); });
    EXPECT_EQ(high(0), kZero);
    EXPECT_EQ(high(1), filled(0x81));
}

} // namespace

} // namespace windsor::conformance
