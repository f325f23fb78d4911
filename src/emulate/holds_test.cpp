// SPDX-License-Identifier: GPL-2.0-or-later
// A page of which another processor begins to hold code: it is told of stores that were made by a short way before that
// was heard of, whatever happens in between to what is known of such ways.
#include "emulate/memory_access.hpp"
#include "emulate/other_processor.hpp"
#include "emulate/test_machine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace windsor::emulate::testing {

namespace {

using x86::Seg;

constexpr std::uint64_t kPage = kData;
constexpr std::uint64_t kSameEntry = std::uint64_t{TlbEntries::kCount} << 12; // of the TLB, from one page to the next

// What makes a processor forget.
struct Way {
    const char* name;
    std::function<void(Cpu&)> forget;
};

void PrintTo(const Way& way, std::ostream* out)
{
    *out << way.name;
}

class Holds : public ::testing::TestWithParam<Way> {
protected:
    Holds()
    {
        vcpu::CpuState state = m.flat64();
        m.put(kTables + 0x2000 + 8 * (kSameEntry >> 21), m.get<std::uint64_t>(kTables + 0x2000));
        m.code(kCode, {0xf4});
        m.engine->set_state(state);
    }
    void store(std::uint32_t value) { ASSERT_TRUE(m.cpu.cpu().write(Seg::Ds, kPage, value)); }

    TestMachine m;
    OtherProcessor other{m.memory};
};

TEST_P(Holds, AreToldOfStoresBeforeTheyWereHeardOf)
{
    store(1);
    other.hold(kPage);
    store(2);
    EXPECT_FALSE(other.was_told(kPage)) << "the store went a longer way than was meant";
    GetParam().forget(m.cpu.cpu());
    EXPECT_EQ(m.engine->run(), vcpu::HaltReason::Halted);
    EXPECT_TRUE(other.was_told(kPage));
}

TEST_P(Holds, AreToldOfNothingThatWasNotThere)
{
    store(1);
    other.hold(kPage + 0x1000);
    GetParam().forget(m.cpu.cpu());
    EXPECT_EQ(m.engine->run(), vcpu::HaltReason::Halted);
    EXPECT_FALSE(other.was_told(kPage));
    EXPECT_FALSE(other.was_told(kPage + 0x1000));
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Holds,
    ::testing::Values(Way{"Nothing", [](Cpu&) {}}, Way{"Cr3", [](Cpu& cpu) { cpu.flush_tlb(Flush::NonGlobal); }},
                      Way{"Invlpg", [](Cpu& cpu) { cpu.invalidate_page(kPage); }},
                      Way{"Breakpoint",
                          [](Cpu& cpu) {
                              cpu.s.dr7 = 0x000d0401; // of writes, far away
                              cpu.set_cpl(cpu.cpl());
                          }},
                      Way{"Eviction",
                          [](Cpu& cpu) {
                              std::uint32_t value = 0;
                              ASSERT_TRUE(cpu.read(Seg::Ds, kSameEntry + kPage, value));
                          }},
                      Way{"OwnHold", [](Cpu& cpu) { cpu.hold_page(cpu.physical_page(kPage), kPage); }}),
    [](const ::testing::TestParamInfo<Way>& way) { return std::string{way.param.name}; });

} // namespace

} // namespace windsor::emulate::testing
