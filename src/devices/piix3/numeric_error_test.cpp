// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/piix3/numeric_error.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::piix3 {
namespace {

class Line final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool level) override { high = level; }
    bool high{false};
};

class NumericErrorTest : public testing::Test {
protected:
    void acknowledge() { EXPECT_EQ(chip.write(0, bus::Width::Byte, 0), bus::AccessStatus::Ok); }

    Line line;
    NumericError chip{bus::IrqLine{line, 13}};
};

TEST_F(NumericErrorTest, FerrBecomesAnInterruptUntilItIsAcknowledged)
{
    EXPECT_FALSE(chip.raise()) << "nobody has asked to ignore it";
    EXPECT_TRUE(line.high);
    acknowledge();
    EXPECT_FALSE(line.high);
    EXPECT_TRUE(chip.raise()) << "IGNNE# is active while the exception waits";
    EXPECT_FALSE(line.high);
    chip.clear();
    EXPECT_FALSE(chip.raise()) << "the next one is another";
    EXPECT_TRUE(line.high);
    chip.clear();
    EXPECT_FALSE(line.high);
}

TEST_F(NumericErrorTest, AnAcknowledgementOfNothingIgnoresNothing)
{
    acknowledge();
    EXPECT_FALSE(chip.raise());
    EXPECT_TRUE(line.high);
}

TEST_F(NumericErrorTest, LoadingMakesNoEdge)
{
    chip.raise();
    Line other_line;
    NumericError other{bus::IrqLine{other_line, 13}};
    other.load(chip.state());
    EXPECT_FALSE(other_line.high);
    other.reset();
    EXPECT_FALSE(other.raise());
    EXPECT_TRUE(other_line.high);
}

} // namespace
} // namespace windsor::devices::piix3
