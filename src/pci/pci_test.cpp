// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/bus.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace windsor::pci {
namespace {

constexpr Identity kCard{.vendor = 0x10ec,
                         .device = 0x8139,
                         .class_code = 0x020000,
                         .revision = 0x20,
                         .subsystem_vendor = 0x5853,
                         .subsystem = 0x0001,
                         .interrupt_pin = 1};

class Recorder final : public BarTarget, public bus::IrqSink {
public:
    void bar_mapped(Function&, unsigned index, std::uint64_t base, std::uint64_t size) override
    {
        events.push_back(fmt::format("map {} {:#x}+{:#x}", index, base, size));
    }
    void bar_unmapped(Function&, unsigned index, std::uint64_t base, std::uint64_t size) override
    {
        events.push_back(fmt::format("unmap {} {:#x}+{:#x}", index, base, size));
    }
    void set_irq(unsigned input, bool level) override { levels[input] = level; }

    std::vector<std::string> take() { return std::exchange(events, {}); }

    std::vector<std::string> events;
    std::map<unsigned, bool> levels;
};

using Events = std::vector<std::string>;

class Card : public testing::Test {
protected:
    Card()
    {
        function.add_bar(0, BarKind::Io, 0x100);
        function.add_bar(1, BarKind::Memory32, 0x1000);
        function.add_bar(2, BarKind::Prefetchable32, 0x1000000);
        function.add_rom(0x10000);
        function.set_bar_target(&recorder);
    }

