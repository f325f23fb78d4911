// SPDX-License-Identifier: GPL-2.0-or-later
// Where RAM and firmware lie in the guest-physical address space.
#pragma once

#include "base/result.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace windsor::machine {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// RAM below this address, PCI devices between it and 4 GiB, the rest of RAM above 4 GiB.
constexpr std::uint64_t kLowRamLimit = 3 * kGiB;
constexpr std::uint64_t kHighRamStart = 4 * kGiB;

constexpr std::uint64_t low_ram(std::uint64_t memory)
{
    return memory < kLowRamLimit ? memory : kLowRamLimit;
}
constexpr std::uint64_t high_ram(std::uint64_t memory)
{
    return memory - low_ram(memory);
}

// Layers of the address space, the highest on top.
enum Layer : int { kRamLayer = 0, kPamLayer = 10, kDisplayLayer = 20, kDeviceLayer = 30, kSmramLayer = 100 };

struct Ram {
    std::unique_ptr<memory::Block> low;
    std::unique_ptr<memory::Block> high; // null unless there is more than kLowRamLimit

    // Fails if the host has not that much memory free, where /proc says how much it has.
    static base::Status check_room(std::uint64_t size);
    // The blocks outlive their mappings.
    static base::Result<Ram> create(std::uint64_t size, memory::GuestMemory& memory);
};

// A firmware image, zero-padded at its end to whole pages.
struct Rom {
    std::unique_ptr<memory::Block> block;
    std::uint64_t size{0}; // bytes, a multiple of a page

    // Fails where there is no memory for it.
    static base::Result<Rom> of(const std::vector<char>& bytes);
    // Maps it so that its last byte lies just below 4 GiB.
    void map_below_4g(memory::GuestMemory& memory) const;
};

} // namespace windsor::machine
