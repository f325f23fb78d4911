// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82093AA I/O APIC datasheet, order number 290566, section 3.
#pragma once

#include <cstdint>

namespace windsor::devices::ioapic {

constexpr std::uint64_t kDefaultBase = 0xfec00000;
constexpr std::uint64_t kPageSize = 4096;
constexpr unsigned kMostPins = 48; // Xen HVM guests have 48, the 82093AA itself 24
constexpr std::uint32_t kVersion = 0x11;

// MMIO offsets, section 3.1.
constexpr std::uint64_t kRegisterSelect = 0x00;
constexpr std::uint64_t kWindow = 0x10;

// Indirect registers, section 3.2.
constexpr unsigned kId = 0x00;
constexpr unsigned kVersionRegister = 0x01;
constexpr unsigned kArbitration = 0x02;
constexpr unsigned kRedirection0 = 0x10;

// Redirection table entry, section 3.2.4.
constexpr unsigned kDeliveryModeShift = 8;
constexpr std::uint64_t kLogical = 1 << 11;
constexpr std::uint64_t kDeliveryStatus = 1 << 12;
constexpr std::uint64_t kRemoteIrr = 1 << 14;
constexpr std::uint64_t kLevel = 1 << 15;
constexpr std::uint64_t kMasked = 1 << 16;
constexpr unsigned kDestinationShift = 56;
constexpr std::uint64_t kReadOnly = kDeliveryStatus | kRemoteIrr;
constexpr std::uint64_t kWritable = (std::uint64_t{0xff} << kDestinationShift | 0x1ffff) & ~kReadOnly;

} // namespace windsor::devices::ioapic
