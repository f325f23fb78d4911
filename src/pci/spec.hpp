// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of a type 0 configuration header: PCI Local Bus Specification 3.0, section 6.1.
#pragma once

#include <cstdint>

namespace windsor::pci {

constexpr unsigned kConfigSize = 256;
constexpr unsigned kDevices = 32;
constexpr unsigned kFunctions = 8;
constexpr unsigned kPins = 4;

enum class Register : std::uint8_t {
    VendorId = 0x00,
    DeviceId = 0x02,
    Command = 0x04,
    Status = 0x06,
    RevisionId = 0x08,
    ClassCode = 0x09,
    CacheLineSize = 0x0c,
    LatencyTimer = 0x0d,
    HeaderType = 0x0e,
    Bist = 0x0f,
    BaseAddress0 = 0x10,
    SubsystemVendorId = 0x2c,
    SubsystemId = 0x2e,
    RomBase = 0x30,
    Capabilities = 0x34,
    InterruptLine = 0x3c,
    InterruptPin = 0x3d,
    MinGrant = 0x3e,
    MaxLatency = 0x3f,
};

constexpr unsigned offset_of(Register reg)
{
    return static_cast<unsigned>(reg);
}

// Section 6.2.2.
constexpr std::uint16_t kCommandIo = 1 << 0;
constexpr std::uint16_t kCommandMemory = 1 << 1;
constexpr std::uint16_t kCommandBusMaster = 1 << 2;
constexpr std::uint16_t kCommandParity = 1 << 6;
constexpr std::uint16_t kCommandSerr = 1 << 8;
constexpr std::uint16_t kCommandInterruptDisable = 1 << 10;
constexpr std::uint16_t kCommandWritable =
    kCommandIo | kCommandMemory | kCommandBusMaster | kCommandParity | kCommandSerr | kCommandInterruptDisable;

// Section 6.2.3.
constexpr std::uint16_t kStatusInterrupt = 1 << 3;
constexpr std::uint16_t kStatusCapabilities = 1 << 4;
constexpr std::uint16_t kStatusWriteOneToClear = 0xf900;

constexpr std::uint8_t kHeaderMultifunction = 0x80;

// Section 6.2.5: the low bits of base address registers.
constexpr std::uint32_t kBarIoSpace = 1 << 0;
constexpr std::uint32_t kBarPrefetchable = 1 << 3;
constexpr std::uint32_t kRomEnable = 1 << 0;
constexpr std::uint32_t kIoAddressMask = ~std::uint32_t{3};
constexpr std::uint32_t kMemoryAddressMask = ~std::uint32_t{15};
constexpr std::uint32_t kRomAddressMask = ~std::uint32_t{0x7ff};

// Section 3.2.2.3.2: configuration mechanism #1.
constexpr std::uint16_t kConfigAddressPort = 0xcf8;
constexpr std::uint16_t kConfigPorts = 8;
constexpr unsigned kConfigDataOffset = 4;
constexpr std::uint32_t kConfigEnable = std::uint32_t{1} << 31;

} // namespace windsor::pci
