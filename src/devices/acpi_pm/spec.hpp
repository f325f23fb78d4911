// SPDX-License-Identifier: GPL-2.0-or-later
// Power management function of the Intel 82371AB PIIX4 (datasheet order number 290562, chapter 7), with the
// general-purpose event block where Xen HVM guests and SeaBIOS's tables expect it.
#pragma once

#include <cstdint>

namespace windsor::devices::acpi_pm {

constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x7113;
constexpr std::uint32_t kClassBridgeOther = 0x068000;
constexpr std::uint8_t kRevision = 0x03;

// Configuration registers, section 7.1.
constexpr unsigned kPmBase = 0x40;
constexpr std::uint32_t kPmBaseAddress = 0xffc0;
constexpr unsigned kDeviceActivityB = 0x58;
// DEVACTB bit 25: a write to the SMI command port makes an SMI. Shown as set from the start, because that
// tells SeaBIOS that system management mode is taken care of: there is none.
constexpr std::uint32_t kApmcEnable = 1 << 25;
constexpr unsigned kPmRegMisc = 0x80;
constexpr std::uint8_t kPmIoEnable = 1 << 0;
constexpr unsigned kSmbusBase = 0x90;
constexpr std::uint32_t kSmbusBaseAddress = 0xfff0;
constexpr unsigned kSmbusHostConfig = 0xd2;
constexpr std::uint8_t kSmbusHostEnable = 1 << 0;
constexpr unsigned kSmbusRevision = 0xd6;

// The I/O space at PMBASE, section 7.2. Offsets of dwords.
constexpr unsigned kPmIoSize = 64;
constexpr unsigned kPm1Event = 0x00;   // PMSTS in the low word, PMEN in the high one
constexpr unsigned kPm1Control = 0x04; // PMCNTRL
constexpr unsigned kPmTimer = 0x08;    // PMTMR

constexpr std::uint16_t kTimerStatus = 1 << 0;
constexpr std::uint16_t kBusMasterStatus = 1 << 4;
constexpr std::uint16_t kGlobalStatus = 1 << 5;
constexpr std::uint16_t kPowerButtonStatus = 1 << 8;
constexpr std::uint16_t kRtcStatus = 1 << 10;
constexpr std::uint16_t kWakeStatus = 1 << 15;
constexpr std::uint16_t kPm1Events = kTimerStatus | kGlobalStatus | kPowerButtonStatus | kRtcStatus;
constexpr std::uint16_t kPm1StatusBits = kPm1Events | kBusMasterStatus | kWakeStatus;

constexpr std::uint16_t kSciEnable = 1 << 0;
constexpr std::uint16_t kGlobalRelease = 1 << 2;
constexpr std::uint16_t kSleepEnable = 1 << 13; // reads as zero
constexpr unsigned kSleepTypeShift = 10;
constexpr std::uint16_t kPm1ControlBits = kSciEnable | 1 << 1 | 7 << kSleepTypeShift;

// PMTMR counts at 3.579545 MHz in 24 bits (ACPI 1.0b, section 4.7.3.3).
constexpr std::uint64_t kTimerHertz = 3'579'545;
constexpr std::uint64_t kTimerMask = 0xffffff;
constexpr unsigned kTimerTopBit = 23; // TMR_STS is set whenever this bit changes

// GPE0 block: 2 bytes of status, 2 bytes of enable.
constexpr std::uint16_t kGpeBase = 0xafe0;
constexpr std::uint16_t kGpeSize = 4;

// APMC and APMS (section 4.2 of the PIIX4 datasheet); values of the command port for the FADT.
constexpr std::uint16_t kSmiCommandPort = 0xb2;
constexpr std::uint16_t kSmiPorts = 2;
constexpr std::uint8_t kAcpiEnable = 0xf1;
constexpr std::uint8_t kAcpiDisable = 0xf0;

// SMBus host controller, section 7.3: status, slave status, control, …
constexpr unsigned kSmbusSize = 16;
constexpr unsigned kSmbusStatus = 0x00;
constexpr std::uint8_t kSmbusDeviceError = 1 << 2; // nobody answered
constexpr std::uint8_t kSmbusStatusBits = 0x1e;
constexpr unsigned kSmbusControl = 0x02;
constexpr std::uint8_t kSmbusStart = 1 << 6;

// The SCI is hard-wired to this ISA interrupt.
constexpr unsigned kSciIrq = 9;

} // namespace windsor::devices::acpi_pm
