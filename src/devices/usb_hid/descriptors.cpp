// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/usb_hid/descriptors.hpp"

#include "devices/usb_hid/spec.hpp"

#include <array>
#include <initializer_list>
#include <string_view>

namespace windsor::devices::usb_hid {

namespace {

using backend::UsbKind;

constexpr std::uint8_t low(std::size_t word)
{
    return static_cast<std::uint8_t>(word);
}

constexpr std::uint8_t high(std::size_t word)
{
    return static_cast<std::uint8_t>(word >> 8);
}

// Short items of a report descriptor, HID 6.2.2. What the name says is the item's prefix.
namespace item {
constexpr std::uint8_t kUsagePage = 0x05;
constexpr std::uint8_t kUsage = 0x09;
constexpr std::uint8_t kUsageMinimum = 0x19;
constexpr std::uint8_t kUsageMaximum = 0x29;
constexpr std::uint8_t kLogicalMinimum = 0x15;
constexpr std::uint8_t kLogicalMaximum = 0x25;
constexpr std::uint8_t kLogicalMaximum16 = 0x26;
constexpr std::uint8_t kPhysicalMinimum = 0x35;
constexpr std::uint8_t kPhysicalMaximum = 0x45;
constexpr std::uint8_t kPhysicalMaximum16 = 0x46;
constexpr std::uint8_t kReportSize = 0x75;
constexpr std::uint8_t kReportCount = 0x95;
constexpr std::uint8_t kInput = 0x81;
constexpr std::uint8_t kOutput = 0x91;
constexpr std::uint8_t kCollection = 0xa1;
constexpr std::uint8_t kEnd = 0xc0;
} // namespace item

namespace main_item {
constexpr std::uint8_t kArray = 0x00;
constexpr std::uint8_t kConstant = 0x01;
constexpr std::uint8_t kAbsolute = 0x02; // a variable
constexpr std::uint8_t kRelative = 0x06; // a variable
} // namespace main_item

constexpr std::uint8_t kPhysical = 0;    // collections, HID 6.2.2.6
constexpr std::uint8_t kApplication = 1;
constexpr std::uint8_t kGenericDesktop = 0x01; // usage pages
constexpr std::uint8_t kKeys = 0x07;
constexpr std::uint8_t kLeds = 0x08;
constexpr std::uint8_t kButtons = 0x09;
constexpr std::uint8_t kPointer = 0x01; // usages of the generic desktop
constexpr std::uint8_t kMouse = 0x02;
constexpr std::uint8_t kKeyboard = 0x06;
constexpr std::uint8_t kX = 0x30;
constexpr std::uint8_t kY = 0x31;
constexpr std::uint8_t kWheel = 0x38;
constexpr std::uint8_t kMinus127 = 0x81;
constexpr std::uint8_t kPlus127 = 0x7f;
constexpr std::uint8_t kButtonCount = 5;
constexpr std::uint8_t kLedCount = 5;
constexpr std::uint8_t kLastKey = 0xff;

void append(Bytes& to, std::initializer_list<std::uint8_t> items)
{
    to.insert(to.end(), items);
}

void append_buttons(Bytes& to)
{
    append(to, {item::kUsagePage, kButtons, item::kUsageMinimum, 1, item::kUsageMaximum, kButtonCount});
    append(to, {item::kLogicalMinimum, 0, item::kLogicalMaximum, 1});
    append(to, {item::kReportCount, kButtonCount, item::kReportSize, 1, item::kInput, main_item::kAbsolute});
    append(to, {item::kReportCount, 1, item::kReportSize, 8 - kButtonCount, item::kInput, main_item::kConstant});
}

Bytes tablet_report()
{
    Bytes bytes{item::kUsagePage, kGenericDesktop, item::kUsage, kMouse, item::kCollection, kApplication};
    append(bytes, {item::kUsage, kPointer, item::kCollection, kPhysical});
    append_buttons(bytes);
    append(bytes, {item::kUsagePage, kGenericDesktop, item::kUsage, kX, item::kUsage, kY});
    append(bytes, {item::kLogicalMinimum, 0, item::kLogicalMaximum16, 0xff, 0x7f});
    append(bytes, {item::kPhysicalMinimum, 0, item::kPhysicalMaximum16, 0xff, 0x7f});
    append(bytes, {item::kReportSize, 16, item::kReportCount, 2, item::kInput, main_item::kAbsolute});
    append(bytes, {item::kUsage, kWheel, item::kLogicalMinimum, kMinus127, item::kLogicalMaximum, kPlus127});
    append(bytes, {item::kPhysicalMinimum, 0, item::kPhysicalMaximum, 0}); // as the logical ones
    append(bytes, {item::kReportSize, 8, item::kReportCount, 1, item::kInput, main_item::kRelative});
    append(bytes, {item::kEnd, item::kEnd});
    return bytes;
}

Bytes mouse_report()
{
    Bytes bytes{item::kUsagePage, kGenericDesktop, item::kUsage, kMouse, item::kCollection, kApplication};
    append(bytes, {item::kUsage, kPointer, item::kCollection, kPhysical});
    append_buttons(bytes);
    append(bytes, {item::kUsagePage, kGenericDesktop, item::kUsage, kX, item::kUsage, kY, item::kUsage, kWheel});
    append(bytes, {item::kLogicalMinimum, kMinus127, item::kLogicalMaximum, kPlus127});
    append(bytes, {item::kReportSize, 8, item::kReportCount, 3, item::kInput, main_item::kRelative});
    append(bytes, {item::kEnd, item::kEnd});
    return bytes;
}

Bytes keyboard_report()
{
    Bytes bytes{item::kUsagePage, kGenericDesktop, item::kUsage, kKeyboard, item::kCollection, kApplication};
    append(bytes, {item::kUsagePage, kKeys, item::kUsageMinimum, kFirstModifier, item::kUsageMaximum, kLastModifier});
    append(bytes, {item::kLogicalMinimum, 0, item::kLogicalMaximum, 1});
    append(bytes, {item::kReportSize, 1, item::kReportCount, 8, item::kInput, main_item::kAbsolute});
    append(bytes, {item::kReportSize, 8, item::kReportCount, 1, item::kInput, main_item::kConstant});
    append(bytes, {item::kUsagePage, kLeds, item::kUsageMinimum, 1, item::kUsageMaximum, kLedCount});
    append(bytes, {item::kReportSize, 1, item::kReportCount, kLedCount, item::kOutput, main_item::kAbsolute});
    append(bytes, {item::kReportSize, 8 - kLedCount, item::kReportCount, 1, item::kOutput, main_item::kConstant});
    append(bytes, {item::kUsagePage, kKeys, item::kUsageMinimum, 0, item::kUsageMaximum, kLastKey});
    append(bytes, {item::kLogicalMinimum, 0, item::kLogicalMaximum16, kLastKey, 0});
    append(bytes, {item::kReportSize, 8, item::kReportCount, kReportKeys, item::kInput, main_item::kArray});
    append(bytes, {item::kEnd});
    return bytes;
}

Bytes report_descriptor(UsbKind kind)
{
    switch (kind) {
    case UsbKind::Tablet: return tablet_report();
    case UsbKind::Mouse: return mouse_report();
    case UsbKind::Keyboard: return keyboard_report();
    case UsbKind::None: break;
    }
    return {};
}

Bytes hid_descriptor(UsbKind kind)
{
    const std::size_t report = report_descriptor(kind).size();
    return {9,
            descriptor::kHid,
            low(kHid111),
            high(kHid111),
            0 /* no country */,
            1 /* descriptor follows */,
            descriptor::kReport,
            low(report),
            high(report)};
}

Bytes device_descriptor(UsbKind kind)
{
    constexpr std::uint8_t kManufacturer = 1;
    constexpr std::uint8_t kSerialNumber = 0; // none: two alike are told apart by their ports
    const auto name = static_cast<std::uint8_t>(kManufacturer + static_cast<unsigned>(kind));
    return {18,
            descriptor::kDevice,
            low(kUsb11),
            high(kUsb11),
            0,
            0,
            0, // the interface says the class
            kPacketSize,
            low(kVendor),
            high(kVendor),
            low(kProduct),
            high(kProduct),
            0,
            0,
            kManufacturer,
            name,
            kSerialNumber,
            1 /* configuration */};
}

Bytes configuration_descriptor(UsbKind kind)
{
    constexpr std::size_t kWhole = 9 + 9 + 9 + 7;
    const std::uint8_t subclass = kind == UsbKind::Tablet ? 0 : kBootSubclass;
    const std::uint8_t protocol = kind == UsbKind::Keyboard ? kKeyboardProtocol
                                  : kind == UsbKind::Mouse  ? kMouseProtocol
                                                            : 0;
    Bytes bytes{9,
                descriptor::kConfiguration,
                low(kWhole),
                high(kWhole),
                1 /* interface */,
                kConfiguration,
                0,
                kAttributes,
                kMaxPower};
    append(bytes, {9, descriptor::kInterface, 0, 0, 1 /* endpoint */, kHidClass, subclass, protocol, 0});
    const Bytes hid = hid_descriptor(kind);
    bytes.insert(bytes.end(), hid.begin(), hid.end());
    constexpr std::uint8_t kInterrupt = 3;
    append(bytes, {7, descriptor::kEndpoint, kInputAddress, kInterrupt, low(kPacketSize), 0, kPollInterval});
    return bytes;
}

// UTF-16, 9.6.7.
std::optional<Bytes> string_descriptor(std::uint8_t index)
{
    if (index == 0) {
        return Bytes{4, descriptor::kString, low(kEnglish), high(kEnglish)};
    }
    constexpr std::array<std::string_view, 4> kTexts{"Windsor", "USB Tablet", "USB Mouse", "USB Keyboard"};
    if (index > kTexts.size()) {
        return std::nullopt;
    }
    const std::string_view text = kTexts.at(index - 1U);
    Bytes bytes{static_cast<std::uint8_t>(2 + 2 * text.size()), descriptor::kString};
    for (const char character : text) {
        append(bytes, {static_cast<std::uint8_t>(character), 0});
    }
    return bytes;
}

} // namespace

std::optional<Bytes> device_descriptor_of(UsbKind kind, std::uint8_t type, std::uint8_t index)
{
    switch (type) {
    case descriptor::kDevice: return device_descriptor(kind);
    case descriptor::kConfiguration: return index == 0 ? std::optional{configuration_descriptor(kind)} : std::nullopt;
    case descriptor::kString: return string_descriptor(index);
    default: return std::nullopt;
    }
}

std::optional<Bytes> interface_descriptor_of(UsbKind kind, std::uint8_t type)
{
    switch (type) {
    case descriptor::kHid: return hid_descriptor(kind);
    case descriptor::kReport: return report_descriptor(kind);
    default: return std::nullopt;
    }
}

} // namespace windsor::devices::usb_hid
