// SPDX-License-Identifier: GPL-2.0-or-later
// Universal Serial Bus Specification 2.0, chapter 9, and Device Class Definition for Human Interface Devices 1.11.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windsor::devices::usb_hid {

// Of the tablet of QEMU, and its other input devices, which drivers know.
constexpr std::uint16_t kVendor = 0x0627;
constexpr std::uint16_t kProduct = 0x0001;
constexpr std::uint16_t kUsb11 = 0x0110; // bcdUSB: a full-speed device that knows nothing of high speed

constexpr std::size_t kPacketSize = 8; // of both endpoints
constexpr unsigned kControlEndpoint = 0;
constexpr unsigned kInputEndpoint = 1;
constexpr std::uint8_t kInputAddress = 0x81; // of the interrupt endpoint, with its direction
constexpr std::uint8_t kPollInterval = 10; // milliseconds
constexpr std::uint8_t kMostAddress = 127;
constexpr std::uint8_t kConfiguration = 1;
constexpr std::uint8_t kAttributes = 0xa0; // bus-powered, remote wakeup; 9.6.3
constexpr std::uint8_t kMaxPower = 50; // 100 mA

// bmRequestType, 9.3.
constexpr std::uint8_t kToHost = 0x80;
namespace request_type {
constexpr std::uint8_t kDevice = 0x00;
constexpr std::uint8_t kInterface = 0x01;
constexpr std::uint8_t kEndpoint = 0x02;
constexpr std::uint8_t kClassInterface = 0x21;
} // namespace request_type

// bRequest, 9.4.
namespace request {
constexpr std::uint8_t kGetStatus = 0;
constexpr std::uint8_t kClearFeature = 1;
constexpr std::uint8_t kSetFeature = 3;
constexpr std::uint8_t kSetAddress = 5;
constexpr std::uint8_t kGetDescriptor = 6;
constexpr std::uint8_t kGetConfiguration = 8;
constexpr std::uint8_t kSetConfiguration = 9;
constexpr std::uint8_t kGetInterface = 10;
constexpr std::uint8_t kSetInterface = 11;
} // namespace request

namespace feature {
constexpr std::uint16_t kEndpointHalt = 0;
constexpr std::uint16_t kRemoteWakeup = 1;
} // namespace feature

// Descriptor types, 9.4, and HID 7.1.
namespace descriptor {
constexpr std::uint8_t kDevice = 1;
constexpr std::uint8_t kConfiguration = 2;
constexpr std::uint8_t kString = 3;
constexpr std::uint8_t kInterface = 4;
constexpr std::uint8_t kEndpoint = 5;
constexpr std::uint8_t kHid = 0x21;
constexpr std::uint8_t kReport = 0x22;
} // namespace descriptor

constexpr std::uint16_t kEnglish = 0x0409;

// HID 4.2 and 4.3.
constexpr std::uint8_t kHidClass = 3;
constexpr std::uint8_t kBootSubclass = 1;
constexpr std::uint8_t kKeyboardProtocol = 1;
constexpr std::uint8_t kMouseProtocol = 2;
constexpr std::uint16_t kHid111 = 0x0111;

// bRequest of the class, HID 7.2.
namespace hid_request {
constexpr std::uint8_t kGetReport = 0x01;
constexpr std::uint8_t kGetIdle = 0x02;
constexpr std::uint8_t kGetProtocol = 0x03;
constexpr std::uint8_t kSetReport = 0x09;
constexpr std::uint8_t kSetIdle = 0x0a;
constexpr std::uint8_t kSetProtocol = 0x0b;
} // namespace hid_request

constexpr std::uint8_t kInputReport = 1;
constexpr std::uint8_t kOutputReport = 2;
constexpr unsigned kIdleMilliseconds = 4; // the unit of the idle rate, HID 7.2.4
constexpr std::uint8_t kKeyboardIdle = 125; // half a second, as HID 7.2.4 recommends
constexpr std::uint8_t kLedBits = 0x1f;

// Usages of keys, HID Usage Tables, 10.
constexpr std::uint8_t kErrorRollOver = 0x01;
constexpr std::uint8_t kFirstModifier = 0xe0; // left Ctrl, which is bit 0 of a report's modifiers
constexpr std::uint8_t kLastModifier = 0xe7;
constexpr std::size_t kReportKeys = 6;

} // namespace windsor::devices::usb_hid
