// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/ram.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <vector>

namespace windsor::machine {

namespace {

// What the host could give without swapping, in bytes; nothing if it does not say.
std::optional<std::uint64_t> host_available()
{
    std::ifstream meminfo{"/proc/meminfo"};
    std::string word;
    while (meminfo >> word) {
        if (word == "MemAvailable:") {
            std::uint64_t kib = 0;
            meminfo >> kib;
            return kib << 10;
        }
    }
    return std::nullopt;
}

} // namespace

base::Status Ram::check_room(std::uint64_t size)
{
    const auto available = host_available();
    if (available && size > *available) {
        return base::fail("memory = {} MiB is more than the host has free ({} MiB); give the domain less, or free some",
                          size / kMiB, *available / kMiB);
    }
    return {};
}

base::Result<Ram> Ram::create(std::uint64_t size, memory::GuestMemory& memory)
{
    WINDSOR_TRY(check_room(size));
    Ram ram;
    ram.low = WINDSOR_TRY(memory::Block::create(low_ram(size), memory::Sharing::Shared));
    memory.map({.size = ram.low->size(), .block = ram.low.get(), .layer = kRamLayer});
    if (high_ram(size) != 0) {
        ram.high = WINDSOR_TRY(memory::Block::create(high_ram(size), memory::Sharing::Shared));
        memory.map({.start = memory::GuestPhysical{kHighRamStart},
                    .size = ram.high->size(),
                    .block = ram.high.get(),
                    .layer = kRamLayer});
    }
    // Display memory and ROMs cover RAM here, whoever answers.
    memory.map({.start = memory::GuestPhysical{0xa0000}, .size = 0x20000, .block = nullptr, .layer = kDisplayLayer});
    return ram;
}

base::Result<Rom> Rom::of(const std::vector<char>& bytes)
{
    Rom rom;
    rom.block = WINDSOR_TRY(memory::Block::create(bytes.size()));
    rom.size = rom.block->size();
    std::ranges::copy(bytes, rom.block->data());
    return rom;
}

void Rom::map_below_4g(memory::GuestMemory& memory) const
{
    memory.map({.start = memory::GuestPhysical{kHighRamStart - size},
                .size = size,
                .block = block.get(),
                .backing = memory::Backing::ReadOnly,
                .layer = kDeviceLayer});
}

} // namespace windsor::machine
