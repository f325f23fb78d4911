// SPDX-License-Identifier: GPL-2.0-or-later
// An instruction that would go on beyond 4 GiB or beyond the canonical addresses faults, because no code can be there.
// SDM volume 3A, section 5.3; volume 1, section 3.3.7.1.
#include "translate/test_machine.hpp"

#include <array>

namespace windsor::translate::testing {

namespace {

constexpr unsigned kGeneralProtection = 13;
// These are the physical addresses of the pages before and behind the edge.
constexpr std::uint64_t kFirst = 0x60000;
constexpr std::uint64_t kSecond = 0x61000;
constexpr std::uint64_t kOwnTables = 0x50000;
const std::vector<int> kBefore{0xeb, 0x00, 0xb8, 0x78}; // a jump to MOV EAX, 12345678h, which crosses the edge
const std::vector<int> kBehind{0x56, 0x34, 0x12, 0xf4};

void put_code(Machine& m)
{
    m.code(kFirst + 0x1000 - kBefore.size(), kBefore);
    m.code(kSecond, kBehind);
}

void expect_refused(const std::function<vcpu::CpuState(Machine&)>& prepare)
{
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_same(interpreter, translator, prepare);
    EXPECT_EQ(interpreter.vector(), kGeneralProtection);
    EXPECT_EQ(interpreter.engine->state().gpr[x86::kRax], 0u);
}

TEST(PageEdges, CodeEndsAtFourGibibytes)
{
    expect_refused([](Machine& m) {
        vcpu::CpuState state = m.flat32();
        m.put<std::uint32_t>(kTables, (kTables + 0x1000) | 7);
        m.put<std::uint32_t>(kTables + 4 * 1023, kOwnTables | 7);
        for (std::uint32_t page = 1; page < 1024; ++page) {
            m.put<std::uint32_t>(kTables + 0x1000 + 4 * page, page << 12 | 7);
        }
        m.put<std::uint32_t>(kTables + 0x1000, kSecond | 7);
        m.put<std::uint32_t>(kOwnTables + 4 * 1023, kFirst | 7);
        put_code(m);
        state.cr3 = kTables;
        state.cr0 |= x86::cr0::kPg;
        state.rip = 0x100000000 - kBefore.size();
        return state;
    });
}

TEST(PageEdges, CodeEndsWithTheCanonicalAddresses)
{
    expect_refused([](Machine& m) {
        vcpu::CpuState state = m.flat64();
        const std::array<std::uint64_t, 3> below{kOwnTables, kOwnTables + 0x1000, kOwnTables + 0x2000};
        m.put<std::uint64_t>(kTables + 8 * 255, below[0] | 7);
        m.put<std::uint64_t>(below[0] + 8 * 511, below[1] | 7);
        m.put<std::uint64_t>(below[1] + 8 * 511, below[2] | 7);
        m.put<std::uint64_t>(below[2] + 8 * 511, kFirst | 7);
        const std::array<std::uint64_t, 3> above{kOwnTables + 0x3000, kOwnTables + 0x4000, kOwnTables + 0x5000};
        m.put<std::uint64_t>(kTables + 8 * 256, above[0] | 7);
        m.put<std::uint64_t>(above[0], above[1] | 7);
        m.put<std::uint64_t>(above[1], above[2] | 7);
        m.put<std::uint64_t>(above[2], kSecond | 7);
        put_code(m);
        state.rip = 0x0000'8000'0000'0000 - kBefore.size();
        return state;
    });
}

} // namespace

} // namespace windsor::translate::testing
