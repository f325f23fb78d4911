// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cmos_setup.hpp"

#include "machine/ram.hpp"

#include <algorithm>

namespace windsor::machine {

namespace {

// CMOS bytes as the IBM AT, Phoenix BIOSes and SeaBIOS use them.
constexpr std::uint8_t kFloppies = 0x10;
constexpr std::uint8_t kEquipment = 0x14;
constexpr std::uint8_t kBaseMemory = 0x15;          // KiB, 16 bits
constexpr std::uint8_t kExtendedMemory = 0x17;      // KiB above 1 MiB
constexpr std::uint8_t kExtendedMemoryCopy = 0x30;
constexpr std::uint8_t kMemoryAbove16M = 0x34;      // 64 KiB blocks
constexpr std::uint8_t kBootFlag1 = 0x38;           // third device in the high nibble
constexpr std::uint8_t kBootFlag2 = 0x3d;           // first device low, second high
constexpr std::uint8_t kMemoryAbove4G = 0x5b;       // 64 KiB blocks, 24 bits
constexpr std::uint8_t kProcessorsMinusOne = 0x5f;

constexpr std::uint8_t kEquipmentMouse = 0x04;
constexpr std::uint8_t kEquipmentFpu = 0x02;

void set_number(chipset::Cmos& cmos, std::uint8_t index, std::uint64_t value, unsigned bytes)
    WINDSOR_REQUIRES(bus::kMachineLock)
{
    for (unsigned i = 0; i < bytes; ++i) {
        cmos.set_cmos(static_cast<std::uint8_t>(index + i), static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

// Bit 0: there are floppy drives; bits 6 and 7: their number less one.
unsigned equipment_of(unsigned floppies)
{
    const unsigned count = ((floppies >> 4) != 0 ? 1u : 0u) + ((floppies & 0xf) != 0 ? 1u : 0u);
    return count == 0 ? 0 : 1 | (count - 1) << 6;
}

// SeaBIOS' numbers of boot devices.
unsigned boot_nibble(char letter)
{
    switch (letter) {
    case 'a': return 1;
    case 'c': return 2;
    case 'd': return 3;
    case 'n': return 4;
    default: return 0;
    }
}

} // namespace

void fill_cmos(chipset::Cmos& cmos, const CmosOptions& options)
{
    const std::uint64_t memory = options.memory;
    const std::string_view boot = options.boot;
    const std::uint64_t low = low_ram(memory);
    const std::uint64_t extended = std::min<std::uint64_t>((low - std::min(low, kMiB)) >> 10, 0xffff);
    set_number(cmos, kFloppies, options.floppies, 1);
    set_number(cmos, kEquipment, kEquipmentMouse | kEquipmentFpu | equipment_of(options.floppies), 1);
    set_number(cmos, kBaseMemory, 640, 2);
    set_number(cmos, kExtendedMemory, extended, 2);
    set_number(cmos, kExtendedMemoryCopy, extended, 2);
    set_number(cmos, kMemoryAbove16M, low > 16 * kMiB ? (low - 16 * kMiB) >> 16 : 0, 2);
    set_number(cmos, kMemoryAbove4G, high_ram(memory) >> 16, 3);
    set_number(cmos, kProcessorsMinusOne, options.processors - 1, 1);
    const auto device = [&](std::size_t place) { return place < boot.size() ? boot_nibble(boot[place]) : 0; };
    set_number(cmos, kBootFlag2, device(0) | device(1) << 4, 1);
    // Bit 0 lets floppies without a boot signature boot, as PCs do.
    set_number(cmos, kBootFlag1, device(2) << 4 | 1, 1);
}

} // namespace windsor::machine
