// SPDX-License-Identifier: GPL-2.0-or-later
// The input devices as drivers see them, by a host controller: descriptors, requests, reports.
#include "devices/usb_bench.hpp"
#include "devices/usb_hid/saved_state.hpp"
#include "devices/usb_hid/usages.hpp"

#include <gmock/gmock.h>

#include <set>

namespace windsor::devices::usb_hid {

namespace {

using backend::UsbKind;
using chipset::usb::Handshake;
using chipset::usb::Toggle;
using chipset::usb::Token;
using ::testing::ElementsAre;
using Request = std::array<std::uint8_t, 8>;

constexpr Request get_descriptor(std::uint8_t type, std::uint8_t index, std::uint8_t length)
{
    return {0x80, request::kGetDescriptor, index, type, 0, 0, length, 0};
}

class UsbHid : public ::testing::Test, public UsbBench {
protected:
    void plug(UsbKind kind)
    {
        devices[0].plug(kind);
        start();
        set_up(0, 5);
    }
    std::optional<Octets> ask(const Request& setup, const Octets& out = {}) { return control(5, setup, out); }
    // The next report; the data packets alternate.
    std::optional<Octets> next()
    {
        const auto got = report(5, data1_);
        data1_ = data1_ != got.has_value();
        return got;
    }

