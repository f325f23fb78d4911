// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/statistics.hpp"

#include "devices/e1000/receive_filter.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
// The last of each class of sizes, with the frame check sequence.
constexpr std::array<std::size_t, 5> kSizes{64, 127, 255, 511, 1023};

// Offsets between the first and the last register where there is none.
constexpr std::array<std::uint32_t, 5> kGaps{0x403c, 0x4044, 0x4084, 0x4098, 0x409c};
// Lower halves of counters of 64 bits, which keep what they count until the upper half is read.
constexpr std::array<std::uint32_t, 4> kLowHalves{0x4088, 0x4090, 0x40c0, 0x40c8};

template <std::size_t N> bool contains(const std::array<std::uint32_t, N>& offsets, std::uint32_t offset)
{
    return std::ranges::find(offsets, offset) != offsets.end();
}

std::size_t octets_of(std::span<const std::uint8_t> frame)
{
    return std::max(frame.size(), kLeastFrame) + kFcsSize;
}

} // namespace

bool Statistics::has(std::uint32_t offset)
{
    return offset - reg::kStatistics < kCount * 4 && offset % 4 == 0 && !contains(kGaps, offset);
}

void Statistics::count(Counter counter, std::uint32_t more)
{
    std::uint32_t& value = at(std::to_underlying(counter));
    value = more > kMost - value ? kMost : value + more;
}

void Statistics::count_octets(Counter low, std::uint32_t more)
{
    const std::uint32_t offset = std::to_underlying(low);
    const std::uint64_t before = std::uint64_t{at(offset + 4)} << 32 | at(offset);
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t sum = more > most - before ? most : before + more;
    at(offset) = static_cast<std::uint32_t>(sum);
    at(offset + 4) = static_cast<std::uint32_t>(sum >> 32);
}

void Statistics::count_size(Counter first, std::size_t octets)
{
    const auto* const size_class = std::ranges::lower_bound(kSizes, octets);
    const auto index = static_cast<std::uint32_t>(size_class - kSizes.begin());
    count(static_cast<Counter>(std::to_underlying(first) + 4 * index));
}

void Statistics::received(std::span<const std::uint8_t> frame)
{
    count(Counter::Received);
    count_octets(Counter::OctetsReceived, static_cast<std::uint32_t>(octets_of(frame)));
}

void Statistics::accepted(std::span<const std::uint8_t> frame)
{
    const std::size_t octets = octets_of(frame);
    count(Counter::GoodReceived);
    count_octets(Counter::GoodOctetsReceived, static_cast<std::uint32_t>(octets));
    count_size(Counter::ReceivedBySize, octets);
    if (is_broadcast(frame)) {
        count(Counter::BroadcastReceived);
    } else if (is_multicast(frame)) {
        count(Counter::MulticastReceived);
    }
}

void Statistics::transmitted(std::span<const std::uint8_t> frame)
{
    const std::size_t octets = octets_of(frame);
    count(Counter::Transmitted);
    count(Counter::GoodTransmitted);
    count_octets(Counter::OctetsSent, static_cast<std::uint32_t>(octets));
    count_octets(Counter::GoodOctetsSent, static_cast<std::uint32_t>(octets));
    count_size(Counter::TransmittedBySize, octets);
    if (is_broadcast(frame)) {
        count(Counter::BroadcastTransmitted);
    } else if (is_multicast(frame)) {
        count(Counter::MulticastTransmitted);
    }
}

std::uint32_t Statistics::read(std::uint32_t offset)
{
    if (contains(kLowHalves, offset)) {
        return at(offset);
    }
    if (contains(kLowHalves, offset - 4)) {
        at(offset - 4) = 0;
    }
    return std::exchange(at(offset), 0);
}

void Statistics::load(const State& state)
{
    state_ = state;
    for (const std::uint32_t gap : kGaps) {
        at(gap) = 0;
    }
}

} // namespace windsor::devices::e1000