    Recorder recorder;
    Function function{kCard};
};

TEST_F(Card, ShowsItsIdentity)
{
    EXPECT_EQ(function.config_read(0x00, 4), 0x813910ecU);
    EXPECT_EQ(function.config_read(0x08, 4), 0x02000020U);
    EXPECT_EQ(function.config_read(0x2c, 4), 0x00015853U);
    EXPECT_EQ(function.config_read(0x3d, 1), 1U);
    function.config_write(0x00, 4, 0);
    EXPECT_EQ(function.config_read(0x00, 4), 0x813910ecU);
}

TEST_F(Card, TellsTheSizeOfItsRanges)
{
    for (const unsigned offset : {0x10U, 0x14U, 0x18U, 0x1cU, 0x30U}) {
        function.config_write(offset, 4, 0xffffffff);
    }
    EXPECT_EQ(function.config_read(0x10, 4), 0xffffff01U);
    EXPECT_EQ(function.config_read(0x14, 4), 0xfffff000U);
    EXPECT_EQ(function.config_read(0x18, 4), 0xff000008U);
    EXPECT_EQ(function.config_read(0x1c, 4), 0U);
    EXPECT_EQ(function.config_read(0x30, 4), 0xffff0001U);
}

TEST_F(Card, RangesAppearMoveAndVanish)
{
    function.config_write(0x10, 4, 0xc000);
    function.config_write(0x14, 4, 0xf0000000);
    EXPECT_EQ(recorder.take(), Events{});
    function.config_write(0x04, 2, kCommandIo);
    EXPECT_EQ(recorder.take(), Events{"map 0 0xc000+0x100"});
    function.config_write(0x04, 2, kCommandIo | kCommandMemory);
    EXPECT_EQ(recorder.take(), Events{"map 1 0xf0000000+0x1000"});
    function.config_write(0x10, 4, 0xd000);
    EXPECT_EQ(recorder.take(), (Events{"unmap 0 0xc000+0x100", "map 0 0xd000+0x100"}));
    EXPECT_EQ(function.bar_base(0), 0xd000U);
    function.reset();
    EXPECT_EQ(recorder.take(), (Events{"unmap 0 0xd000+0x100", "unmap 1 0xf0000000+0x1000"}));
    EXPECT_EQ(function.bar_base(0), std::nullopt);
}

TEST_F(Card, RomNeedsBothEnables)
{
    function.config_write(0x04, 2, kCommandMemory);
    function.config_write(0x30, 4, 0xf1000000);
    EXPECT_EQ(recorder.take(), Events{});
    function.config_write(0x30, 4, 0xf1000001);
    EXPECT_EQ(recorder.take(), Events{"map 6 0xf1000000+0x10000"});
}

TEST_F(Card, SizingWhileDecodedPlacesNothingAtTheEndOfTheSpace)
{
    function.config_write(0x04, 2, kCommandIo | kCommandMemory);
    function.config_write(0x14, 4, 0xffffffff);
    function.config_write(0x10, 4, 0xffffffff);
    EXPECT_EQ(recorder.take(), Events{});
}

TEST_F(Card, InterruptDisableHidesThePinButNotTheStatus)
{
    function.connect_interrupt({recorder, 5});
    function.set_interrupt(true);
    EXPECT_TRUE(recorder.levels[5]);
    function.config_write(0x04, 2, kCommandInterruptDisable);
    EXPECT_FALSE(recorder.levels[5]);
    EXPECT_EQ(function.config_read(0x06, 2) & kStatusInterrupt, kStatusInterrupt);
    function.config_write(0x04, 2, 0);
    EXPECT_TRUE(recorder.levels[5]);
    function.reset();
    EXPECT_FALSE(recorder.levels[5]);
    EXPECT_EQ(function.config_read(0x06, 2) & kStatusInterrupt, 0U);
}

TEST_F(Card, StatusErrorBitsAreClearedByWritingOnes)
{
    function.set_config16(0x06, 0x3280);
    function.config_write(0x06, 2, 0x1000);
    EXPECT_EQ(function.config_read(0x06, 2), 0x2280U);
}

TEST_F(Card, ByteWritesKeepTheirNeighbours)
{
    function.set_writable32(0x40, 0xffffffff);
    function.config_write(0x40, 4, 0x11223344);
    function.config_write(0x42, 1, 0xaa);
    EXPECT_EQ(function.config_read(0x40, 4), 0x11aa3344U);
}

TEST_F(Card, LoadRestoresRangesAndMakesNoEdge)
{
    function.config_write(0x10, 4, 0xc000);
    function.config_write(0x04, 2, kCommandIo);
    function.set_interrupt(true);
    Recorder other;
    Function copy{kCard};
    copy.add_bar(0, BarKind::Io, 0x100);
    copy.set_bar_target(&other);
    copy.connect_interrupt({other, 3});
    copy.load(function.state());
    EXPECT_EQ(other.take(), Events{"map 0 0xc000+0x100"});
    EXPECT_TRUE(other.levels.empty());
    copy.set_interrupt(false);
    EXPECT_FALSE(other.levels.at(3));
}

class Configuration : public testing::Test {
protected:
    std::uint64_t read(unsigned offset, bus::Width width) { return bus.read(offset, width).value; }
    void select(unsigned device, unsigned function, unsigned reg)
    {
        bus.write(0, bus::Width::Dword, kConfigEnable | device << 11 | function << 8 | reg);
    }

