// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/bus_master.hpp"

#include <algorithm>
#include <array>

namespace windsor::devices::ide {

namespace {

constexpr unsigned kCommandOffset = 0;
constexpr unsigned kStatusOffset = 2;
constexpr unsigned kTableOffset = 4;
constexpr std::uint32_t kDescriptorBytes = 8;
constexpr std::uint32_t kMostRegionBytes = 65536;

std::uint32_t little_endian(std::span<const std::uint8_t, 4> bytes)
{
    return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
}

} // namespace

std::uint8_t BusMaster::read(unsigned offset) const
{
    switch (offset) {
    case kCommandOffset:
        return state_.command;
    case kStatusOffset:
        return state_.status;
    default:
        return offset < kTableOffset ? std::uint8_t{0}
                                     : static_cast<std::uint8_t>(state_.table >> (8 * (offset - kTableOffset)));
    }
}

bool BusMaster::write(unsigned offset, std::uint8_t value)
{
    using namespace bus_master;
    if (offset == kCommandOffset) {
        const bool was_started = (state_.command & kCommandStart) != 0;
        const bool started = (value & kCommandStart) != 0;
        state_.command = static_cast<std::uint8_t>(value & (kCommandStart | kCommandToMemory));
        if (!started) {
            state_.status = static_cast<std::uint8_t>(state_.status & ~kStatusActive);
        } else if (!was_started) {
            state_.status |= kStatusActive;
            state_.next_descriptor = state_.table;
            state_.bytes = 0;
            state_.last = false;
        }
        return started && !was_started;
    }
    if (offset == kStatusOffset) {
        const auto cleared = static_cast<std::uint8_t>(value & (kStatusError | kStatusInterrupt));
        const auto kept = static_cast<std::uint8_t>(state_.status & ~cleared & ~kStatusCapable);
        state_.status = static_cast<std::uint8_t>(kept | (value & kStatusCapable));
    } else if (offset >= kTableOffset) {
        const unsigned shift = 8 * (offset - kTableOffset);
        state_.table = (state_.table & ~(std::uint32_t{0xFF} << shift)) | std::uint32_t{value} << shift;
        state_.table &= ~std::uint32_t{3};
    }
    return false;
}

bool BusMaster::move(DmaDirection direction, std::span<std::uint8_t> data)
{
    using namespace bus_master;
    const bool to_memory = (state_.command & kCommandToMemory) != 0;
    if (!enabled_ || (state_.status & kStatusActive) == 0 || to_memory != (direction == DmaDirection::ToMemory)) {
        return false;
    }
    while (!data.empty()) {
        if (state_.bytes == 0 && !fetch_descriptor()) {
            return false;
        }
        const auto part = data.first(std::min<std::size_t>(state_.bytes, data.size()));
        const base::GuestPhysical address{state_.address};
        if (!(to_memory ? memory_.write(address, part) : memory_.read(address, part))) {
            stop_with_error();
            return false;
        }
        state_.address += static_cast<std::uint32_t>(part.size());
        state_.bytes -= static_cast<std::uint32_t>(part.size());
        data = data.subspan(part.size());
    }
    if (state_.bytes == 0 && state_.last) {
        state_.status = static_cast<std::uint8_t>(state_.status & ~kStatusActive);
    }
    return true;
}

// SFF-8038i 1.2: an even address, a byte count of which zero means 64 KiB, and the end mark.
bool BusMaster::fetch_descriptor()
{
    if (state_.last) {
        // Descriptors for less than the drive transfers: inactive without an interrupt (SFF-8038i 3).
        state_.status = static_cast<std::uint8_t>(state_.status & ~bus_master::kStatusActive);
        return false;
    }
    std::array<std::uint8_t, kDescriptorBytes> raw{};
    if (!memory_.read(base::GuestPhysical{state_.next_descriptor}, raw)) {
        stop_with_error();
        return false;
    }
    const std::span<const std::uint8_t, kDescriptorBytes> bytes{raw};
    const std::uint32_t length = little_endian(bytes.subspan<4, 4>());
    state_.next_descriptor += kDescriptorBytes;
    state_.address = little_endian(bytes.first<4>()) & ~std::uint32_t{1};
    state_.bytes = (length & 0xFFFE) == 0 ? kMostRegionBytes : length & 0xFFFE;
    state_.last = (length & bus_master::kPrdEndOfTable) != 0;
    return true;
}

void BusMaster::stop_with_error()
{
    state_.status = static_cast<std::uint8_t>((state_.status & ~bus_master::kStatusActive) | bus_master::kStatusError);
}

} // namespace windsor::devices::ide
