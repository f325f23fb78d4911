// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/pci_function.hpp"

#include "devices/vga/vga_testing.hpp"

#include <gmock/gmock.h>

namespace windsor::devices::vga {

namespace {

using ::testing::ElementsAre;

class VgaPciTest : public VgaTest {
protected:
    VgaPciTest()
    {
        const std::vector<std::uint8_t> rom(40'000, 0x55);
        function_ = PciFunction::create(*vga_, rom).value();
        function_->connect({.lock = lock_, .ports = ports_, .mmio = mmio_, .memory = memory_, .layer = 1});
    }
    void config(unsigned offset, std::uint32_t value) { function_->config_write(offset, 4, value); }

    bus::MachineLock lock_;
    bus::MachineGuard guard_{lock_};
    base::Log log_{base::Log::discard()};
    bus::PortRouter ports_{"port", log_};
    bus::MmioRouter mmio_{"mmio", log_};
    std::unique_ptr<PciFunction> function_;
};

TEST_F(VgaPciTest, IdentifiesItself)
{
    EXPECT_EQ(function_->config_read(0x00, 4), 0x11111234U);
    EXPECT_EQ(function_->config_read(0x08, 4) >> 8, 0x030000U);
    EXPECT_EQ(function_->config_read(0x2c, 4), 0x11001af4U);
    config(0x10, 0xffffffff);
    config(0x18, 0xffffffff);
    config(0x30, 0xffffffff);
    EXPECT_EQ(function_->config_read(0x10, 4), 0xff000008U);
    EXPECT_EQ(function_->config_read(0x18, 4), 0xfffff000U);
    EXPECT_EQ(function_->config_read(0x30, 4), 0xffff0001U);
}

TEST_F(VgaPciTest, MapsFramebufferAndRom)
{
    config(0x10, 0xfd000000);
    config(0x18, 0xfebf0000);
    config(0x30, 0xfebe0001);
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xfd000000}).host, nullptr);
    config(0x04, 0x0002);
    const memory::Page page = memory_.lookup(base::GuestPhysical{0xfd001000});
    EXPECT_EQ(page.host, vga_->vram().data() + 0x1000);
    EXPECT_TRUE(page.logged);
    EXPECT_TRUE(page.writable());
    const memory::Page rom = memory_.lookup(base::GuestPhysical{0xfebe0000});
    ASSERT_NE(rom.host, nullptr);
    EXPECT_EQ(rom.host[1], 0x55);
    EXPECT_FALSE(rom.writable());
    EXPECT_EQ(function_->bar_base(kRegistersBar), 0xfebf0000);
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xfebf0000}).host, nullptr);
    config(0x04, 0);
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xfd000000}).host, nullptr);
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xfebe0000}).host, nullptr);
}

TEST_F(VgaPciTest, WritesToTheFramebufferShow)
{
    config(0x10, 0xfd000000);
    config(0x04, 0x0002);
    set_vbe_mode(640, 480, 32);
    update();
    const std::array<std::uint8_t, 4> pixel_bytes{0x33, 0x22, 0x11, 0};
    ASSERT_TRUE(memory_.write(base::GuestPhysical{0xfd000000 + 4 * (640 * 9 + 8)}, pixel_bytes));
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{8, 9, 1, 1}));
    EXPECT_EQ(pixel(8, 9), 0x112233U);
}

TEST_F(VgaPciTest, ResetUnmaps)
{
    config(0x10, 0xfd000000);
    config(0x04, 0x0002);
    function_->reset();
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xfd000000}).host, nullptr);
}

TEST_F(VgaPciTest, RefusesARomThatIsTooLongOrEmpty)
{
    EXPECT_FALSE(PciFunction::create(*vga_, std::vector<std::uint8_t>((64 << 10) + 1)));
    EXPECT_FALSE(PciFunction::create(*vga_, {}));
}

} // namespace

} // namespace windsor::devices::vga
