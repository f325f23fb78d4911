// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of prefixes in every mode, and what the tests of every mode share. SDM volume 2A, section 2.1.1, and volume
// 3A, section 6.15, #GP: more than 15 bytes.
#include "conformance/every_mode.hpp"

#include <bit>

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace windsor::conformance {

using x86::kRax;
using x86::kRcx;
using x86::Seg;

std::ostream& operator<<(std::ostream& out, RunMode mode)
{
    constexpr std::array kNames{"real", "virtual-8086",  "16-bit protected", "protected",
                                "user", "compatibility", "64-bit",           "64-bit user"};
    return out << kNames[static_cast<unsigned>(mode)];
}

namespace {

// 16-bit code at kCode and data at kData, in the segments of protected mode.
void make_protected16(Guest& guest)
{
    guest.make_protected();
    guest.s().segment(Seg::Cs).attributes.db = false;
    guest.s().segment(Seg::Cs).base = kCode;
    guest.s().segment(Seg::Ds).base = kData;
    guest.s().rip = 0;
}

bool starts_at_user_code(RunMode mode)
{
    return mode == RunMode::User || mode == RunMode::Virtual8086 || mode == RunMode::Compatibility ||
           mode == RunMode::LongUser;
}

} // namespace

void prepare(Guest& guest, RunMode mode)
{
    switch (mode) {
    case RunMode::Real: guest.make_real(); break;
    case RunMode::Virtual8086: guest.make_v86(3); break;
    case RunMode::Protected16: make_protected16(guest); break;
    case RunMode::Protected: guest.make_protected(); break;
    case RunMode::User: guest.make_user(); break;
    case RunMode::Compatibility: guest.make_compatibility(); break;
    case RunMode::Long: guest.make_long(); break;
    case RunMode::LongUser: guest.make_long_user(); break;
    }
}

unsigned vector_of(Guest& guest, RunMode mode, const Bytes& bytes)
{
    const std::uint32_t code = starts_at_user_code(mode) ? kUserCode : kCode;
    guest.put(code, bytes);
    guest.put(code + static_cast<std::uint32_t>(bytes.size()), {0xcd, kEndOfProgram});
    if (mode != RunMode::Real) {
        return guest.run_to_handler().vector;
    }
    EXPECT_EQ(guest.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(guest.s().segment(Seg::Cs).base, 0u) << "no handler";
    return static_cast<unsigned>(guest.s().rip - 1 - kRealHandlers) / kHandlerSize;
}

namespace {

constexpr unsigned kProtection = 13;
constexpr std::size_t kLongest = 15;
constexpr std::uint64_t kSource = 0x8000'0001'0002'0000;
constexpr std::uint64_t kBefore = 0x1111'2222'3333'4444;

Bytes behind(const Bytes& prefixes, const Bytes& instruction)
{
    Bytes all = prefixes;
    all.insert(all.end(), instruction.begin(), instruction.end());
    return all;
}

// Of rAX, from kSource in rCX, in a width of 16, 32 or 64 bits.
enum class Effect : std::uint8_t { Bsr, Bsf, Lzcnt, Tzcnt, Popcnt, Mov };

std::uint64_t narrowed(std::uint64_t value, unsigned bits)
{
    return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t expected(Effect effect, unsigned bits, RunMode mode)
{
    const std::uint64_t source = narrowed(kSource, bits);
    const std::uint64_t before = is_64_bit(mode) ? kBefore : kBefore & 0xffffffff;
    const auto leading = static_cast<unsigned>(std::countl_zero(source)) - (64 - bits);
    std::uint64_t result = source;
    switch (effect) {
    case Effect::Lzcnt: result = source == 0 ? bits : leading; break;
    case Effect::Tzcnt: result = source == 0 ? bits : static_cast<unsigned>(std::countr_zero(source)); break;
    case Effect::Bsr: result = bits - 1 - leading; break;
    case Effect::Bsf: result = static_cast<unsigned>(std::countr_zero(source)); break;
    case Effect::Popcnt: result = static_cast<unsigned>(std::popcount(source)); break;
    case Effect::Mov: break;
    }
    if (source == 0 && (effect == Effect::Bsr || effect == Effect::Bsf)) {
        return before; // nothing is written
    }
    return bits == 16 ? (before & ~std::uint64_t{0xffff}) | result : result;
}

class PrefixStacks : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())

    void expect(Guest& guest, RunMode mode, const Bytes& bytes, std::uint64_t rax)
    {
        SCOPED_TRACE(testing::Message() << mode << ", " << fmt::format("{:02x}", fmt::join(bytes, " ")));
        prepare(guest, mode);
        const std::uint64_t mask = is_64_bit(mode) ? ~std::uint64_t{0} : 0xffffffff;
        guest.reg(kRax) = kBefore & mask;
        guest.reg(kRcx) = kSource & mask;
        ASSERT_EQ(vector_of(guest, mode, bytes), bytes.size() > kLongest ? kProtection : kEndOfProgram);
        EXPECT_EQ(guest.reg(kRax), bytes.size() > kLongest ? kBefore & mask : rax);
    }
};

INSTANTIATE_TEST_SUITE_P(Engines, PrefixStacks, testing::ValuesIn(engine_kinds()), engine_name);

unsigned width(RunMode mode, bool toggled, bool wide)
{
    return wide ? 64 : has_16_bit_code(mode) != toggled ? 16 : 32;
}

// One prefix is repeated until the instruction has 15 bytes, which it may have, and 16.
TEST_P(PrefixStacks, AsLongAsAnInstructionMayBe)
{
    Guest guest{GetParam()};
    const Bytes mov{0x89, 0xc8}; // mov eax, ecx
    for (const RunMode mode : kEveryMode) {
        for (const std::uint8_t prefix : Bytes{0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65}) {
            for (const std::size_t length : {3u, 14u, 15u, 16u}) {
                const Bytes bytes = behind(Bytes(length - mov.size(), prefix), mov);
                expect(guest, mode, bytes, expected(Effect::Mov, width(mode, prefix == 0x66, false), mode));
            }
        }
    }
}

// F3 makes LZCNT of BSR, TZCNT of BSF, and POPCNT of an opcode that is undefined without it. F2 and segment prefixes
// mean nothing to them, and of F2 and F3 the last one counts.
TEST_P(PrefixStacks, ThatChooseTheInstruction)
{
    Guest guest{GetParam()};
    vcpu::CpuModel old = vcpu::CpuModel::standard();
    old.override_bit(0x8000'0001, 0, 2, 5, false); // LZCNT
    old.override_bit(7, 0, 1, 3, false); // BMI1
    Guest without{GetParam(), old};
    const bool counts = (vcpu::CpuModel::standard().word(0x8000'0001, 0, 2) >> 5 & 1) != 0;
    const Bytes bsr{0x0f, 0xbd, 0xc1}, bsf{0x0f, 0xbc, 0xc1}, popcnt{0x0f, 0xb8, 0xc1};
    for (const RunMode mode : kEveryMode) {
        for (const bool narrow : {false, true}) {
            const Bytes size = narrow ? Bytes{0x66} : Bytes{};
            const unsigned bits = width(mode, narrow, false);
            const auto stacked = [&](const Bytes& first, const Bytes& last, const Bytes& instruction) {
                return behind(behind(first, size), behind(last, instruction));
            };
            const Effect lzcnt = counts ? Effect::Lzcnt : Effect::Bsr;
            const Effect tzcnt = counts ? Effect::Tzcnt : Effect::Bsf;
            expect(guest, mode, stacked({0x3e}, {}, bsr), expected(Effect::Bsr, bits, mode));
            expect(guest, mode, stacked({}, {0xf3}, bsr), expected(lzcnt, bits, mode));
            expect(guest, mode, stacked({0xf3}, {0x2e}, bsr), expected(lzcnt, bits, mode));
            expect(guest, mode, stacked({0xf2, 0xf3}, {}, bsr), expected(lzcnt, bits, mode));
            expect(guest, mode, stacked({0xf3, 0xf3}, {0x3e, 0xf3}, bsf), expected(tzcnt, bits, mode));
            expect(guest, mode, stacked({0xf2}, {}, bsf), expected(Effect::Bsf, bits, mode));
            expect(guest, mode, stacked({0xf2, 0x26}, {0xf3}, popcnt), expected(Effect::Popcnt, bits, mode));
            expect(without, mode, stacked({0xf3, 0x3e}, {}, bsr), expected(Effect::Bsr, bits, mode));
            expect(without, mode, stacked({}, {0xf3, 0xf3}, bsf), expected(Effect::Bsf, bits, mode));
        }
    }
}

// A REX prefix that does not come last counts as if it were not there, but is a byte of the instruction.
TEST_P(PrefixStacks, WithRexThatCountsLastOnly)
{
    Guest guest{GetParam()};
    for (const RunMode mode : {RunMode::Long, RunMode::LongUser}) {
        const Bytes mov{0x89, 0xc8}, popcnt{0x0f, 0xb8, 0xc1};
        expect(guest, mode, behind({0x48}, mov), expected(Effect::Mov, 64, mode));
        expect(guest, mode, behind({0x48, 0x3e}, mov), expected(Effect::Mov, 32, mode));
        expect(guest, mode, behind({0x48, 0x66}, mov), expected(Effect::Mov, 16, mode));
        expect(guest, mode, behind({0x66, 0x48}, mov), expected(Effect::Mov, 64, mode));
        expect(guest, mode, behind({0x48, 0x40}, mov), expected(Effect::Mov, 32, mode));
        expect(guest, mode, behind({0xf3, 0x48}, popcnt), expected(Effect::Popcnt, 64, mode));
        expect(guest, mode, behind({0x48, 0xf3}, popcnt), expected(Effect::Popcnt, 32, mode));
        expect(guest, mode, behind(Bytes(13, 0x48), mov), expected(Effect::Mov, 64, mode));
        expect(guest, mode, behind(Bytes(14, 0x48), mov), 0);
    }
}

} // namespace

} // namespace windsor::conformance
