// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 8237A High Performance Programmable DMA Controller datasheet (order 231466), "Register Description"; page
// registers from the 82371SB (PIIX3) datasheet (order 290550), "DMA Low Page Registers".
#pragma once

#include <array>
#include <cstdint>

namespace windsor::devices::dma {

constexpr unsigned kChannelsPerController = 4;
constexpr unsigned kChannels = 8; // channel 4 is the cascade
constexpr unsigned kCascadeChannel = 4;

// Offsets 0 to 7 are address and count of channels 0 to 3 in turn.
enum class Register : std::uint8_t {
    StatusCommand = 8,
    Request = 9,
    SingleMask = 10,
    Mode = 11,
    ClearFlipFlop = 12,
    TemporaryMasterClear = 13,
    ClearMask = 14,
    AllMasks = 15,
};

namespace command {
constexpr std::uint8_t kDisable = 0x04;
} // namespace command

// Mode register bits 3-2.
enum class TransferType : std::uint8_t {
    Verify = 0,
    Write = 1, // into memory
    Read = 2,  // out of memory
    Illegal = 3,
};

namespace mode {
constexpr std::uint8_t kAutoInitialize = 0x10;
constexpr std::uint8_t kDecrement = 0x20;
} // namespace mode

constexpr std::uint8_t kSetBit = 0x04; // of the request and single mask registers

// Which page register (offset from 0x80) serves which channel; the others are plain storage, 0x80 among them.
constexpr std::array<std::uint8_t, kChannels> kPageOffset{0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa};
constexpr unsigned kPageRegisters = 16;

} // namespace windsor::devices::dma
