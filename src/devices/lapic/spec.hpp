// SPDX-License-Identifier: GPL-2.0-or-later
// Local APIC: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3A, chapter
// "Advanced Programmable Interrupt Controller (APIC)", called SDM APIC below.
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace windsor::devices::lapic {

constexpr std::uint64_t kDefaultBase = 0xfee00000;
constexpr std::uint64_t kPageSize = 4096;
// Version 0x14, last LVT entry number 5.
constexpr std::uint32_t kVersion = 0x00050014;

// What the timer counts before its divider. It is this machine's own choice; guests measure it.
constexpr std::int64_t kBusHertz = 1'000'000'000;
// A periodic timer programmed faster than this runs at this period, so that a guest cannot keep the
// machine busy with nothing but its ticks.
constexpr base::Nanoseconds kShortestPeriod = 50 * base::kMicrosecond;

// Register numbers: MMIO offset / 16, and MSR number - 0x800 (tables "Local APIC Register Address Map").
enum class Register : std::uint8_t {
    Id = 0x02,
    Version = 0x03,
    TaskPriority = 0x08,
    ArbitrationPriority = 0x09,
    ProcessorPriority = 0x0a,
    EndOfInterrupt = 0x0b,
    RemoteRead = 0x0c,
    LogicalDestination = 0x0d,
    DestinationFormat = 0x0e,
    SpuriousVector = 0x0f,
    InService0 = 0x10,
    TriggerMode0 = 0x18,
    InterruptRequest0 = 0x20,
    ErrorStatus = 0x28,
    InterruptCommandLow = 0x30,
    InterruptCommandHigh = 0x31,
    LvtTimer = 0x32,
    LvtThermal = 0x33,
    LvtPerformance = 0x34,
    LvtLint0 = 0x35,
    LvtLint1 = 0x36,
    LvtError = 0x37,
    InitialCount = 0x38,
    CurrentCount = 0x39,
    DivideConfiguration = 0x3e,
    SelfIpi = 0x3f, // x2APIC only
};

// Entries of the local vector table in register order.
enum class Lvt : std::uint8_t { Timer, Thermal, Performance, Lint0, Lint1, Error };
constexpr unsigned kLvts = 6;
constexpr unsigned kLints = 2;

constexpr std::uint32_t kLvtMasked = 1 << 16;
constexpr std::uint32_t kLvtLevel = 1 << 15;
constexpr std::uint32_t kLvtRemoteIrr = 1 << 14;
constexpr unsigned kLvtModeShift = 8;
constexpr std::uint32_t kLvtExtInt = 7 << kLvtModeShift;
constexpr unsigned kTimerModeShift = 17;
enum class TimerMode : std::uint8_t { OneShot = 0, Periodic = 1, TscDeadline = 2, Reserved = 3 };
// Bits that software may write, by entry.
constexpr std::uint32_t kLvtWritable[kLvts] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

constexpr std::uint32_t kSvrEnable = 1 << 8;
constexpr std::uint32_t kSvrWritable = 0x3ff;
constexpr std::uint32_t kSvrReset = 0xff;

constexpr std::uint32_t kDfrReset = 0xffffffff;
constexpr std::uint32_t kDfrFlat = 0xf; // bits 31-28; anything else is the cluster model

// Error status register.
constexpr std::uint32_t kErrorSendVector = 1 << 5;
constexpr std::uint32_t kErrorReceiveVector = 1 << 6;
constexpr std::uint32_t kErrorRegister = 1 << 7;
constexpr unsigned kFirstLegalVector = 16;

// Interrupt command register.
constexpr std::uint32_t kIcrLogical = 1 << 11;
constexpr std::uint32_t kIcrAssert = 1 << 14;
constexpr std::uint32_t kIcrLevel = 1 << 15;
constexpr std::uint32_t kIcrWritable = 0x000ccfff;
enum class Shorthand : std::uint8_t { None, Self, AllIncludingSelf, AllButSelf };

// IA32_APIC_BASE.
constexpr std::uint64_t kBaseBootProcessor = 1 << 8;
constexpr std::uint64_t kBaseX2Apic = 1 << 10;
constexpr std::uint64_t kBaseEnable = 1 << 11;

constexpr std::uint32_t kFirstMsr = 0x800;
constexpr std::uint32_t kLastMsr = 0x8ff;

} // namespace windsor::devices::lapic
