// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82371SB PIIX3 datasheet, order number 290550: the PCI to ISA bridge, function 0.
#pragma once

#include <cstdint>

namespace windsor::devices::piix3 {

constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x7000;
constexpr std::uint32_t kClassIsaBridge = 0x060100;

// PIRQRC[A:D], section 2.2.9.
constexpr unsigned kPirqRouteA = 0x60;
constexpr std::uint8_t kPirqRouteWritable = 0x8f;
constexpr std::uint8_t kPirqNotRouted = 0x80;

// Registers that firmware programs and that have no effect here, with their power-on values.
constexpr unsigned kIoRecoveryTimer = 0x4c;
constexpr std::uint8_t kIoRecoveryTimerDefault = 0x4d;
constexpr unsigned kXBusChipSelect = 0x4e;
constexpr std::uint16_t kXBusChipSelectDefault = 0x0003;
constexpr unsigned kTopOfMemory = 0x69;
constexpr std::uint8_t kTopOfMemoryDefault = 0x02;
constexpr unsigned kMiscellaneousStatus = 0x6a;
constexpr unsigned kMotherboardIrq0 = 0x70;
constexpr std::uint8_t kMotherboardIrqDefault = 0x80;
constexpr unsigned kMotherboardDma0 = 0x76;
constexpr std::uint8_t kMotherboardDmaDefault = 0x0c;
constexpr unsigned kChipSelect = 0x78;
constexpr std::uint16_t kChipSelectDefault = 0x0002;
constexpr unsigned kDeterministicLatency = 0x82;
constexpr unsigned kSmiControl = 0xa0;
constexpr std::uint8_t kSmiControlDefault = 0x08;

// RC, reset control register, section 2.5.5.1.
constexpr std::uint16_t kResetControlPort = 0xcf9;
constexpr std::uint8_t kResetHard = 1 << 1;      // 1: hard reset, 0: soft reset (processor INIT)
constexpr std::uint8_t kResetProcessor = 1 << 2; // its rising edge starts the reset

// Coprocessor error register.
constexpr std::uint16_t kNumericErrorPort = 0xf0;
constexpr unsigned kNumericErrorIrq = 13;

} // namespace windsor::devices::piix3
