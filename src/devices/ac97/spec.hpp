// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82801AA (ICH) datasheet, order number 290655, chapter 12: the AC'97 audio controller. Audio Codec '97 component
// specification, revision 2.3: the codec, here called AC'97.
#pragma once

#include <cstdint>

namespace windsor::devices::ac97 {

constexpr std::uint16_t kVendor = 0x8086;
constexpr std::uint16_t kDevice = 0x2415;
constexpr std::uint16_t kSubsystemVendor = 0x8086;
constexpr std::uint16_t kSubsystem = 0x0000;
constexpr std::uint8_t kRevision = 0x01;
constexpr std::uint32_t kClassAudio = 0x040100;
constexpr std::uint8_t kInterruptPin = 1; // INTA; the ICH, where it is one function of many, has INTB

constexpr unsigned kMixerBar = 0; // NAMBAR: the codec's registers
constexpr unsigned kMixerBytes = 256;
constexpr unsigned kMasterBar = 1; // NABMBAR: the bus masters
constexpr unsigned kMasterBytes = 64;

// Status bits of the PCI header.
constexpr std::uint16_t kStatusMasterAbort = 1 << 13;

// Offsets of registers from NABMBAR, 12.2.
namespace reg {
constexpr unsigned kGlobalControl = 0x2c; // GLOB_CNT, four bytes, 12.2.8
constexpr unsigned kGlobalStatus = 0x30; // GLOB_STA, four bytes, 12.2.9
constexpr unsigned kSemaphore = 0x34; // CAS, 12.2.10
// Each bus master has sixteen bytes: PCM in, PCM out, microphone in.
constexpr unsigned kChannelBytes = 0x10;
constexpr unsigned kPcmIn = 0x00;
constexpr unsigned kPcmOut = 0x10;
constexpr unsigned kMicIn = 0x20;
// Within them.
constexpr unsigned kList = 0x0; // BDBAR, four bytes, 12.2.1
constexpr unsigned kCurrent = 0x4; // CIV, 12.2.2
constexpr unsigned kLastValid = 0x5; // LVI, 12.2.3
constexpr unsigned kStatus = 0x6; // SR, two bytes, 12.2.4
constexpr unsigned kLeft = 0x8; // PICB, two bytes, 12.2.5
constexpr unsigned kPrefetched = 0xa; // PIV, 12.2.6
constexpr unsigned kControl = 0xb; // CR, 12.2.7
} // namespace reg

// x_SR, 12.2.4. That a bus master has halted follows from what else there is.
namespace sr {
constexpr std::uint8_t kHalted = 1 << 0; // DCH
constexpr std::uint8_t kAtEnd = 1 << 1; // CELV: the last valid buffer is done
constexpr std::uint8_t kLastDone = 1 << 2; // LVBCI: it has become so
constexpr std::uint8_t kComplete = 1 << 3; // BCIS
constexpr std::uint8_t kFifoError = 1 << 4; // FIFOE
constexpr std::uint8_t kClearByOne = kLastDone | kComplete | kFifoError;
constexpr std::uint8_t kKept = kAtEnd | kClearByOne;
} // namespace sr

// x_CR, 12.2.7.
namespace cr {
constexpr std::uint8_t kRun = 1 << 0; // RPBM
constexpr std::uint8_t kReset = 1 << 1; // RR
constexpr std::uint8_t kLastEnable = 1 << 2; // LVBIE
constexpr std::uint8_t kFifoEnable = 1 << 3; // FEIE
constexpr std::uint8_t kCompleteEnable = 1 << 4; // IOCE
constexpr std::uint8_t kEnables = kLastEnable | kFifoEnable | kCompleteEnable;
constexpr std::uint8_t kKept = kRun | kEnables;
} // namespace cr

constexpr std::uint8_t kIndexBits = 0x1f; // a list has 32 descriptors
constexpr std::uint32_t kListAddress = 0xffff'fff8;

// A buffer descriptor, 12.2.1: a pointer to samples, then a dword of their number and these.
namespace bd {
constexpr unsigned kBytes = 8;
constexpr std::uint32_t kPointer = 0xffff'fffe;
constexpr std::uint32_t kInterrupt = std::uint32_t{1} << 31; // IOC
constexpr std::uint32_t kLength = 0xffff;
} // namespace bd

// GLOB_CNT, 12.2.8.
namespace control {
constexpr std::uint8_t kRunning = 1 << 1; // "cold reset#": zero holds the codec in reset
constexpr std::uint8_t kWarmReset = 1 << 2; // clears itself
constexpr std::uint8_t kLinkOff = 1 << 3;
constexpr std::uint8_t kKept = 0x3f & ~kWarmReset; // with three enables of interrupts that never come
} // namespace control

// GLOB_STA, 12.2.9.
namespace status {
constexpr std::uint32_t kPcmIn = 1 << 5; // PIINT
constexpr std::uint32_t kPcmOut = 1 << 6; // POINT
constexpr std::uint32_t kMicIn = 1 << 7; // MINT
constexpr std::uint32_t kCodecReady = 1 << 8; // PCR: the primary codec's
constexpr std::uint32_t kReadTimedOut = 1 << 15; // RCS, cleared by a one
constexpr std::uint32_t kPowerSemaphores = 3 << 16; // AD3 and MD3, which drivers keep for each other
constexpr std::uint32_t kKept = kReadTimedOut | kPowerSemaphores;
} // namespace status

// The codec's registers, AC'97 5.7 and 5.8: 64 words.
namespace mixer {
constexpr unsigned kWords = 64;
constexpr unsigned kReset = 0x00;
constexpr unsigned kMaster = 0x02;
constexpr unsigned kMono = 0x06;
constexpr unsigned kBeep = 0x0a;
constexpr unsigned kPhone = 0x0c;
constexpr unsigned kMic = 0x0e;
constexpr unsigned kLineIn = 0x10;
constexpr unsigned kCd = 0x12;
constexpr unsigned kVideo = 0x14;
constexpr unsigned kAux = 0x16;
constexpr unsigned kPcmOut = 0x18;
constexpr unsigned kRecordSelect = 0x1a;
constexpr unsigned kRecordGain = 0x1c;
constexpr unsigned kGeneral = 0x20;
constexpr unsigned kPower = 0x26;
constexpr unsigned kExtendedId = 0x28;
constexpr unsigned kExtendedControl = 0x2a;
constexpr unsigned kFrontRate = 0x2c;
constexpr unsigned kRecordRate = 0x32;
constexpr unsigned kVendorId1 = 0x7c;
constexpr unsigned kVendorId2 = 0x7e;

constexpr std::uint16_t kMute = 1 << 15;
constexpr std::uint16_t kVolume = 0x1f; // in steps of 1.5 dB
constexpr std::uint16_t kSixthBits = 0x2020; // of a volume: this codec has five, and saturates, AC'97 5.7.2
constexpr unsigned kLeftShift = 8;
constexpr unsigned kUnityGain = 8; // of an input's volume, AC'97 5.7.5: zero is 12 dB

// Powerdown, AC'97 5.7.6: the upper bits shut off what the lower ones say is ready.
constexpr std::uint16_t kPowerWritable = 0xff00;
constexpr std::uint16_t kAdcOff = 1 << 8; // PR0
constexpr std::uint16_t kDacOff = 1 << 9; // PR1
constexpr std::uint16_t kMixerOff = 1 << 10; // PR2
constexpr std::uint16_t kReferenceOff = 1 << 11; // PR3, with which the mixer goes, too
constexpr std::uint16_t kLinkOff = 1 << 12; // PR4, which a warm reset takes back
constexpr std::uint16_t kAdcReady = 1 << 0;
constexpr std::uint16_t kDacReady = 1 << 1;
constexpr std::uint16_t kMixerReady = 1 << 2;
constexpr std::uint16_t kReferenceReady = 1 << 3;

constexpr std::uint16_t kVariableRate = 1 << 0; // VRA, AC'97 5.8.1 and 5.8.3
} // namespace mixer

constexpr std::uint16_t kFixedRate = 48'000;
constexpr std::uint16_t kLowestRate = 8'000;
constexpr std::uint32_t kCodecId = 0x8384'7600; // SigmaTel STAC9700

} // namespace windsor::devices::ac97
