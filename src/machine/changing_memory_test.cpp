// SPDX-License-Identifier: GPL-2.0-or-later
// What chips read of guest memory while another processor writes it: each is read once, and what is decided by it is
// what is done.
#include "conformance/changing_page.hpp"
#include "machine/board_bench.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <utility>

namespace windsor::machine {

namespace {

using bus::Width;
using conformance::ChangingPage;

// Of a copy of 16 bytes at the most, which memcpy() makes by two instructions or by one.
constexpr unsigned kReadsOfOneCopy = 2;

constexpr std::uint64_t kTable = 0x10000; // a page of its own
constexpr std::uint64_t kFirst = 0x20000;
constexpr std::uint64_t kSecond = 0x30000;

class ChangingMemory : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!testing::BoardBench::possible()) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        bench_ = std::make_unique<testing::BoardBench>();
    }
    std::uint8_t* at(std::uint64_t address) { return bench_->board->saved_memory().front().block->data() + address; }
    void out(std::uint16_t port, Width width, std::uint32_t value)
    {
        const bus::MachineGuard guard{bench_->host.lock()};
        bench_->board->ports().write(base::Port{port}, width, value);
    }
    bool filled(std::uint64_t address, std::size_t bytes)
    {
        return std::all_of(at(address), at(address) + bytes,
                           [](std::uint8_t byte) { return byte == testing::kDiskByte; });
    }
    bool untouched(std::uint64_t address, std::size_t bytes)
    {
        return std::all_of(at(address), at(address) + bytes, [](std::uint8_t byte) { return byte == 0; });
    }

private:
    std::unique_ptr<testing::BoardBench> bench_;
};

constexpr std::array<std::uint8_t, 8> descriptor(std::uint32_t address, std::uint32_t count)
{
    std::array<std::uint8_t, 8> bytes{};
    for (unsigned i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::uint8_t>(address >> 8 * i);
        bytes[4 + i] = static_cast<std::uint8_t>(count >> 8 * i);
    }
    return bytes;
}

constexpr std::uint32_t kEndOfTable = 0x8000'0000;

// SFF-8038i 1.2.
class PrdTable : public ChangingMemory {
protected:
    static constexpr std::uint16_t kBusMaster = 0xc000;

    void SetUp() override
    {
        ChangingMemory::SetUp();
        if (IsSkipped()) {
            return;
        }
        constexpr std::uint32_t kFunction = 0x8000'0000 | 1 << 11 | 1 << 8;
        out(0xcf8, Width::Dword, kFunction | 0x20);
        out(0xcfc, Width::Dword, kBusMaster);
        out(0xcf8, Width::Dword, kFunction | 4);
        out(0xcfc, Width::Word, 5); // ports, bus master
    }
    // READ DMA of sector 0. ATA/ATAPI-6, 8.28.
    void read_a_sector()
    {
        out(kBusMaster + 4, Width::Dword, kTable);
        for (const auto& [port, value] :
             std::initializer_list<std::pair<std::uint16_t, std::uint32_t>>{{0x1f6, 0xe0},
                                                                            {0x1f2, 1},
                                                                            {0x1f3, 0},
                                                                            {0x1f4, 0},
                                                                            {0x1f5, 0},
                                                                            {kBusMaster, 8},
                                                                            {0x1f7, 0xc8},
                                                                            {kBusMaster, 9}}) {
            out(port, Width::Byte, value);
        }
    }
};

TEST_F(PrdTable, ADescriptorIsReadOnce)
{
    std::ranges::copy(descriptor(kFirst, 512 | kEndOfTable), at(kTable));
    const auto other = descriptor(kSecond, 512 | kEndOfTable);
    ChangingPage page{at(kTable), at(kTable), other, kReadsOfOneCopy + 1};
    read_a_sector();
    EXPECT_FALSE(page.changed());
    EXPECT_TRUE(filled(kFirst, 512));
    EXPECT_TRUE(untouched(kSecond, 512));
}

TEST_F(PrdTable, WhatIsCheckedIsWhatIsUsed)
{
    std::ranges::copy(descriptor(kFirst, 512 | kEndOfTable), at(kTable));
    const auto other = descriptor(0xffff'fff0, 0); // 64 KiB of nowhere
    bool changed = false;
    {
        ChangingPage page{at(kTable), at(kTable), other, 1};
        read_a_sector();
        changed = page.changed();
    }
    ASSERT_TRUE(changed);
    EXPECT_TRUE(filled(kFirst, 512) || untouched(kFirst, 512));
    EXPECT_TRUE(untouched(kFirst + 512, 0x1'0000 - 512)) << "the old address with the new length";
}

// Of one table each descriptor, the second as it is when the first has been used up.
TEST_F(PrdTable, TheNextIsReadWhenItsTurnComes)
{
    std::ranges::copy(descriptor(kFirst, 256), at(kTable));
    std::ranges::copy(descriptor(kFirst + 256, 256 | kEndOfTable), at(kTable) + 8);
    const auto other = descriptor(kSecond, 256 | kEndOfTable);
    ChangingPage page{at(kTable), at(kTable) + 8, other, 2 * kReadsOfOneCopy + 1};
    read_a_sector();
    EXPECT_FALSE(page.changed());
    EXPECT_TRUE(filled(kFirst, 512));
}

// QEMU's docs/specs/fw_cfg: control, length and address, big-endian.
class FwCfgRequest : public ChangingMemory {
protected:
    static constexpr std::uint32_t kSelectAndRead = 0x0000'000a; // item 0, the signature

    static std::array<std::uint8_t, 16> request(std::uint32_t length, std::uint32_t address)
    {
        std::array<std::uint8_t, 16> bytes{};
        const std::array<std::uint32_t, 4> words{kSelectAndRead, length, 0, address};
        for (unsigned i = 0; i < 16; ++i) {
            bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (24 - 8 * (i % 4)));
        }
        return bytes;
    }
    void send()
    {
        out(0x514, Width::Dword, 0);
        out(0x518, Width::Dword, std::byteswap(static_cast<std::uint32_t>(kTable)));
    }
};

TEST_F(FwCfgRequest, IsReadOnce)
{
    std::ranges::copy(request(4, kFirst), at(kTable));
    const auto other = request(0x1000, kSecond);
    ChangingPage page{at(kTable), at(kTable), other, kReadsOfOneCopy + 1};
    send();
    EXPECT_EQ(std::memcmp(at(kFirst), "QEMU", 4), 0);
    EXPECT_TRUE(untouched(kSecond, 0x1000));
}

TEST_F(FwCfgRequest, WhatIsCheckedIsWhatIsUsed)
{
    std::ranges::copy(request(4, kFirst), at(kTable));
    std::memset(at(kFirst), 0x11, 64);
    const auto other = request(0x7fff'ffff, kFirst); // far more than any item
    {
        ChangingPage page{at(kTable), at(kTable), other, 1};
        send();
    }
    EXPECT_EQ(at(kFirst)[4], 0x11) << "the length that was checked";
}

} // namespace

} // namespace windsor::machine
