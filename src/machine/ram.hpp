// SPDX-License-Identifier: GPL-2.0-or-later
// Where RAM and firmware lie in the guest-physical address space.
#pragma once

#include "base/result.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <memory>
#include <string>

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

    // Fails if the host has not that much memory free. The blocks outlive their mappings.
    static base::Result<Ram> create(std::uint64_t size, memory::GuestMemory& memory);
};

// A firmware image, zero-padded at its end to whole pages.
struct Rom {
    std::unique_ptr<memory::Block> block;
    std::uint64_t size{0}; // bytes, a multiple of a page

    // Fails for a file that is missing, empty or larger than 16 MiB; `what` names it in the message.
    static base::Result<Rom> load(const std::string& path, const std::string& what);
    // Maps it so that its last byte lies just below 4 GiB.
    void map_below_4g(memory::GuestMemory& memory) const;
};

} // namespace windsor::machine
