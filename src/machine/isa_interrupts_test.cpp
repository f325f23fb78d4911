// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/isa_interrupts.hpp"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace windsor::machine {

namespace {

struct Inputs final : bus::IrqSink {
    void set_irq(unsigned input, bool level) override { changes.emplace_back(input, level); }
    std::vector<std::pair<unsigned, bool>> changes;
};

using Changes = std::vector<std::pair<unsigned, bool>>;

TEST(IsaInterrupts, ALineReachesBothControllers)
{
    Inputs pic;
    Inputs ioapic;
    IsaInterrupts wiring{pic, ioapic};
    wiring.line(4).set_level(true);
    EXPECT_EQ(pic.changes, (Changes{{4, true}}));
    EXPECT_EQ(ioapic.changes, (Changes{{4, true}}));
}

TEST(IsaInterrupts, TheTimerEntersTheIoApicAtInputTwo)
{
    Inputs pic;
    Inputs ioapic;
    IsaInterrupts wiring{pic, ioapic};
    wiring.line(0).set_level(true);
    wiring.line(2).set_level(true);
    EXPECT_EQ(pic.changes, (Changes{{0, true}, {2, true}}));
    EXPECT_EQ(ioapic.changes, (Changes{{2, true}}));
}

TEST(IsaInterrupts, AnInputStaysUpUntilDevicesAndLinksLetGo)
{
    Inputs pic;
    Inputs ioapic;
    IsaInterrupts wiring{pic, ioapic};
    wiring.line(9).set_level(true);
    wiring.links().set_irq(9, true);
    wiring.devices().set_irq(9, false);
    EXPECT_TRUE(pic.changes.back().second);
    wiring.links().set_irq(9, false);
    EXPECT_FALSE(pic.changes.back().second);
}

TEST(IsaInterrupts, TwoDevicesShareAnInput)
{
    Inputs pic;
    Inputs ioapic;
    IsaInterrupts wiring{pic, ioapic};
    bus::IrqLine com1 = wiring.line(4);
    bus::IrqLine com3 = wiring.line(4);
    com1.set_level(true);
    com3.set_level(true);
    com1.set_level(false);
    EXPECT_TRUE(pic.changes.back().second) << "the other has not let go";
    com3.set_level(false);
    EXPECT_FALSE(pic.changes.back().second);
    com3.set_level(true);
    EXPECT_TRUE(pic.changes.back().second);
}

// The controllers have states of their own: no edge is made for them.
TEST(IsaInterrupts, RememberWhoAssertsAnInput)
{
    Inputs pic;
    Inputs ioapic;
    IsaInterrupts wiring{pic, ioapic};
    wiring.line(9).set_level(true);
    wiring.links().set_irq(9, true);
    wiring.links().set_irq(11, true);
    Inputs other_pic;
    Inputs other_ioapic;
    IsaInterrupts other{other_pic, other_ioapic};
    other.load(wiring.state());
    EXPECT_EQ(other_pic.changes, Changes{});
    EXPECT_EQ(other_ioapic.changes, Changes{});
    other.links().set_irq(9, false);
    EXPECT_EQ(other_pic.changes, (Changes{{9, true}}));
    other.devices().set_irq(9, false);
    EXPECT_EQ(other_pic.changes.back(), (std::pair{9u, false}));
    other.devices().set_irq(11, false);
    EXPECT_EQ(other_ioapic.changes.back(), (std::pair{11u, true}));
}

} // namespace

} // namespace windsor::machine
