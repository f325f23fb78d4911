// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/bus.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace windsor::pci {
namespace {

constexpr Identity kCard{.vendor = 0x10ec,
                         .device = 0x8139,
                         .class_code = 0x020000,
                         .revision = 0x20,
                         .subsystem_vendor = 0x5853,
                         .subsystem = 0x0001,
                         .interrupt_pin = 1};

struct Inputs final : bus::IrqSink {
    void set_irq(unsigned input, bool level) override { levels[input] = level; }
    std::map<unsigned, bool> levels;
};

// Registers that all read as one value.
struct Answer final : bus::AccessHandler {
    explicit Answer(std::uint8_t read) : value{read} {}
    bus::ReadResult read(std::uint64_t, bus::Width) override { return value; }
    bus::AccessStatus write(std::uint64_t, bus::Width, std::uint64_t) override { return bus::AccessStatus::Ok; }
    std::uint8_t value;
};

constexpr std::uint8_t kNobody = 0xff;

// The address spaces of a board.
struct Board {
    std::uint8_t port(std::uint16_t number)
    {
        return static_cast<std::uint8_t>(ports.read(base::Port{number}, bus::Width::Byte));
    }
    std::uint8_t registers(std::uint64_t address)
    {
        return static_cast<std::uint8_t>(mmio.read(base::GuestPhysical{address}, bus::Width::Byte));
    }
    std::uint8_t* page(std::uint64_t address) { return memory.lookup(base::GuestPhysical{address}).host; }

    bus::MachineLock lock;
    bus::MachineGuard guard{lock};
    base::Log log{base::Log::discard()};
    bus::PortRouter ports{"port", log};
    bus::MmioRouter mmio{"mmio", log};
    memory::GuestMemory memory;
    Spaces spaces{.lock = lock, .ports = ports, .mmio = mmio, .memory = memory, .layer = 1};
};

class Card : public testing::Test {
protected:
    Card()
    {
        function.add_bar(0, BarKind::Io, 0x100, {&on_ports, "card"});
        function.add_bar(1, BarKind::Memory32, 0x1000, {&on_memory, "card"});
        function.add_bar(2, BarKind::Prefetchable32, {.block = frame.get(), .logged = true});
        function.add_rom(*rom);
        function.connect(board.spaces);
    }

