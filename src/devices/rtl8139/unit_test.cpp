// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtl8139/unit.hpp"

#include "devices/rtl8139/rtl8139_bench.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::rtl8139 {
namespace {

class NoMainboard final : public chipset::Mainboard {
public:
    const bus::MachineLock& lock() const override { return machine_lock; }
    void init_processors() override {}
    void reset_machine() override {}
    void power_off() override {}
    void set_a20(bool) override {}
    chipset::TickState timer_tick() override { return chipset::TickState::Unwanted; }

    bus::MachineLock machine_lock;
};

class Rtl8139Unit : public testing::Test {
protected:
    std::unique_ptr<chipset::Device> make(std::vector<std::uint8_t> rom)
    {
        chipset::Site site{backplane, place, name};
        auto device = unit(kMac, &link, std::move(rom))(site);
        EXPECT_TRUE(device.has_value());
        return device ? std::move(*device) : nullptr;
    }
    // Places a range, and gives what the register says of its size.
    std::uint32_t size_of(unsigned offset, std::uint32_t address)
    {
        pci::Function* function = pci_bus.find(4, 0);
        function->config_write(offset, 4, 0xffffffff);
        const std::uint32_t size = ~(function->config_read(offset, 4) & ~0x7ffU) + 1;
        function->config_write(offset, 4, address);
        return size;
    }

    NoMainboard mainboard;
    bus::MachineGuard guard{mainboard.machine_lock};
    base::Log log{base::Log::discard()};
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    bus::PortRouter ports{"port", log};
    bus::MmioRouter mmio{"mmio", log};
    Line line;
    pci::Bus pci_bus;
    pci::InterruptRouter interrupts{line, line, pci::LinkWiring::Seabios};
    chipset::Outlets outlets;
    RecordingLink link;
    const chipset::Backplane backplane{log,  clock, timers,  mainboard,  memory, ports,
                                       mmio, line,  pci_bus, interrupts, 1,      outlets};
    const chipset::Place place{.pci = chipset::PciPlace{.device = 4}};
    const std::string name{"net"};
};

TEST_F(Rtl8139Unit, ItsRegistersAnswerInPortsAndInMemory)
{
    const auto device = make({});
    ASSERT_NE(device, nullptr);
    ASSERT_EQ(outlets.network_cards.size(), 1U);
    pci::Function* function = pci_bus.find(4, 0);
    ASSERT_NE(function, nullptr);
    EXPECT_EQ(function->config_read(0x30, 4), 0U);
    function->config_write(0x10, 4, 0xc000);
    function->config_write(0x14, 4, 0xfebf1000);
    function->config_write(4, 2, 7);
    EXPECT_EQ(ports.read(base::Port{0xc000}, bus::Width::Dword), 0x123e1600U);
    EXPECT_EQ(mmio.read(base::GuestPhysical{0xfebf1004}, bus::Width::Word), 0x5634U);
    function->config_write(0x30, 4, 0xffffffff);
    EXPECT_EQ(function->config_read(0x30, 4), 0U) << "no ROM";
}

TEST_F(Rtl8139Unit, ItsRomIsPaddedToAPowerOfTwoOfPages)
{
    const auto device = make(std::vector<std::uint8_t>(5000, 0x55));
    ASSERT_NE(device, nullptr);
    EXPECT_EQ(size_of(0x30, 0xfec00001), 8192U);
    pci_bus.find(4, 0)->config_write(4, 2, 2);
    std::array<std::uint8_t, 2> bytes{};
    ASSERT_TRUE(memory.read(base::GuestPhysical{0xfec00000 + 4999}, bytes));
    EXPECT_EQ(bytes, (std::array<std::uint8_t, 2>{0x55, 0}));
    pci_bus.reset();
    EXPECT_FALSE(memory.read(base::GuestPhysical{0xfec00000}, bytes));
}

TEST_F(Rtl8139Unit, ASmallRomHasAPage)
{
    const auto device = make({0x55, 0xaa});
    ASSERT_NE(device, nullptr);
    EXPECT_EQ(size_of(0x30, 0), 4096U);
}

} // namespace
} // namespace windsor::devices::rtl8139
