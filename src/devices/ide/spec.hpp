// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of ATA/ATAPI-7 (T13 1532D), SFF-8038i (bus master IDE) and MMC-5.
#pragma once

#include <cstdint>

namespace windsor::devices::ide {

// ATA/ATAPI-7 volume 1, 3.2: a logical sector of a hard disk, and a user-data block of a CD-ROM.
constexpr std::uint32_t kSectorBytes = 512;
constexpr std::uint32_t kCdBlockBytes = 2048;
constexpr std::uint32_t kCdRawBytes = 2352;

// Command block registers by their offset (ATA/ATAPI-7 volume 2, 5.2).
enum class Register : std::uint8_t {
    Data = 0,
    ErrorFeatures = 1,
    SectorCount = 2, // interrupt reason, for packet commands
    LbaLow = 3,
    LbaMid = 4,  // byte count low, for packet commands
    LbaHigh = 5, // byte count high, for packet commands
    Device = 6,
    StatusCommand = 7,
};

namespace status {
constexpr std::uint8_t kBsy = 0x80;
constexpr std::uint8_t kDrdy = 0x40;
constexpr std::uint8_t kDf = 0x20;
constexpr std::uint8_t kDsc = 0x10;
constexpr std::uint8_t kDrq = 0x08;
constexpr std::uint8_t kErr = 0x01; // CHK for packet commands
} // namespace status

namespace error {
constexpr std::uint8_t kUnc = 0x40; // WP when writing
constexpr std::uint8_t kIdnf = 0x10;
constexpr std::uint8_t kAbrt = 0x04;
constexpr std::uint8_t kDiagnosticPassed = 0x01;
} // namespace error

namespace device_bits {
constexpr std::uint8_t kLba = 0x40;
constexpr std::uint8_t kDev = 0x10;
constexpr std::uint8_t kHead = 0x0F;
} // namespace device_bits

namespace control {
constexpr std::uint8_t kHob = 0x80;
constexpr std::uint8_t kSrst = 0x04;
constexpr std::uint8_t kNien = 0x02;
} // namespace control

// ATA/ATAPI-7 volume 1, 6: the commands that are answered.
enum class Command : std::uint8_t {
    Nop = 0x00,
    DeviceReset = 0x08,
    Recalibrate = 0x10, // to 0x1F
    ReadSectors = 0x20,
    ReadSectorsNoRetry = 0x21,
    ReadSectorsExt = 0x24,
    ReadDmaExt = 0x25,
    ReadNativeMaxExt = 0x27,
    ReadMultipleExt = 0x29,
    WriteSectors = 0x30,
    WriteSectorsNoRetry = 0x31,
    WriteSectorsExt = 0x34,
    WriteDmaExt = 0x35,
    WriteMultipleExt = 0x39,
    WriteVerify = 0x3C,
    WriteDmaFuaExt = 0x3D,
    ReadVerify = 0x40,
    ReadVerifyNoRetry = 0x41,
    ReadVerifyExt = 0x42,
    Seek = 0x70, // to 0x7F
    ExecuteDeviceDiagnostic = 0x90,
    InitializeDeviceParameters = 0x91,
    StandbyImmediateOld = 0x94,
    IdleImmediateOld = 0x95,
    StandbyOld = 0x96,
    IdleOld = 0x97,
    CheckPowerModeOld = 0x98,
    SleepOld = 0x99,
    Packet = 0xA0,
    IdentifyPacketDevice = 0xA1,
    Smart = 0xB0,
    ReadMultiple = 0xC4,
    WriteMultiple = 0xC5,
    SetMultipleMode = 0xC6,
    ReadDma = 0xC8,
    ReadDmaNoRetry = 0xC9,
    WriteDma = 0xCA,
    WriteDmaNoRetry = 0xCB,
    WriteMultipleFuaExt = 0xCE,
    StandbyImmediate = 0xE0,
    IdleImmediate = 0xE1,
    Standby = 0xE2,
    Idle = 0xE3,
    CheckPowerMode = 0xE5,
    Sleep = 0xE6,
    FlushCache = 0xE7,
    FlushCacheExt = 0xEA,
    IdentifyDevice = 0xEC,
    SetFeatures = 0xEF,
    ReadNativeMax = 0xF8,
};

// SET FEATURES subcommands (6.48).
enum class Feature : std::uint8_t {
    EnableWriteCache = 0x02,
    SetTransferMode = 0x03,
    DisableReadAhead = 0x55,
    KeepSettings = 0x66,
    DisableWriteCache = 0x82,
    EnableReadAhead = 0xAA,
    RevertToDefaults = 0xCC,
};

// SMART subcommands (6.53), and the key in LBA mid and high.
enum class SmartFeature : std::uint8_t {
    ReadData = 0xD0,
    ReadThresholds = 0xD1,
    AttributeAutosave = 0xD2,
    ExecuteOffline = 0xD4,
    Enable = 0xD8,
    Disable = 0xD9,
    ReturnStatus = 0xDA,
};
constexpr std::uint8_t kSmartKeyMid = 0x4F;
constexpr std::uint8_t kSmartKeyHigh = 0xC2;

// CHECK POWER MODE results (6.9).
enum class PowerMode : std::uint8_t { Standby = 0x00, Idle = 0x80, Active = 0xFF };

// The signature that tells a packet device (ATA/ATAPI-7 volume 1, 5.14).
constexpr std::uint8_t kPacketSignatureMid = 0x14;
constexpr std::uint8_t kPacketSignatureHigh = 0xEB;

// The most sectors one DRQ block of READ/WRITE MULTIPLE may have.
constexpr std::uint8_t kMaxMultiple = 16;
constexpr std::uint8_t kHighestPioMode = 4;
constexpr std::uint8_t kHighestMultiwordMode = 2;
constexpr std::uint8_t kHighestUltraMode = 5;

// Interrupt reason register of the PACKET command (6.24).
namespace reason {
constexpr std::uint8_t kCommand = 0x01; // C/D
constexpr std::uint8_t kToHost = 0x02;  // I/O
} // namespace reason

constexpr std::size_t kPacketBytes = 12;

// Features register of PACKET.
constexpr std::uint8_t kPacketDma = 0x01;
constexpr std::uint8_t kPacketOverlap = 0x02;

// Bus master registers of one channel (SFF-8038i 2).
namespace bus_master {
constexpr std::uint8_t kCommandStart = 0x01;
constexpr std::uint8_t kCommandToMemory = 0x08;
constexpr std::uint8_t kStatusActive = 0x01;
constexpr std::uint8_t kStatusError = 0x02;
constexpr std::uint8_t kStatusInterrupt = 0x04;
constexpr std::uint8_t kStatusCapable = 0x60; // software's "drive 0/1 DMA capable" bits
constexpr std::uint32_t kPrdEndOfTable = 0x80000000;
} // namespace bus_master

// Packet operation codes (MMC-5, SPC-3).
enum class Packet : std::uint8_t {
    TestUnitReady = 0x00,
    RequestSense = 0x03,
    Inquiry = 0x12,
    ModeSelect6 = 0x15,
    ModeSense6 = 0x1A,
    StartStopUnit = 0x1B,
    PreventAllow = 0x1E,
    ReadCapacity = 0x25,
    Read10 = 0x28,
    Seek10 = 0x2B,
    ReadSubChannel = 0x42,
    ReadToc = 0x43,
    GetConfiguration = 0x46,
    GetEventStatus = 0x4A,
    ReadDiscInformation = 0x51,
    ModeSelect10 = 0x55,
    ModeSense10 = 0x5A,
    ReportLuns = 0xA0,
    Read12 = 0xA8,
    ReadDiscStructure = 0xAD,
    ReadCdMsf = 0xB9,
    SetCdSpeed = 0xBB,
    MechanismStatus = 0xBD,
    ReadCd = 0xBE,
};

enum class SenseKey : std::uint8_t {
    None = 0x0,
    NotReady = 0x2,
    MediumError = 0x3,
    IllegalRequest = 0x5,
    UnitAttention = 0x6,
};

// Sense key, additional sense code and its qualifier (SPC-3 4.5.6).
struct Sense {
    SenseKey key{SenseKey::None};
    std::uint8_t code{0};
    std::uint8_t qualifier{0};
    bool operator==(const Sense&) const = default;
};

namespace sense {
constexpr Sense kNone{};
constexpr Sense kNoMedium{SenseKey::NotReady, 0x3A, 0x00};
constexpr Sense kNoMediumTrayOpen{SenseKey::NotReady, 0x3A, 0x02};
constexpr Sense kUnrecoveredRead{SenseKey::MediumError, 0x11, 0x00};
constexpr Sense kParameterLength{SenseKey::IllegalRequest, 0x1A, 0x00};
constexpr Sense kInvalidCommand{SenseKey::IllegalRequest, 0x20, 0x00};
constexpr Sense kOutOfRange{SenseKey::IllegalRequest, 0x21, 0x00};
constexpr Sense kInvalidField{SenseKey::IllegalRequest, 0x24, 0x00};
constexpr Sense kInvalidParameter{SenseKey::IllegalRequest, 0x26, 0x00};
constexpr Sense kSavingNotSupported{SenseKey::IllegalRequest, 0x39, 0x00};
constexpr Sense kRemovalPrevented{SenseKey::IllegalRequest, 0x53, 0x02};
constexpr Sense kIllegalTrackMode{SenseKey::IllegalRequest, 0x64, 0x00};
constexpr Sense kMediumChanged{SenseKey::UnitAttention, 0x28, 0x00};
constexpr Sense kPowerOn{SenseKey::UnitAttention, 0x29, 0x00};
} // namespace sense

// Mode pages (MMC-5 7).
enum class ModePage : std::uint8_t {
    ErrorRecovery = 0x01,
    CdDevice = 0x0D,
    AudioControl = 0x0E,
    Capabilities = 0x2A,
    All = 0x3F,
};

} // namespace windsor::devices::ide
