// SPDX-License-Identifier: GPL-2.0-or-later
// IBM Personal System/2 Hardware Interface Technical Reference: "Keyboard and Auxiliary Device Controller",
// "Keyboards (101- and 102-Key)" and "Mouse"; Microsoft's IntelliMouse extensions; Intel 8242 datasheet.
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace windsor::devices::i8042 {

namespace status {
constexpr std::uint8_t kOutputFull = 0x01;
constexpr std::uint8_t kSystemFlag = 0x04;
constexpr std::uint8_t kCommand = 0x08;    // the last write went to port 0x64
constexpr std::uint8_t kNotLocked = 0x10;  // the key lock
constexpr std::uint8_t kAuxOutput = 0x20;  // the output buffer's byte is the mouse's
} // namespace status

namespace command_byte {
constexpr std::uint8_t kKeyboardInterrupt = 0x01;
constexpr std::uint8_t kAuxInterrupt = 0x02;
constexpr std::uint8_t kSystemFlag = 0x04;
constexpr std::uint8_t kDisableKeyboard = 0x10;
constexpr std::uint8_t kDisableAux = 0x20;
constexpr std::uint8_t kTranslate = 0x40;
constexpr std::uint8_t kAfterReset = kKeyboardInterrupt | kAuxInterrupt;
} // namespace command_byte

namespace output_port {
constexpr std::uint8_t kNotReset = 0x01;
constexpr std::uint8_t kA20 = 0x02;
constexpr std::uint8_t kKeyboardFull = 0x10;
constexpr std::uint8_t kAuxFull = 0x20;
constexpr std::uint8_t kLinesHigh = 0xcc;
} // namespace output_port

// Commands to port 0x64. 0x20 to 0x3f read the controller's RAM, 0x60 to 0x7f write it; byte 0 of it is the
// command byte. 0xf0 to 0xff pulse the output port's bits that are clear.
enum class Command : std::uint8_t {
    ReadRam = 0x20,
    WriteRam = 0x60,
    TestPassword = 0xa4,
    DisableAux = 0xa7,
    EnableAux = 0xa8,
    TestAux = 0xa9,
    SelfTest = 0xaa,
    TestKeyboard = 0xab,
    DisableKeyboard = 0xad,
    EnableKeyboard = 0xae,
    ReadInputPort = 0xc0,
    ReadOutputPort = 0xd0,
    WriteOutputPort = 0xd1,
    WriteKeyboardOutput = 0xd2,
    WriteAuxOutput = 0xd3,
    WriteAux = 0xd4,
    DisableA20 = 0xdd,
    ReadTestInputs = 0xe0,
    EnableA20 = 0xdf,
    PulseOutputPort = 0xf0,
};

constexpr std::uint8_t kSelfTestPassed = 0x55;
constexpr std::uint8_t kInterfaceGood = 0x00;
constexpr std::uint8_t kNoPassword = 0xf1;
constexpr std::uint8_t kInputPort = 0x80; // not locked
constexpr unsigned kRamSize = 32;

// A device takes about a millisecond to send a byte; after the guest has read one, the next comes no sooner than
// this. Software that reads port 0x60 twice for one byte relies on a gap.
constexpr base::Nanoseconds kByteGap = 250 * base::kMicrosecond;

// What devices answer.
constexpr std::uint8_t kAcknowledge = 0xfa;
constexpr std::uint8_t kResend = 0xfe;
constexpr std::uint8_t kEcho = 0xee;
constexpr std::uint8_t kSelfTestDone = 0xaa;

enum class KeyboardCommand : std::uint8_t {
    SetLeds = 0xed,
    Echo = 0xee,
    ScanCodeSet = 0xf0,
    Identify = 0xf2,
    SetTypematic = 0xf3,
    Enable = 0xf4,
    DefaultAndDisable = 0xf5,
    Default = 0xf6,
    AllTypematic = 0xf7,
    AllMakeBreak = 0xf8,
    AllMake = 0xf9,
    AllTypematicMakeBreak = 0xfa,
    KeyTypematic = 0xfb,
    KeyMakeBreak = 0xfc,
    KeyMake = 0xfd,
    Resend = 0xfe,
    Reset = 0xff,
};
constexpr std::uint8_t kKeyboardId[2] = {0xab, 0x83};
constexpr std::uint8_t kDefaultTypematic = 0x2b; // 10.9 a second after 500 ms

enum class MouseCommand : std::uint8_t {
    Scaling11 = 0xe6,
    Scaling21 = 0xe7,
    SetResolution = 0xe8,
    Status = 0xe9,
    StreamMode = 0xea,
    ReadData = 0xeb,
    LeaveWrap = 0xec,
    EnterWrap = 0xee,
    RemoteMode = 0xf0,
    Identify = 0xf2,
    SetRate = 0xf3,
    Enable = 0xf4,
    Disable = 0xf5,
    Default = 0xf6,
    Resend = 0xfe,
    Reset = 0xff,
};

// What the mouse answers to Identify.
enum class MouseType : std::uint8_t { Standard = 0, Wheel = 3, FiveButtons = 4 };

namespace port92 {
constexpr std::uint8_t kFastReset = 0x01;
constexpr std::uint8_t kA20 = 0x02;
} // namespace port92

} // namespace windsor::devices::i8042