    bool data1_{false};
};

TEST_F(UsbHid, DescribesItself)
{
    devices[0].plug(UsbKind::Tablet);
    start();
    open_port(0);
    const auto first = control(0, get_descriptor(descriptor::kDevice, 0, 64));
    ASSERT_TRUE(first);
    EXPECT_THAT(*first, ElementsAre(18, 1, 0x10, 1, 0, 0, 0, 8, 0x27, 6, 1, 0, 0, 0, 1, 2, 0, 1));
    EXPECT_EQ(control(0, get_descriptor(descriptor::kDevice, 0, 8))->size(), 8U) << "no more than was asked for";
    set_up(0, 5);
    EXPECT_FALSE(control(0, get_descriptor(descriptor::kDevice, 0, 8))) << "it has an address now";
    const auto configuration = ask(get_descriptor(descriptor::kConfiguration, 0, 255));
    ASSERT_TRUE(configuration);
    ASSERT_EQ(configuration->size(), 34U);
    EXPECT_EQ((*configuration)[2], 34);
    EXPECT_THAT(Octets(configuration->begin() + 9, configuration->begin() + 18),
                ElementsAre(9, 4, 0, 0, 1, 3, 0, 0, 0));
    EXPECT_THAT(Octets(configuration->end() - 7, configuration->end()), ElementsAre(7, 5, 0x81, 3, 8, 0, 10));
    const auto report = ask({0x81, request::kGetDescriptor, 0, descriptor::kReport, 0, 0, 255, 0});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->size(), (*configuration)[9 + 9 + 7]) << "as its HID descriptor says";
    EXPECT_EQ(ask(get_descriptor(descriptor::kString, 0, 255)), (Octets{4, 3, 9, 4}));
    EXPECT_EQ(ask(get_descriptor(descriptor::kString, 2, 255))->size(), 2 + 2 * std::string_view{"USB Tablet"}.size());
    EXPECT_FALSE(ask(get_descriptor(descriptor::kString, 9, 255)));
    EXPECT_FALSE(ask(get_descriptor(6, 0, 10))) << "it knows nothing of high speed";
}

TEST_F(UsbHid, BootDevicesSaySo)
{
    for (const auto& [kind, protocol] :
         {std::pair{UsbKind::Keyboard, kKeyboardProtocol}, {UsbKind::Mouse, kMouseProtocol}}) {
        plug(kind);
        const auto configuration = ask(get_descriptor(descriptor::kConfiguration, 0, 255));
        ASSERT_TRUE(configuration);
        EXPECT_EQ((*configuration)[15], kBootSubclass);
        EXPECT_EQ((*configuration)[16], protocol);
    }
}

TEST_F(UsbHid, AnswersTheStandardRequests)
{
    plug(UsbKind::Mouse);
    EXPECT_EQ(ask({0x80, request::kGetConfiguration, 0, 0, 0, 0, 1, 0}), Octets{1});
    EXPECT_EQ(ask({0x80, request::kGetStatus, 0, 0, 0, 0, 2, 0}), (Octets{0, 0}));
    EXPECT_TRUE(ask({0x00, request::kSetFeature, feature::kRemoteWakeup, 0, 0, 0, 0, 0}));
    EXPECT_EQ(ask({0x80, request::kGetStatus, 0, 0, 0, 0, 2, 0}), (Octets{2, 0}));
    EXPECT_TRUE(ask({0x00, request::kClearFeature, feature::kRemoteWakeup, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(ask({0x00, request::kSetFeature, 2, 0, 0, 0, 0, 0})) << "test modes are of high speed";
    EXPECT_EQ(ask({0x81, request::kGetInterface, 0, 0, 0, 0, 1, 0}), Octets{0});
    EXPECT_TRUE(ask({0x01, request::kSetInterface, 0, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(ask({0x01, request::kSetInterface, 1, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(ask({0x81, request::kGetInterface, 0, 0, 1, 0, 1, 0})) << "there is one interface";
    EXPECT_FALSE(ask({0x00, request::kSetConfiguration, 2, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(ask({0x00, request::kSetAddress, 0x80, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(ask({0xc0, 1, 0, 0, 0, 0, 1, 0})) << "there are no vendor's requests";
    EXPECT_TRUE(ask({0x80, request::kGetConfiguration, 0, 0, 0, 0, 1, 0})) << "a stall ends with the transfer";
}

TEST_F(UsbHid, AnEndpointCanBeHalted)
{
    plug(UsbKind::Mouse);
    devices[0].move(1, 1, 0, 0);
    ASSERT_TRUE(next());
    EXPECT_TRUE(ask({0x02, request::kSetFeature, feature::kEndpointHalt, 0, 0x81, 0, 0, 0}));
    EXPECT_EQ(ask({0x82, request::kGetStatus, 0, 0, 0x81, 0, 2, 0}), (Octets{1, 0}));
    queue({token(Token::In, 5, 1, true, 8)});
    pass(2 * base::kMillisecond);
    EXPECT_NE(status_of(0) & uhci::td::kStalled, 0U);
    EXPECT_TRUE(ask({0x02, request::kClearFeature, feature::kEndpointHalt, 0, 0x81, 0, 0, 0}));
    devices[0].move(2, 0, 0, 0);
    data1_ = false;
    EXPECT_THAT(*next(), ElementsAre(0, 2, 0, 0)) << "the data packets begin anew";
}

TEST_F(UsbHid, ATabletTellsPositions)
{
    plug(UsbKind::Tablet);
    EXPECT_FALSE(next()) << "nothing has happened";
    devices[0].move_to(100, 200, 0, 0);
    devices[0].move_to(0x7fff, 0x0102, 0, 0);
    EXPECT_THAT(*next(), ElementsAre(0, 0xff, 0x7f, 2, 1, 0)) << "the last position is what counts";
    EXPECT_FALSE(next());
    devices[0].move_to(0x7fff, 0x0102, 0, 0);
    EXPECT_FALSE(next()) << "it is there already";
    devices[0].move_to(5, 6, 0, 1);
    devices[0].move_to(5, 6, 0, 0);
    devices[0].move_to(5, 6, 2, 0);
    EXPECT_THAT(*next(), ElementsAre(1, 5, 0, 6, 0, 0)) << "no click is lost";
    EXPECT_THAT(*next(), ElementsAre(0, 5, 0, 6, 0, 0xfe)) << "towards the user is down";
    EXPECT_FALSE(next());
}

TEST_F(UsbHid, AMouseTellsMovements)
{
    plug(UsbKind::Mouse);
    devices[0].move(100, -100, 0, 0);
    devices[0].move(100, -100, 1, 0);
    EXPECT_THAT(*next(), ElementsAre(0, 127, 0x81, 0xff));
    EXPECT_THAT(*next(), ElementsAre(0, 73, 0xb7, 0)) << "what did not fit comes after";
    EXPECT_FALSE(next());
    EXPECT_TRUE(ask({0x21, hid_request::kSetProtocol, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(ask({0xa1, hid_request::kGetProtocol, 0, 0, 0, 0, 1, 0}), Octets{0});
    devices[0].move(1, 1, 5, 2);
    EXPECT_THAT(*next(), ElementsAre(2, 1, 1)) << "the boot protocol has no wheel";
}

TEST_F(UsbHid, AKeyboardTellsKeys)
{
    plug(UsbKind::Keyboard);
    EXPECT_TRUE(ask({0x21, hid_request::kSetIdle, 0, 0, 0, 0, 0, 0}));
    devices[0].key(0x2a, true); // left Shift
    devices[0].key(0x1e, true); // A
    devices[0].key(0x1e, true);
    devices[0].key(0x1e, false);
    devices[0].key(0x2a, false);
    EXPECT_THAT(*next(), ElementsAre(2, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_THAT(*next(), ElementsAre(2, 0, 4, 0, 0, 0, 0, 0));
    EXPECT_THAT(*next(), ElementsAre(2, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_THAT(*next(), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_FALSE(next());
    for (backend::KeyCode code = 0x10; code <= 0x15; ++code) {
        devices[0].key(code, true);
        next();
    }
    devices[0].key(0x16, true);
    EXPECT_THAT(*next(), ElementsAre(0, 0, 1, 1, 1, 1, 1, 1)) << "more keys than a report has room for";
}

TEST_F(UsbHid, AKeyboardThatNobodyAsksKeepsTheReleases)
{
    plug(UsbKind::Keyboard);
    devices[0].key(0x1e, true);
    for (unsigned i = 0; i < 1000; ++i) {
        devices[0].key(0x1f, true);
        devices[0].key(0x1f, false);
    }
    devices[0].key(0x1e, false);
    std::optional<Octets> last;
    while (const auto got = next()) {
        last = got;
    }
    EXPECT_THAT(*last, ElementsAre(0, 0, 0, 0, 0, 0, 0, 0)) << "no key is left pressed";
}

TEST_F(UsbHid, AKeyboardHasIndicators)
{
    plug(UsbKind::Keyboard);
    EXPECT_TRUE(ask({0x21, hid_request::kSetReport, 0, kOutputReport, 0, 0, 1, 0}, {3}));
    EXPECT_EQ(devices[0].leds(), 3);
    EXPECT_EQ(ask({0xa1, hid_request::kGetReport, 0, kOutputReport, 0, 0, 1, 0}), Octets{3});
    EXPECT_EQ(ask({0xa1, hid_request::kGetReport, 0, kInputReport, 0, 0, 8, 0}), Octets(8));
    plug(UsbKind::Mouse);
    EXPECT_FALSE(ask({0x21, hid_request::kSetReport, 0, kOutputReport, 0, 0, 1, 0}, {3})) << "a mouse has none";
}

TEST_F(UsbHid, RepeatsItsReportAtTheIdleRate)
{
    plug(UsbKind::Keyboard);
    EXPECT_EQ(ask({0xa1, hid_request::kGetIdle, 0, 0, 0, 0, 1, 0}), Octets{kKeyboardIdle});
    EXPECT_TRUE(ask({0x21, hid_request::kSetIdle, 0, 25, 0, 0, 0, 0})); // a tenth of a second
    ASSERT_TRUE(report(5, false, 150 * base::kMillisecond));
    EXPECT_FALSE(report(5, true, 50 * base::kMillisecond));
    EXPECT_TRUE(report(5, true, 60 * base::kMillisecond));
}

TEST_F(UsbHid, IsInUseWhileItIsAskedForReports)
{
    plug(UsbKind::Tablet);
    EXPECT_FALSE(devices[0].in_use()) << "a BIOS configures devices of which it asks nothing";
    EXPECT_FALSE(next());
    EXPECT_TRUE(devices[0].in_use());
    schedule(uhci::link::kTerminate);
    pass(HidDevice::kPatience + base::kSecond);
    EXPECT_FALSE(devices[0].in_use());
    EXPECT_FALSE(report(5, data1_, 40 * base::kMillisecond)) << "the controller has become quiet";
    EXPECT_TRUE(devices[0].in_use());
    open_port(0);
    EXPECT_FALSE(devices[0].in_use()) << "a reset begins anew";
}

TEST_F(UsbHid, RefusesPacketsThatItCannotHold)
{
    plug(UsbKind::Keyboard);
    const Octets large(64);
    EXPECT_EQ(devices[0].take(0, Token::Out, Toggle::Data0, large), Handshake::None);
    EXPECT_EQ(devices[0].take(0, Token::Setup, Toggle::Data0, std::span{large}.first(7)), Handshake::None);
    EXPECT_EQ(devices[0].take(1, Token::Out, Toggle::Data0, std::span{large}.first(8)), Handshake::None);
    EXPECT_EQ(devices[0].give(2).handshake, Handshake::None);
    const Request huge{0x21, hid_request::kSetReport, 0, kOutputReport, 0, 0, 0xff, 0xff};
    EXPECT_EQ(devices[0].take(0, Token::Setup, Toggle::Data0, huge), Handshake::Ack);
    EXPECT_EQ(devices[0].take(0, Token::Out, Toggle::Data1, std::span{large}.first(8)), Handshake::Stall);
}

// It would have something to tell for ever.
TEST_F(UsbHid, NothingWaitsThatADeviceOfItsKindNeverTells)
{
    plug(UsbKind::Keyboard);
    auto state = devices[0].state();
    state.input.samples.push({.dx = 1});
    devices[0].load(state);
    EXPECT_FALSE(next());
    plug(UsbKind::Mouse);
    state = devices[0].state();
    state.input.changes.push({.usage = 4, .pressed = true});
    devices[0].load(state);
    data1_ = false;
    EXPECT_FALSE(next());
    devices[0].move(1, 0, 0, 0);
    EXPECT_TRUE(next());
    EXPECT_FALSE(next());
}

TEST_F(UsbHid, EveryKeyHasAUsageOfItsOwn)
{
    std::set<std::uint8_t> usages;
    unsigned keys = 0;
    for (unsigned code = 0; code < 0x10000; ++code) {
        if (const std::uint8_t usage = usage_of(static_cast<backend::KeyCode>(code))) {
            usages.insert(usage);
            ++keys;
        }
    }
    EXPECT_EQ(usages.size(), keys - 2) << "but Print Screen and Pause, which have two codes";
    EXPECT_EQ(usage_of(0x1c), 0x28);
    EXPECT_EQ(usage_of(0xe01d), 0xe4);
}

} // namespace

} // namespace windsor::devices::usb_hid
