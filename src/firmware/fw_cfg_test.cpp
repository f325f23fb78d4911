// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/byte_order.hpp"
#include "firmware/fw_cfg.hpp"

#include <array>
#include <bit>
#include <gtest/gtest.h>

namespace windsor::firmware {

namespace {

using bus::AccessStatus;
using bus::Width;

class FwCfgTest : public testing::Test {
protected:
    FwCfgTest()
    {
        memory_.map({.size = 0x10000, .block = ram_.get()});
        device_.add_file("etc/b", {1, 2, 3});
        device_.add_file("etc/a", [this] { return Bytes{static_cast<std::uint8_t>(++made_), 9}; }, 2);
        device_.finish();
    }

    void select(unsigned key) { ASSERT_EQ(device_.write(0, Width::Word, key), AccessStatus::Ok); }
    std::uint8_t data() { return static_cast<std::uint8_t>(device_.read(1, Width::Byte).value); }
    std::uint32_t big_number(unsigned size)
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < size; ++i) {
            value = value << 8 | data();
        }
        return value;
    }
    void request(std::uint32_t control, std::uint32_t length, std::uint64_t address)
    {
        Bytes bytes;
        put_big(bytes, control, 4);
        put_big(bytes, length, 4);
        put_big(bytes, address, 8);
        ASSERT_TRUE(memory_.write(memory::GuestPhysical{0x1000}, bytes));
        device_.write(4, Width::Dword, 0);
        device_.write(8, Width::Dword, std::byteswap(0x1000u));
    }
    std::uint32_t answer() { return ram_->data()[0x1003] | ram_->data()[0x1000] << 24; }

    std::unique_ptr<memory::Block> ram_{memory::Block::create(0x10000).value()};
    memory::GuestMemory memory_;
    FwCfg device_{memory_};
    int made_{0};
};

TEST_F(FwCfgTest, SignatureThenZeros)
{
    select(0);
    EXPECT_EQ(data(), 'Q');
    EXPECT_EQ(data(), 'E');
    EXPECT_EQ(data(), 'M');
    EXPECT_EQ(data(), 'U');
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(device_.read(4, Width::Dword).value, std::byteswap(0x51454d55u));
}

TEST_F(FwCfgTest, DirectoryIsSortedAndLeadsToTheFiles)
{
    select(0x19);
    EXPECT_EQ(big_number(4), 2u);
    EXPECT_EQ(big_number(4), 2u);
    const unsigned key_of_a = big_number(2);
    big_number(2);
    EXPECT_EQ(data(), 'e');
    select(key_of_a);
    EXPECT_EQ(data(), 1);
    EXPECT_EQ(data(), 9);
    select(key_of_a);
    EXPECT_EQ(data(), 2) << "contents are made anew at each selection";
}

TEST_F(FwCfgTest, DmaSelectsReadsAndSkips)
{
    request(0x20 << 16 | 8 | 2, 2, 0x2000);
    EXPECT_EQ(answer(), 0u);
    EXPECT_EQ(ram_->data()[0x2000], 1);
    EXPECT_EQ(ram_->data()[0x2001], 2);
    request(2, 4, 0x2000);
    EXPECT_EQ(ram_->data()[0x2000], 3);
    EXPECT_EQ(ram_->data()[0x2003], 0) << "beyond the end reads zero";
    request(0x20 << 16 | 8 | 4, 2, 0);
    EXPECT_EQ(data(), 3);
}

TEST_F(FwCfgTest, DmaRefusesWritesAndAddressesOutsideMemory)
{
    request(0x20 << 16 | 8 | 16, 2, 0x2000);
    EXPECT_EQ(answer() & 1, 1u);
    request(0x20 << 16 | 8 | 2, 2, 0x7'0000'0000);
    EXPECT_EQ(answer() & 1, 1u);
    request(0x20 << 16 | 8 | 2, 0xffff'ffff, 0x2000);
    EXPECT_EQ(answer() & 1, 1u);
    device_.write(4, Width::Dword, 0xffff'ffff);
    device_.write(8, Width::Dword, 0xffff'ffff);
}

} // namespace

} // namespace windsor::firmware
