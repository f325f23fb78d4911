// SPDX-License-Identifier: GPL-2.0-or-later
// Memory that changes while the processor reads it for its own purposes: what has been checked is what is used.
#include "conformance/changing_page.hpp"
#include "emulate/test_machine.hpp"

#include <array>

namespace windsor::emulate::testing {

namespace {

using x86::Seg;

constexpr unsigned kMostReads = 5000;

TEST(ChangingMemory, CodeIsDecodedFromOneReading)
{
    // A NOP becomes a prefix of what follows, MOV EAX, [RBX].
    constexpr std::array<std::uint8_t, 1> kPrefix{0x66};
    TestMachine m;
    for (unsigned reads = 1; reads < kMostReads; ++reads) {
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(kData, 0x1122334455667788);
        state.gpr[x86::kRbx] = kData;
        m.code(kCode, {0x90, 0x8b, 0x03, 0xeb, 0x00, 0xf4, 0xeb, 0xfe});
        bool changed = false;
        {
            const ChangingPage page{m.at(kCode), m.at(kCode), kPrefix, reads};
            EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
            changed = page.changed();
        }
        const vcpu::CpuState end = m.engine->state();
        ASSERT_EQ(end.rip, kCode + 6) << "after " << reads << " reads";
        ASSERT_TRUE(end.gpr[x86::kRax] == 0x55667788 || end.gpr[x86::kRax] == 0x7788) << std::hex << end.gpr[x86::kRax];
        if (!changed) {
            return;
        }
    }
    FAIL() << "the code is read for ever";
}

// A call gate that a program may use becomes one that it may not, and that leads elsewhere.
TEST(ChangingMemory, CallGatesAreCheckedAsTheyAreUsed)
{
    constexpr std::uint64_t kMayUse = kHandlers + 4 * 0x20;
    constexpr std::uint64_t kMayNot = kHandlers + 4 * 0x21;
    constexpr std::uint64_t kTss = 0x3000;
    constexpr std::uint16_t kGate = 0x30;
    const auto gate = [](std::uint64_t target, std::uint64_t dpl) {
        return target | 0x80000 | (0x8c00ull | dpl << 13) << 32;
    };
    const std::uint64_t forbidden = gate(kMayNot, 0);
    std::array<std::uint8_t, 8> other;
    std::memcpy(other.data(), &forbidden, other.size());
    TestMachine m;
    for (unsigned reads = 1; reads < kMostReads; ++reads) {
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(kGdt + kGate, gate(kMayUse, 3));
        m.put<std::uint64_t>(kGdt + kGate + 8, 0);
        m.put<std::uint64_t>(kTss + 4, kStack + 0x8000);
        state.tr = {.selector = 0x40, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        for (x86::Segment& segment : state.segments) {
            segment = {.selector = 0x23, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0f3)};
        }
        state.segment(Seg::Cs) = {
            .selector = 0x2b, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xa0fb)};
        m.put<std::uint32_t>(kData, 0);
        m.put<std::uint16_t>(kData + 4, kGate | 3);
        state.gpr[x86::kRbx] = kData;
        m.code(kCode, {0xff, 0x1b}); // call far [rbx]
        bool changed = false;
        {
            const ChangingPage page{m.at(kGdt), m.at(kGdt + kGate), other, reads};
            EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
            changed = page.changed();
        }
        ASSERT_TRUE(m.vector() == 0x20 || m.vector() == 13) << m.vector() << " after " << reads << " reads";
        if (!changed) {
            return;
        }
    }
    FAIL() << "the gate is read for ever";
}

} // namespace

} // namespace windsor::emulate::testing