    Function card{kCard};
    Bus bus;
};

TEST_F(Configuration, FindsTheFunctionAndReadsOnesElsewhere)
{
    ASSERT_TRUE(bus.add(3, 1, card));
    EXPECT_FALSE(bus.add(3, 1, card));
    EXPECT_FALSE(bus.add(32, 0, card));
    select(3, 1, 0);
    EXPECT_EQ(read(4, bus::Width::Dword), 0x813910ecU);
    EXPECT_EQ(read(6, bus::Width::Word), 0x8139U);
    EXPECT_EQ(read(7, bus::Width::Byte), 0x81U);
    select(3, 0, 0);
    EXPECT_EQ(read(4, bus::Width::Dword), 0xffffffffU);
    bus.write(0, bus::Width::Dword, kConfigEnable | 1 << 16 | 3 << 11 | 1 << 8);
    EXPECT_EQ(read(4, bus::Width::Dword), 0xffffffffU);
    bus.write(0, bus::Width::Dword, 3 << 11 | 1 << 8);
    EXPECT_EQ(read(4, bus::Width::Dword), 0xffffffffU);
}

TEST_F(Configuration, AddressRegisterTakesDwordsOnly)
{
    select(3, 1, 0x40);
    EXPECT_EQ(read(0, bus::Width::Dword), 0x80001940U);
    bus.write(0, bus::Width::Byte, 0x55);
    bus.write(1, bus::Width::Byte, 0x06);
    bus.write(0, bus::Width::Word, 0x5555);
    EXPECT_EQ(read(0, bus::Width::Dword), 0x80001940U);
    EXPECT_EQ(read(0, bus::Width::Byte), 0xffU);
    bus.write(0, bus::Width::Dword, 0xffffffff);
    EXPECT_EQ(read(0, bus::Width::Dword), 0x80fffffcU);
}

TEST_F(Configuration, WritesReachTheSelectedRegister)
{
    ASSERT_TRUE(bus.add(3, 0, card));
    select(3, 0, 0x3c);
    bus.write(4, bus::Width::Byte, 11);
    EXPECT_EQ(card.config8(0x3c), 11);
    bus.reset();
    EXPECT_EQ(card.config8(0x3c), 0);
    EXPECT_EQ(read(0, bus::Width::Dword), 0U);
}

TEST(InterruptRouting, FollowsTheFormulasOfXenHvm)
{
    EXPECT_EQ(gsi_of(1, 0), 20U);
    EXPECT_EQ(gsi_of(3, 0), 28U);
    EXPECT_EQ(gsi_of(8, 0), 17U);
    EXPECT_EQ(gsi_of(31, 3), 16 + ((124 + 3 + 3) & 31U));
    EXPECT_EQ(link_of(LinkWiring::XenHvm, 4, 1), 1U);
    EXPECT_EQ(link_of(LinkWiring::Seabios, 1, 0), 0U);
    EXPECT_EQ(link_of(LinkWiring::Seabios, 0, 0), 3U);
}

TEST(InterruptRouting, SharesALinkAndItsIsaInterrupt)
{
    Recorder isa;
    Recorder gsis;
    InterruptRouter router{isa, gsis, LinkWiring::XenHvm};
    bus::IrqLine first = router.line(3, 0, 1);
    bus::IrqLine second = router.line(7, 2, 1);
    bus::IrqLine same_pin = router.line(3, 1, 1);
    first.set_level(true);
    EXPECT_TRUE(isa.levels.empty());
    EXPECT_TRUE(gsis.levels.at(28));
    EXPECT_TRUE(router.link_level(3));
    router.set_route(3, 11);
    EXPECT_TRUE(isa.levels.at(11));
    second.set_level(true);
    same_pin.set_level(true);
    first.set_level(false);
    EXPECT_TRUE(isa.levels.at(11));
    EXPECT_TRUE(gsis.levels.at(28));
    same_pin.set_level(false);
    EXPECT_FALSE(gsis.levels.at(28));
    EXPECT_TRUE(isa.levels.at(11));
    second.set_level(false);
    EXPECT_FALSE(isa.levels.at(11));
}

TEST(InterruptRouting, MovesAnAssertedLinkAndIgnoresReservedRoutes)
{
    Recorder isa;
    Recorder gsis;
    InterruptRouter router{isa, gsis, LinkWiring::XenHvm};
    bus::IrqLine line = router.line(4, 0, 1);
    line.set_level(true);
    router.set_route(0, 10);
    router.set_route(0, 5);
    EXPECT_FALSE(isa.levels.at(10));
    EXPECT_TRUE(isa.levels.at(5));
    router.set_route(0, 0x85);
    EXPECT_FALSE(isa.levels.at(5));
    for (const std::uint8_t reserved : std::initializer_list<std::uint8_t>{0, 1, 2, 8, 13}) {
        router.set_route(0, reserved);
        EXPECT_FALSE(isa.levels[reserved]);
    }
}

TEST(InterruptRouting, AFunctionWithoutPinLeadsNowhere)
{
    Recorder isa;
    Recorder gsis;
    InterruptRouter router{isa, gsis, LinkWiring::XenHvm};
    router.line(3, 0, 0).set_level(true);
    router.line(3, 0, 5).set_level(true);
    EXPECT_TRUE(gsis.levels.empty());
}

} // namespace
} // namespace windsor::pci
