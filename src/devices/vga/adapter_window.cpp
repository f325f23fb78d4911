// SPDX-License-Identifier: GPL-2.0-or-later
// The legacy memory window: latches, write and read modes, chain-4 and odd/even addressing
// (IBM PS/2 Hardware Interface Technical Reference, "Graphics Controller Registers").
#include "devices/vga/adapter.hpp"

#include <cstring>

namespace windsor::devices::vga {

namespace {

// A byte on all four planes.
constexpr std::uint32_t on_all_planes(std::uint8_t value)
{
    return value * 0x01010101U;
}

// FFh on each plane whose bit is set.
constexpr std::uint32_t plane_bytes(unsigned planes)
{
    return ((planes & 1) != 0 ? 0x000000ffU : 0) | ((planes & 2) != 0 ? 0x0000ff00U : 0) |
           ((planes & 4) != 0 ? 0x00ff0000U : 0) | ((planes & 8) != 0 ? 0xff000000U : 0);
}

std::uint32_t load_group(const std::uint8_t* at)
{
    std::uint32_t group;
    std::memcpy(&group, at, sizeof group);
    return group;
}

} // namespace

void Adapter::touched(std::uint64_t vram_offset, std::uint64_t size)
{
    const std::uint64_t last = (vram_offset + size - 1) / memory::kPageSize;
    for (std::uint64_t page = vram_offset / memory::kPageSize; page <= last; ++page) {
        page_touched(page);
    }
}

void Adapter::page_touched(std::uint64_t page)
{
    window_dirty_[page] = true;
    const std::uint8_t flags = vram_->page_flags(page).load(std::memory_order_relaxed);
    if ((flags & memory::kPageUnsent) == 0) {
        vram_->page_flags(page).fetch_or(memory::kPageUnsent, std::memory_order_relaxed);
    }
    if ((flags & memory::kPageCode) == 0) {
        return;
    }
    std::vector<base::GuestPhysical> aliases;
    memory_.for_each([&](const memory::Mapping& mapping) {
        const std::uint64_t at = page * memory::kPageSize;
        if (mapping.block == vram_.get() && at >= mapping.block_offset && at - mapping.block_offset < mapping.size) {
            aliases.push_back(mapping.start + (at - mapping.block_offset));
        }
    });
    for (const base::GuestPhysical alias : aliases) {
        memory_.written(alias);
    }
}

bool Adapter::locate(std::uint64_t offset, std::uint64_t& address) const
{
    switch ((state_.graphics[gfx::kMiscellaneous] >> 2) & 3) {
    case 0: // A0000h, 128 KiB
        address = offset;
        return true;
    case 1: // A0000h, 64 KiB
        address = offset;
        return offset < 0x10000;
    case 2: // B0000h, 32 KiB
        address = offset - 0x10000;
        return offset >= 0x10000 && offset < 0x18000;
    default: // B8000h, 32 KiB
        address = offset - 0x18000;
        return offset >= 0x18000;
    }
}

std::uint8_t Adapter::read_byte(std::uint64_t address)
{
    unsigned plane = state_.graphics[gfx::kReadMap] & 3U;
    std::uint64_t group = address;
    if ((state_.sequencer[seq::kMemoryMode] & seq::kMemoryChain4) != 0) {
        plane = static_cast<unsigned>(address & 3);
        group = address >> 2;
    } else if ((state_.graphics[gfx::kMode] & gfx::kModeOddEven) != 0) {
        plane = (plane & 2) | static_cast<unsigned>(address & 1);
        group = address >> 1;
    }
    state_.latch = load_group(vram_->data() + ((4 * group) & vram_mask()));
    if ((state_.graphics[gfx::kMode] & gfx::kModeReadCompare) == 0) {
        return static_cast<std::uint8_t>(state_.latch >> (8 * plane));
    }
    // A bit is one where all planes that matter match the compared colour.
    std::uint32_t differs = (state_.latch ^ plane_bytes(state_.graphics[gfx::kColorCompare])) &
                            plane_bytes(state_.graphics[gfx::kColorDontCare]);
    differs |= differs >> 16;
    differs |= differs >> 8;
    return static_cast<std::uint8_t>(~differs);
}

// What a written byte becomes on the four planes, before the map mask.
std::uint32_t Adapter::combine(std::uint8_t value) const
{
    const auto& r = state_.graphics;
    const unsigned rotate = r[gfx::kDataRotate] & 7U;
    const auto rotated = static_cast<std::uint8_t>((value >> rotate) | (value << (8 - rotate)));
    std::uint32_t bit_mask = on_all_planes(r[gfx::kBitMask]);
    std::uint32_t data = 0;
    switch (r[gfx::kMode] & 3) {
    case 0: {
        const std::uint32_t enabled = plane_bytes(r[gfx::kEnableSetReset]);
        data = (on_all_planes(rotated) & ~enabled) | (plane_bytes(r[gfx::kSetReset]) & enabled);
        break;
    }
    case 1: return state_.latch;
    case 2: data = plane_bytes(value); break;
    default:
        data = plane_bytes(r[gfx::kSetReset]);
        bit_mask &= on_all_planes(rotated);
        break;
    }
    switch ((r[gfx::kDataRotate] >> 3) & 3) {
    case 1: data &= state_.latch; break;
    case 2: data |= state_.latch; break;
    case 3: data ^= state_.latch; break;
    default: break;
    }
    return (data & bit_mask) | (state_.latch & ~bit_mask);
}

void Adapter::write_byte(std::uint64_t address, std::uint8_t value)
{
    unsigned planes = state_.sequencer[seq::kMapMask];
    std::uint64_t group = address;
    if ((state_.sequencer[seq::kMemoryMode] & seq::kMemoryChain4) != 0) {
        planes &= 1U << (address & 3);
        group = address >> 2;
    } else if ((state_.sequencer[seq::kMemoryMode] & seq::kMemorySequential) == 0) {
        planes &= (address & 1) != 0 ? 0b1010U : 0b0101U;
        group = address >> 1;
    }
    if (planes == 0) {
        return;
    }
    const std::uint64_t offset = (4 * group) & vram_mask();
    std::uint8_t* const at = vram_->data() + offset;
    const std::uint32_t mask = plane_bytes(planes);
    const std::uint32_t result = (load_group(at) & ~mask) | (combine(value) & mask);
    std::memcpy(at, &result, sizeof result);
    touched(offset);
}

bus::ReadResult Adapter::read_window(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        std::uint64_t address = 0;
        const std::uint8_t byte = locate(offset + i, address) ? read_byte(address) : std::uint8_t{0xff};
        value |= std::uint64_t{byte} << (8 * i);
    }
    return value;
}

bus::AccessStatus Adapter::write_window(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    const auto& r = state_.graphics;
    const unsigned count = bus::bytes(width);
    const bool linear = (state_.sequencer[seq::kMemoryMode] & seq::kMemoryChain4) != 0 &&
                        state_.sequencer[seq::kMapMask] == 0x0f && (r[gfx::kMode] & 3) == 0 &&
                        r[gfx::kDataRotate] == 0 && r[gfx::kEnableSetReset] == 0 && r[gfx::kBitMask] == 0xff;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (linear && locate(offset, first) && locate(offset + count - 1, last) && last <= vram_mask() && first <= last) {
        // Nothing between the processor and memory: the common case of 256-colour and banked modes.
        std::memcpy(vram_->data() + first, &value, count);
        touched(first);
        touched(last);
        return bus::AccessStatus::Ok;
    }
    for (unsigned i = 0; i < count; ++i) {
        std::uint64_t address = 0;
        if (locate(offset + i, address)) {
            write_byte(address, static_cast<std::uint8_t>(value >> (8 * i)));
        }
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::vga
