// SPDX-License-Identifier: GPL-2.0-or-later
// What surrounds BMI1, BMI2, LZCNT and MOVBE: where they are, and which instruction the bytes are where they are not.
// What they compute is compared with the host's processor elsewhere. SDM volume 2A, sections 2.3 and 2.6.17.
#include "conformance/every_mode.hpp"
#include "vcpu/host_features.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

namespace cr0 = windsor::x86::cr0;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRcx;
using windsor::x86::kRdx;
using windsor::x86::kRsi;

constexpr unsigned kUndefined = 6;

// Registers: EAX = the destination, ECX = ModRM.rm, EDX = VEX.vvvv (which MULX reads as well).
struct Form {
    const char* name;
    Bytes bytes;
    std::uint64_t result; // of 64 bits, from the values below
    std::uint32_t result32;
};
constexpr std::uint64_t kRm = 0xf123'4567'89ab'cde0;
constexpr std::uint64_t kVvvv = 0x8123'0a5a'7ff0'1008; // as BEXTR reads it: 16 bits from bit 8 on
constexpr std::uint64_t kProduct32 = std::uint64_t{0x89ab'cde0} * 0x7ff0'1008;

const std::vector<Form>& forms()
{
    static const std::vector<Form> all{
        {"andn eax, edx, ecx", {0xc4, 0xe2, 0x68, 0xf2, 0xc1}, kRm & ~kVvvv, 0x89ab'cde0 & ~0x7ff0'1008u},
        {"bextr eax, ecx, edx", {0xc4, 0xe2, 0x68, 0xf7, 0xc1}, 0xabcd, 0xabcd},
        {"bzhi eax, ecx, edx", {0xc4, 0xe2, 0x68, 0xf5, 0xc1}, 0xe0, 0xe0},
        {"pdep eax, edx, ecx", {0xc4, 0xe2, 0x6b, 0xf5, 0xc1}, 0x7123'4540'0080'0100, 0x0080'0100},
        {"pext eax, edx, ecx", {0xc4, 0xe2, 0x6a, 0xf5, 0xc1}, 0x8f12'7800, 0x7800},
        {"sarx eax, ecx, edx", {0xc4, 0xe2, 0x6a, 0xf7, 0xc1}, 0xfff1'2345'6789'abcd, 0xff89'abcd},
        {"shlx eax, ecx, edx", {0xc4, 0xe2, 0x69, 0xf7, 0xc1}, 0x2345'6789'abcd'e000, 0xabcd'e000},
        {"shrx eax, ecx, edx", {0xc4, 0xe2, 0x6b, 0xf7, 0xc1}, 0x00f1'2345'6789'abcd, 0x0089'abcd},
        {"rorx eax, ecx, 8", {0xc4, 0xe3, 0x7b, 0xf0, 0xc1, 0x08}, 0xe0f1'2345'6789'abcd, 0xe089'abcd},
        {"blsi eax, ecx", {0xc4, 0xe2, 0x78, 0xf3, 0xd9}, 0x20, 0x20},
        {"blsmsk eax, ecx", {0xc4, 0xe2, 0x78, 0xf3, 0xd1}, 0x3f, 0x3f},
        {"blsr eax, ecx", {0xc4, 0xe2, 0x78, 0xf3, 0xc9}, kRm & ~0x20ull, 0x89ab'cdc0},
    };
    return all;
}

Bytes with_w(Bytes bytes)
{
    bytes[2] |= 0x80;
    return bytes;
}

vcpu::CpuModel without(std::uint32_t leaf, unsigned reg, unsigned bit)
{
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    model.override_bit(leaf, 0, reg, bit, false);
    return model;
}

class Bmi : public testing::TestWithParam<EngineKind> {
protected:
    Guest guest{GetParam()};

    void SetUp() override
    {
        if (!vcpu::has_companions_of_avx2(vcpu::host_features())) {
            GTEST_SKIP() << "this host has not all of BMI1, BMI2, LZCNT and MOVBE";
        }
        if (const std::string why = excuse(GetParam()); !why.empty()) {
            GTEST_SKIP() << why;
        }
    }
    unsigned run(RunMode mode, const Bytes& bytes)
    {
        prepare(guest, mode);
        const std::uint64_t mask = is_64_bit(mode) ? ~std::uint64_t{0} : 0xffffffff;
        guest.reg(kRax) = 0xdead'dead'dead'dead & mask;
        guest.reg(kRcx) = kRm & mask;
        guest.reg(kRdx) = kVvvv & mask;
        return vector_of(guest, mode, bytes);
    }
};

INSTANTIATE_TEST_SUITE_P(Engines, Bmi, testing::ValuesIn(engine_kinds()), engine_name);

TEST_P(Bmi, WorksOn64Bits)
{
    for (const Form& form : forms()) {
        ASSERT_EQ(run(RunMode::Long, with_w(form.bytes)), kEndOfProgram) << form.name;
        EXPECT_EQ(guest.reg(kRax), form.result) << form.name;
    }
}

TEST_P(Bmi, WorksOn32BitsAndIgnoresWOutside64BitMode)
{
    for (const RunMode mode : {RunMode::Long, RunMode::LongUser, RunMode::Compatibility, RunMode::User,
                               RunMode::Protected, RunMode::Protected16}) {
        for (const Form& form : forms()) {
            ASSERT_EQ(run(mode, form.bytes), kEndOfProgram) << form.name << " in mode " << mode;
            EXPECT_EQ(guest.reg(kRax), form.result32) << form.name << " in mode " << mode;
            if (!is_64_bit(mode)) {
                ASSERT_EQ(run(mode, with_w(form.bytes)), kEndOfProgram) << form.name << " with W in mode " << mode;
                EXPECT_EQ(guest.reg(kRax), form.result32) << form.name << " with W in mode " << mode;
            }
        }
    }
}

TEST_P(Bmi, IsNotThereInRealAndVirtual8086Mode)
{
    for (const RunMode mode : {RunMode::Real, RunMode::Virtual8086}) {
        for (const Form& form : forms()) {
            EXPECT_EQ(run(mode, form.bytes), kUndefined) << form.name;
        }
    }
}

TEST_P(Bmi, RefusesWhatItsEncodingHasNot)
{
    for (const RunMode mode : {RunMode::Long, RunMode::Compatibility, RunMode::Protected}) {
        for (const Form& form : forms()) {
            Bytes wide = form.bytes;
            wide[2] |= 4; // VEX.L
            EXPECT_EQ(run(mode, wide), kUndefined) << form.name;
            for (const std::uint8_t prefix : Bytes{0x66, 0xf2, 0xf3, 0xf0}) {
                Bytes prefixed = form.bytes;
                prefixed.insert(prefixed.begin(), prefix);
                EXPECT_EQ(run(mode, prefixed), kUndefined) << form.name;
            }
        }
        EXPECT_EQ(run(mode, {0xc4, 0xe3, 0x6b, 0xf0, 0xc1, 0x08}), kUndefined) << "RORX with VEX.vvvv";
        EXPECT_EQ(run(mode, {0xc4, 0xe2, 0x78, 0xf3, 0xc1}), kUndefined) << "group 17, /0";
        EXPECT_EQ(run(mode, {0x0f, 0x38, 0xf0, 0xc1}), kUndefined) << "MOVBE of registers";
    }
    EXPECT_EQ(run(RunMode::Long, {0x48, 0xc4, 0xe2, 0x68, 0xf2, 0xc1}), kUndefined) << "REX";
}

TEST_P(Bmi, NeedsNoStateOfAvx)
{
    for (const RunMode mode : {RunMode::Long, RunMode::Protected}) {
        prepare(guest, mode);
        guest.s().cr0 |= cr0::kTs | cr0::kEm;
        guest.reg(kRcx) = 8;
        EXPECT_EQ(vector_of(guest, mode, {0xc4, 0xe2, 0x78, 0xf3, 0xd9}), kEndOfProgram);
        EXPECT_EQ(guest.reg(kRax), 8u);
    }
}

// If both halves go to one register, the upper one stays in it. SDM volume 2B, MULX.
TEST_P(Bmi, MulxWritesTwoRegisters)
{
    for (const RunMode mode : {RunMode::Long, RunMode::Compatibility, RunMode::Protected}) {
        ASSERT_EQ(run(mode, {0xc4, 0xe2, 0x63, 0xf6, 0xc1}), kEndOfProgram); // mulx eax, ebx, ecx
        EXPECT_EQ(guest.reg(kRbx) | guest.reg(kRax) << 32, kProduct32);
        ASSERT_EQ(run(mode, {0xc4, 0xe2, 0x7b, 0xf6, 0xc1}), kEndOfProgram); // mulx eax, eax, ecx
        EXPECT_EQ(guest.reg(kRax), kProduct32 >> 32);
    }
    ASSERT_EQ(run(RunMode::Long, {0xc4, 0xe2, 0xe3, 0xf6, 0xc1}), kEndOfProgram); // mulx rax, rbx, rcx
    EXPECT_EQ(guest.reg(kRbx), kRm * kVvvv);
    EXPECT_EQ(guest.reg(kRax), static_cast<std::uint64_t>(static_cast<unsigned __int128>(kRm) * kVvvv >> 64));
}

TEST_P(Bmi, ReadsMemory)
{
    constexpr std::uint64_t kNextPage = kData + 0x1000;
    for (const RunMode mode : {RunMode::Long, RunMode::LongUser, RunMode::Compatibility}) {
        prepare(guest, mode);
        guest.poke(kNextPage - 4, std::uint32_t{0x4400});
        guest.poke(guest.entry_address(kNextPage), std::uint64_t{0});
        guest.reg(kRsi) = kNextPage - 4;
        // blsr eax, [rsi], with W outside 64-bit mode; movbe ebx, [rsi]
        const std::uint8_t w = is_64_bit(mode) ? 0x78 : 0xf8;
        EXPECT_EQ(vector_of(guest, mode, {0xc4, 0xe2, w, 0xf3, 0x0e, 0x0f, 0x38, 0xf0, 0x1e}), kEndOfProgram);
        EXPECT_EQ(guest.reg(kRax), 0x4000u) << mode;
        EXPECT_EQ(guest.reg(kRbx), 0x0044'0000u) << mode;
        guest.reg(kRsi) = 0;
    }
    prepare(guest, RunMode::Long);
    guest.poke(guest.entry_address(kNextPage), std::uint64_t{0});
    guest.reg(kRsi) = kNextPage - 4;
    EXPECT_EQ(vector_of(guest, RunMode::Long, {0xc4, 0xe2, 0xf8, 0xf3, 0x0e}), 14u) << "a quadword";
}

TEST_P(Bmi, CountsAreScansWhereTheModelHasThemNot)
{
    const Bytes lzcnt{0xf3, 0x0f, 0xbd, 0xc1}, tzcnt{0xf3, 0x0f, 0xbc, 0xc1};
    for (const RunMode mode : {RunMode::Long, RunMode::Compatibility, RunMode::Protected}) {
        ASSERT_EQ(run(mode, lzcnt), kEndOfProgram);
        EXPECT_EQ(guest.reg(kRax), 0u) << mode;
        Guest no_lzcnt{GetParam(), without(0x8000'0001, 2, 5)};
        prepare(no_lzcnt, mode);
        no_lzcnt.reg(kRcx) = 0x10;
        ASSERT_EQ(vector_of(no_lzcnt, mode, lzcnt), kEndOfProgram);
        EXPECT_EQ(no_lzcnt.reg(kRax), 4u) << "BSR in mode " << mode;
        Guest no_bmi1{GetParam(), without(7, 1, 3)};
        prepare(no_bmi1, mode);
        no_bmi1.reg(kRax) = 77;
        ASSERT_EQ(vector_of(no_bmi1, mode, tzcnt), kEndOfProgram);
        EXPECT_EQ(no_bmi1.reg(kRax), 77u) << "BSF of zero in mode " << mode;
    }
}

TEST_P(Bmi, HiddenFeaturesAreUndefined)
{
    const auto hidden = [&](std::uint32_t leaf, unsigned reg, unsigned bit, const Bytes& bytes) {
        Guest other{GetParam(), without(leaf, reg, bit)};
        prepare(other, RunMode::Long);
        return vector_of(other, RunMode::Long, bytes);
    };
    for (const Form& form : forms()) {
        const bool first =
            form.bytes[3] == 0xf2 || form.bytes[3] == 0xf3 || (form.bytes[3] == 0xf7 && form.bytes[2] == 0x68);
        EXPECT_EQ(hidden(7, 1, first ? 3 : 8, form.bytes), kUndefined) << form.name;
        EXPECT_EQ(hidden(7, 1, first ? 8 : 3, form.bytes), kEndOfProgram) << form.name;
    }
    EXPECT_EQ(hidden(1, 2, 22, {0x0f, 0x38, 0xf0, 0x06}), kUndefined) << "MOVBE";
}

} // namespace

} // namespace windsor::conformance
