// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor begins to hold a page. It is told of stores that this one has made there by the fast path before it
// heard of that, whatever has happened to the TLB in between.
#include "conformance/other_processor.hpp"
#include "emulate/core/accelerator.hpp"
#include "emulate/memory/shootdowns.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "emulate/test_machine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace windsor::emulate::testing {

namespace {

using x86::Seg;

constexpr std::uint64_t kPage = kData;
constexpr base::GuestPhysical kPhysical{kPage};
constexpr std::uint64_t kSameEntry = std::uint64_t{TlbEntries::kCount} << 12; // of the TLB, from one page to the next

// What makes a processor drop entries of its TLB.
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
                      Way{"Invlpg", [](Cpu& cpu) { cpu.invalidate_page(x86::Linear{kPage}); }},
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
                      Way{"OwnHold", [](Cpu& cpu) { cpu.hold_page(cpu.physical_page(kPhysical), kPhysical); }}),
    [](const ::testing::TestParamInfo<Way>& way) { return std::string{way.param.name}; });

// An engine that drops what it knows of memory when it is told of a store, as an engine does that holds page tables.
class Forgetful final : public Accelerator {
public:
    explicit Forgetful(Cpu& cpu) : cpu_{cpu} { cpu_.set_accelerator(this); }
    ~Forgetful() override { cpu_.set_accelerator(nullptr); }

    bool accelerate() override { return false; }
    BlockCache::Effect written(const std::uint8_t*, unsigned, unsigned) override
    {
        cpu_.tell_fast_stores();
        return {};
    }
    void flushed(Flush) override {}
    void page_invalidated(x86::Linear) override {}
    void drop_all() override {}
    void keep_only(std::span<const std::span<const std::uint8_t>>) override {}

    bool tables_written(const std::uint8_t* host_page, unsigned, unsigned) override
    {
        tables = host_page;
        return false;
    }

    const std::uint8_t* tables{nullptr}; // that were written last

private:
    Cpu& cpu_;
};

// A store crosses into a second page. Its first page is held, so that it is told of before its second part is made.
TEST(HoldsOfSecondPages, AreToldOfWholeStores)
{
    constexpr std::uint64_t kFirst = kData;
    constexpr std::uint64_t kSecond = kData + 0x1000;
    TestMachine m;
    OtherProcessor other{m.memory};
    std::uint16_t seen = 0;
    other.on_told = [&](std::uint64_t address, unsigned) {
        seen = (address & ~memory::kPageMask) == kSecond ? m.get<std::uint16_t>(kSecond) : seen;
    };
    vcpu::CpuState state = m.flat64();
    m.code(kCode, {0xf4});
    m.engine->set_state(state);
    Cpu& cpu = m.cpu.cpu();
    other.set_flag(kFirst);
    ASSERT_TRUE(cpu.write(Seg::Ds, kFirst, 1u));
    ASSERT_TRUE(cpu.write(Seg::Ds, kSecond, 1u));
    const Forgetful forgetful{cpu};
    other.hold(kSecond);
    ASSERT_TRUE(cpu.write(Seg::Ds, kSecond - 2, 0x12345678u));
    EXPECT_EQ(m.engine->run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(seen, 0x1234u);
}

// A processor that has not heard yet that page tables are held stores to them without telling. They are read anew after
// each load of CR3, also one by a task switch, which does not serialize.
TEST(HoldsOfTables, EndWithLoadsOfCr3UntilTheyAreHeardOf)
{
    TestMachine m;
    OtherProcessor other{m.memory};
    other.heeds_at_once = false;
    vcpu::CpuState state = m.flat64();
    m.engine->set_state(state);
    Cpu& cpu = m.cpu.cpu();
    const Forgetful engine{cpu};
    cpu.hold_page(cpu.physical_page(kPhysical), kPhysical);
    ASSERT_TRUE(load_cr3(cpu, kTables));
    EXPECT_EQ(engine.tables, m.at(kPage));
}

// A page loses its flag when nobody seems to hold it. A processor that does hold it forgets it before a third one can
// store there without telling, and once more if it has begun to hold it again meanwhile.
TEST(FlagsOfPages, GoBetweenTwoTells)
{
    constexpr unsigned kMany = 64;
    TestMachine m;
    OtherProcessor other{m.memory};
    std::vector<bool> flagged; // when the page as a whole was told
    other.on_told = [&](std::uint64_t address, unsigned size) {
        if (size == memory::kPageSize) {
            const memory::Page page = m.memory.lookup(base::GuestPhysical{address});
            flagged.push_back((page.flags->load() & memory::kPageCode) != 0);
        }
    };
    vcpu::CpuState state = m.flat64();
    m.engine->set_state(state);
    other.set_flag(kPage);
    for (unsigned n = 0; n < kMany; ++n) {
        ASSERT_TRUE(m.cpu.cpu().write(Seg::Ds, kPage, n));
    }
    EXPECT_EQ(flagged, (std::vector<bool>{true, false}));
}

// Others may hold any number of pages while a processor does not run. It keeps no list of them all, but drops its TLB.
class HoldsOfMany : public ::testing::Test {
protected:
    static constexpr std::uint64_t kBytes = 2 * Shootdowns::kMostHolds * memory::kPageSize;

    HoldsOfMany() { memory.map({.start = base::GuestPhysical{0}, .size = kBytes, .block = ram.get()}); }
    void hold_all()
    {
        for (std::uint64_t page = 0; page < kBytes; page += memory::kPageSize) {
            memory.code_held(base::GuestPhysical{page}, std::make_shared<const int>(0));
        }
    }

    std::unique_ptr<memory::Block> ram = memory::Block::create(kBytes).value();
    memory::GuestMemory memory;
    vcpu::Signals signals;
};

TEST_F(HoldsOfMany, AreFewForOneThatStands)
{
    Shootdowns standing{memory, signals};
    hold_all();
    EXPECT_LE(standing.take_holds().size(), Shootdowns::kMostHolds);
    EXPECT_TRUE(standing.take().mappings);
    EXPECT_TRUE(signals.test(vcpu::Signal::Attention));
}

// While a processor runs it has to know each page that others hold, as it may have stored there.
TEST_F(HoldsOfMany, AreAllKeptForOneThatRuns)
{
    Shootdowns running{memory, signals};
    running.begin();
    hold_all();
    EXPECT_EQ(running.take_holds().size(), kBytes / memory::kPageSize);
    EXPECT_FALSE(running.take().mappings);
}

} // namespace

} // namespace windsor::emulate::testing