    std::unique_ptr<memory::Block> frame{memory::Block::create(0x1000000).value()};
    std::unique_ptr<memory::Block> rom{memory::Block::create(0x10000).value()};
    Answer on_ports{0xa0};
    Answer on_memory{0xa1};
    Inputs inputs;
    Board board;
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
    EXPECT_EQ(board.port(0xc000), kNobody);
    function.config_write(0x04, 2, kCommandIo);
    EXPECT_EQ(board.port(0xc000), 0xa0);
    EXPECT_EQ(board.port(0xc0ff), 0xa0);
    EXPECT_EQ(board.port(0xc100), kNobody);
    EXPECT_EQ(board.registers(0xf0000000), kNobody);
    function.config_write(0x04, 2, kCommandIo | kCommandMemory);
    EXPECT_EQ(board.registers(0xf0000000), 0xa1);
    EXPECT_EQ(board.registers(0xf0001000), kNobody);
    function.config_write(0x10, 4, 0xd000);
    EXPECT_EQ(board.port(0xc000), kNobody);
    EXPECT_EQ(board.port(0xd000), 0xa0);
    EXPECT_EQ(function.bar_base(0), 0xd000U);
    function.reset();
    EXPECT_EQ(board.port(0xd000), kNobody);
    EXPECT_EQ(board.registers(0xf0000000), kNobody);
    EXPECT_EQ(function.bar_base(0), std::nullopt);
}

TEST_F(Card, RangesOfMemoryLeadToTheirBlocks)
{
    function.config_write(0x18, 4, 0xe0000000);
    EXPECT_EQ(board.page(0xe0000000), nullptr);
    function.config_write(0x04, 2, kCommandMemory);
    EXPECT_EQ(board.page(0xe0fff000), frame->data() + 0xfff000);
    EXPECT_TRUE(board.memory.lookup(base::GuestPhysical{0xe0000000}).logged);
    function.config_write(0x18, 4, 0xe4000000);
    EXPECT_EQ(board.page(0xe0000000), nullptr);
    EXPECT_EQ(board.page(0xe4000000), frame->data());
    function.config_write(0x04, 2, 0);
    EXPECT_EQ(board.page(0xe4000000), nullptr);
}

TEST_F(Card, RangesGoWithTheirFunction)
{
    {
        Function other{kCard};
        other.add_bar(0, BarKind::Io, 0x100, {&on_ports, "other card"});
        other.add_bar(2, BarKind::Prefetchable32, {.block = frame.get()});
        other.connect(board.spaces);
        other.config_write(0x10, 4, 0xc000);
        other.config_write(0x18, 4, 0xe0000000);
        other.config_write(0x04, 2, kCommandIo | kCommandMemory);
        EXPECT_EQ(board.port(0xc000), 0xa0);
        EXPECT_NE(board.page(0xe0000000), nullptr);
    }
    EXPECT_EQ(board.port(0xc000), kNobody);
    EXPECT_EQ(board.page(0xe0000000), nullptr);
}

TEST_F(Card, RomNeedsBothEnables)
{
    function.config_write(0x04, 2, kCommandMemory);
    function.config_write(0x30, 4, 0xf1000000);
    EXPECT_EQ(board.page(0xf1000000), nullptr);
    function.config_write(0x30, 4, 0xf1000001);
    EXPECT_EQ(board.page(0xf1000000), rom->data());
    EXPECT_FALSE(board.memory.lookup(base::GuestPhysical{0xf1000000}).writable());
}

TEST_F(Card, SizingWhileDecodedPlacesNothingAtTheEndOfTheSpace)
{
    function.config_write(0x04, 2, kCommandIo | kCommandMemory);
    function.config_write(0x14, 4, 0xffffffff);
    function.config_write(0x10, 4, 0xffffffff);
    EXPECT_EQ(board.port(0xff00), kNobody);
    EXPECT_EQ(board.registers(0xfffff000), kNobody);
    EXPECT_EQ(function.bar_base(0), std::nullopt);
    EXPECT_EQ(function.bar_base(1), std::nullopt);
}

TEST_F(Card, InterruptDisableHidesThePinButNotTheStatus)
{
    function.connect_interrupt({inputs, 5});
    function.set_interrupt(true);
    EXPECT_TRUE(inputs.levels[5]);
    function.config_write(0x04, 2, kCommandInterruptDisable);
    EXPECT_FALSE(inputs.levels[5]);
    EXPECT_EQ(function.config_read(0x06, 2) & kStatusInterrupt, kStatusInterrupt);
    function.config_write(0x04, 2, 0);
    EXPECT_TRUE(inputs.levels[5]);
    function.reset();
    EXPECT_FALSE(inputs.levels[5]);
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
    Inputs other;
    Board fresh;
    Function copy{kCard};
    copy.add_bar(0, BarKind::Io, 0x100, {&on_ports, "card"});
    copy.connect(fresh.spaces);
    copy.connect_interrupt({other, 3});
    copy.load(function.state());
    EXPECT_EQ(fresh.port(0xc000), 0xa0);
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
    Inputs isa;
    Inputs gsis;
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
    Inputs isa;
    Inputs gsis;
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
    Inputs isa;
    Inputs gsis;
    InterruptRouter router{isa, gsis, LinkWiring::XenHvm};
    router.line(3, 0, 0).set_level(true);
    router.line(3, 0, 5).set_level(true);
    EXPECT_TRUE(gsis.levels.empty());
}

} // namespace
} // namespace windsor::pci
