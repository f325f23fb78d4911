// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/irq_line.hpp"
#include "bus/router.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace windsor::bus {

namespace {

struct Register final : AccessHandler {
    explicit Register(std::uint64_t initial) : value{initial} {}

    ReadResult read(std::uint64_t offset, Width width) override
    {
        if (width != Width::Byte) {
            return AccessStatus::BadWidth;
        }
        return offset == 3 ? ReadResult{AccessStatus::NoRegister} : ReadResult{value + offset};
    }
    AccessStatus write(std::uint64_t, Width width, std::uint64_t written) override
    {
        if (width != Width::Byte) {
            return AccessStatus::BadWidth;
        }
        writes.push_back(written);
        return AccessStatus::Ok;
    }

    std::uint64_t value;
    std::vector<std::uint64_t> writes;
};

class RouterTest : public testing::Test {
protected:
    base::Log log_{base::Log::discard()};
    Router router_{"port", log_};
    Register low_{0x10};
    Register high_{0x80};
};

TEST_F(RouterTest, UnclaimedReadsAllOnes)
{
    EXPECT_EQ(router_.read(0x60, Width::Byte), 0xffu);
    EXPECT_EQ(router_.read(0x60, Width::Dword), 0xffff'ffffu);
    router_.write(0x60, Width::Dword, 1);
}

TEST_F(RouterTest, SplitsAWideAccessOverByteRegistersAndNeighbours)
{
    const Claim on_low = router_.claim(0x40, 2, low_, "low");
    const Claim on_high = router_.claim(0x42, 1, high_, "high");
    EXPECT_EQ(router_.read(0x40, Width::Dword), 0xff80'1110u);
    router_.write(0x40, Width::Dword, 0x4433'2211);
    EXPECT_EQ(low_.writes, (std::vector<std::uint64_t>{0x11, 0x22}));
    EXPECT_EQ(high_.writes, (std::vector<std::uint64_t>{0x33}));
}

TEST_F(RouterTest, TheNewestClaimCoversOlderOnesUntilReleased)
{
    const Claim on_low = router_.claim(0x40, 4, low_, "low");
    Claim on_high = router_.claim(0x41, 1, high_, "high");
    EXPECT_EQ(router_.read(0x41, Width::Byte), 0x80u);
    EXPECT_EQ(router_.read(0x42, Width::Byte), 0x12u);
    on_high.release();
    EXPECT_EQ(router_.read(0x41, Width::Byte), 0x11u);
}

TEST_F(RouterTest, AClaimEndsWithItsOwner)
{
    Claim moved;
    {
        Claim claim = router_.claim(0x40, 4, low_, "low");
        const Claim other = router_.claim(0x50, 4, high_, "high");
        EXPECT_EQ(router_.read(0x50, Width::Byte), 0x80u);
        moved = std::move(claim);
    }
    EXPECT_EQ(router_.read(0x50, Width::Byte), 0xffu);
    EXPECT_EQ(router_.read(0x40, Width::Byte), 0x10u);
    moved = router_.claim(0x60, 4, high_, "high");
    EXPECT_EQ(router_.read(0x40, Width::Byte), 0xffu) << "what it held before is let go of";
    EXPECT_EQ(router_.read(0x60, Width::Byte), 0x80u);
}

// A register that lets go of its own range when it is written, and refuses the access.
struct Leaving final : AccessHandler {
    ReadResult read(std::uint64_t, Width) override { return AccessStatus::NoRegister; }
    AccessStatus write(std::uint64_t, Width, std::uint64_t) override
    {
        claim = {};
        return AccessStatus::NoRegister;
    }
    Claim claim;
};

TEST_F(RouterTest, AHandlerMayLetGoOfItsRangeInTheMiddleOfAnAccess)
{
    Leaving leaving;
    leaving.claim = router_.claim(0x40, 4, leaving, "a name that is longer than a string keeps within itself");
    router_.write(0x40, Width::Byte, 1);
    EXPECT_EQ(router_.read(0x40, Width::Byte), 0xffu);
}

TEST_F(RouterTest, MissingRegisterFloats)
{
    const Claim on_low = router_.claim(0x40, 4, low_, "low");
    EXPECT_EQ(router_.read(0x43, Width::Byte), 0xffu);
}

// A data port that takes runs of words, and counts how it was asked.
struct DataPort final : AccessHandler {
    ReadResult read(std::uint64_t, Width) override { return std::uint64_t{++singles}; }
    AccessStatus write(std::uint64_t, Width, std::uint64_t) override { return AccessStatus::Ok; }
    bool read_run(std::uint64_t offset, Width width, std::span<std::uint8_t> data) override
    {
        if (offset != 0 || width != Width::Word) {
            return false;
        }
        ++runs;
        std::ranges::fill(data, std::uint8_t{0xab});
        return true;
    }
    bool write_run(std::uint64_t, Width, std::span<const std::uint8_t> data) override
    {
        taken.assign(data.begin(), data.end());
        return true;
    }
    std::uint8_t singles{0};
    int runs{0};
    std::vector<std::uint8_t> taken;
};

TEST_F(RouterTest, GivesARunToADataPortAtOnce)
{
    DataPort port;
    const Claim on_data = router_.claim(0x1f0, 8, port, "data");
    std::array<std::uint8_t, 8> data{};
    router_.read_run(0x1f0, Width::Word, data);
    EXPECT_EQ(port.runs, 1);
    EXPECT_EQ(port.singles, 0);
    EXPECT_EQ(data[7], 0xab);
    router_.write_run(0x1f0, Width::Word, std::array<std::uint8_t, 4>{1, 2, 3, 4});
    EXPECT_EQ(port.taken, (std::vector<std::uint8_t>{1, 2, 3, 4}));
}

TEST_F(RouterTest, MakesSingleAccessesOfOtherRuns)
{
    DataPort port;
    const Claim on_data = router_.claim(0x1f0, 8, port, "data");
    std::array<std::uint8_t, 3> data{};
    router_.read_run(0x1f4, Width::Byte, data);
    EXPECT_EQ(data, (std::array<std::uint8_t, 3>{1, 2, 3}));
    const Claim on_low = router_.claim(0x40, 4, low_, "low");
    std::array<std::uint8_t, 4> words{};
    router_.read_run(0x41, Width::Word, words);
    EXPECT_EQ(words, (std::array<std::uint8_t, 4>{0x11, 0x12, 0x11, 0x12})) << "each split into bytes";
    router_.write_run(0x40, Width::Byte, std::array<std::uint8_t, 2>{7, 8});
    EXPECT_EQ(low_.writes, (std::vector<std::uint64_t>{7, 8}));
    router_.read_run(0x999, Width::Byte, data);
    EXPECT_EQ(data, (std::array<std::uint8_t, 3>{0xff, 0xff, 0xff}));
}

struct Inputs final : IrqSink {
    void set_irq(unsigned input, bool level) override { changes.emplace_back(input, level); }
    std::vector<std::pair<unsigned, bool>> changes;
};

TEST(IrqLine, ReportsChangesOnlyAndRestoresWithoutAnEdge)
{
    Inputs inputs;
    IrqLine line{inputs, 5};
    line.set_level(true);
    line.set_level(true);
    line.set_level(false);
    line.restore_level(true);
    EXPECT_EQ(inputs.changes, (std::vector<std::pair<unsigned, bool>>{{5, true}, {5, false}}));
}

} // namespace

} // namespace windsor::bus
