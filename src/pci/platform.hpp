// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace windsor::pci {

// The subsystem of all functions that are no manufacturer's card, as QEMU's default has it, with which HVM guests of
// Xen see their PIIX3 (qemu-xen; Xen's older qemu-dm said 5853:0001 of some). By this pair SeaBIOS knows the platform
// on which it takes its tables from fw_cfg. A saved state has no say in it: a function's identity is its own.
constexpr std::uint16_t kPlatformSubsystemVendor = 0x1af4;
constexpr std::uint16_t kPlatformSubsystem = 0x1100;

} // namespace windsor::pci
