// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as configuration writes and memory accesses below 1 MiB.
#include "devices/i440fx/host_bridge.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    using namespace windsor::devices;
    const auto ram = memory::Block::create(0x100000);
    const auto rom = memory::Block::create(0x20000);
    if (!ram || !rom) {
        return 0;
    }
    memory::GuestMemory memory;
    memory.map({.start = memory::GuestPhysical{0}, .size = (*ram)->size(), .block = ram->get()});
    i440fx::PamMapper mapper{memory, {.ram = ram->get(), .rom = rom->get(), .rom_size = (*rom)->size()}};
    i440fx::HostBridge bridge{mapper};
    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3) {
        const std::uint8_t value = bytes[at + 2];
        if ((bytes[at] & 1) != 0) {
            bridge.config_write(bytes[at + 1], 1, value);
        } else if ((bytes[at] & 2) != 0) {
            (void)memory.write(memory::GuestPhysical{bytes[at + 1] * std::uint64_t{0x1000} + value}, std::array{value});
        } else {
            std::array<std::uint8_t, 16> into{};
            (void)memory.read(memory::GuestPhysical{bytes[at + 1] * std::uint64_t{0x1000} + value}, into);
        }
    }
    return 0;
}
