// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/piix3/isa_bridge.hpp"

#include "base/log.hpp"
#include "bus/router.hpp"
#include "pci/bus.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace windsor::devices::piix3 {
namespace {

class Levels final : public bus::IrqSink {
public:
    void set_irq(unsigned input, bool level) override { now[input] = level; }
    std::map<unsigned, bool> now;
};

class IsaBridgeTest : public testing::Test {
protected:
    Levels isa;
    Levels gsis;
    pci::InterruptRouter router{isa, gsis, pci::LinkWiring::XenHvm};
    IsaBridge bridge{router};
};

TEST_F(IsaBridgeTest, IsAMultifunctionIsaBridge)
{
    EXPECT_EQ(bridge.config_read(0x00, 4), 0x70008086U);
    EXPECT_EQ(bridge.config_read(0x0a, 2), 0x0601U);
    EXPECT_EQ(bridge.config_read(0x0e, 1), 0x80U);
    EXPECT_EQ(bridge.config_read(0x60, 4), 0x80808080U);
}

TEST_F(IsaBridgeTest, RouteControlSteersLinks)
{
    bus::IrqLine line = router.line(3, 0, 1); // link D
    line.set_level(true);
    EXPECT_TRUE(isa.now.empty());
    bridge.config_write(0x60, 4, 0x0b0a0a0a);
    EXPECT_TRUE(isa.now.at(11));
    bridge.config_write(0x63, 1, 0xff);
    EXPECT_EQ(bridge.config_read(0x63, 1), 0x8fU);
    EXPECT_FALSE(isa.now.at(11));
    bridge.config_write(0x63, 1, 5);
    EXPECT_TRUE(isa.now.at(5));
    bridge.reset();
    EXPECT_FALSE(isa.now.at(5));
}

TEST_F(IsaBridgeTest, LoadedRoutesAndLevelsMakeNoEdge)
{
    bus::IrqLine line = router.line(3, 0, 1);
    bridge.config_write(0x63, 1, 5);
    line.set_level(true);
    Levels other;
    pci::InterruptRouter other_router{other, other, pci::LinkWiring::XenHvm};
    IsaBridge other_bridge{other_router};
    other_bridge.load(bridge.state());
    other_router.load(router.state());
    EXPECT_TRUE(other.now.empty());
    other_router.set_irq((3 * 8 + 0) * 4, false);
    EXPECT_FALSE(other.now.at(5));
    EXPECT_FALSE(other.now.at(28));
}

class ResetControlTest : public testing::Test {
protected:
    std::vector<ResetKind> resets;
    ResetControl control{[this](ResetKind kind) { resets.push_back(kind); }};
};

TEST_F(ResetControlTest, RisingEdgeResets)
{
    control.write(0, bus::Width::Byte, 0x02);
    EXPECT_TRUE(resets.empty());
    EXPECT_EQ(control.read(0, bus::Width::Byte).value, 2U);
    control.write(0, bus::Width::Byte, 0x06);
    EXPECT_EQ(resets, std::vector{ResetKind::Hard});
    EXPECT_EQ(control.read(0, bus::Width::Byte).value, 2U);
    control.write(0, bus::Width::Byte, 0x00);
    control.write(0, bus::Width::Byte, 0x04);
    EXPECT_EQ(resets.back(), ResetKind::Soft);
}

TEST_F(ResetControlTest, LiesOnTopOfTheConfigurationPorts)
{
    base::Log log = base::Log::discard();
    bus::PortRouter ports{"port", log};
    pci::Bus pci_bus;
    const bus::Claim on_pci = ports.claim(base::Port{pci::kConfigAddressPort}, pci::kConfigPorts, pci_bus, "pci");
    const bus::Claim on_reset = ports.claim(base::Port{kResetControlPort}, 1, control, "piix3");
    ports.write(base::Port{0xcf8}, bus::Width::Dword, 0x80000604);
    EXPECT_TRUE(resets.empty());
    EXPECT_EQ(ports.read(base::Port{0xcf8}, bus::Width::Dword), 0x80000604U);
    ports.write(base::Port{0xcf9}, bus::Width::Byte, 0x06);
    EXPECT_EQ(resets.size(), 1U);
    EXPECT_EQ(ports.read(base::Port{0xcf8}, bus::Width::Dword), 0x80000604U);
}

} // namespace
} // namespace windsor::devices::piix3
