// SPDX-License-Identifier: GPL-2.0-or-later
// A tablet, mouse or keyboard at a port of the USB, or nothing, until somebody plugs one in.
#pragma once

#include "backend/keyboard.hpp"
#include "backend/pointer.hpp"
#include "backend/usb_socket.hpp"
#include "base/clock.hpp"
#include "chipset/usb.hpp"
#include "devices/usb_hid/input.hpp"
#include "devices/usb_hid/spec.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace windsor::devices::usb_hid {

// Used under the machine lock. A full-speed device with the control endpoint and one interrupt endpoint, through which
// the guest asks for reports.
class HidDevice final : public chipset::usb::Device, public backend::UsbSocket {
public:
    // Where a control transfer is, USB 2.0, 8.5.3.
    enum class Phase : std::uint8_t {
        Idle,
        DataIn,    // data goes to the host
        DataOut,   // data comes from the host
        StatusIn,  // the host asks whether all went well
        Stalled,   // the request is none that the device knows
    };
    struct Control {
        Phase phase{Phase::Idle};
        std::array<std::uint8_t, chipset::usb::kSetupBytes> setup{};
        std::array<std::uint8_t, 128> data{}; // of either direction
        std::uint8_t length{0};               // of the data, as far as there are any
        std::uint8_t position{0};             // how much of it has gone
        chipset::usb::Toggle toggle{chipset::usb::Toggle::Data1}; // of the next data packet
    };
    // What the host has made of the device since the bus was reset.
    struct Settings {
        std::uint8_t address{0};
        std::uint8_t configuration{0};
        Protocol protocol{Protocol::Report};
        std::uint8_t idle{0}; // after so many times four milliseconds a report comes again; 0: only with news
        std::uint8_t leds{0}; // bit 0 Num Lock, 1 Caps Lock, 2 Scroll Lock
        bool remote_wakeup{false};
        bool halted{false}; // the interrupt endpoint
        chipset::usb::Toggle toggle{chipset::usb::Toggle::Data0}; // of the next report
        bool polled{false}; // the guest has asked for a report,
        base::Nanoseconds polled_at{0}; // when
        base::Nanoseconds told_at{0}; // when it was last given one
    };
    struct State {
        backend::UsbKind kind{backend::UsbKind::None};
        Settings settings{};
        Control control{};
        Input::State input{};
    };

    // A guest that has not asked for a report in this time does not listen any more.
    static constexpr base::Nanoseconds kPatience = base::kSecond;

    // The port outlives the device.
    HidDevice(const base::Clock& clock, chipset::usb::Port& port) : clock_{clock}, port_{port} {}

    // UsbSocket.
    backend::UsbKind kind() const override { return kind_; }
    void plug(backend::UsbKind kind) override WINDSOR_REQUIRES(bus::kMachineLock);
    bool in_use() const override;

    // usb::Device.
    std::uint8_t address() const override { return settings_.address; }
    void bus_reset() override;
    chipset::usb::Handshake take(unsigned endpoint, chipset::usb::Token token, chipset::usb::Toggle toggle,
                                 std::span<const std::uint8_t> data) override;
    chipset::usb::Packet give(unsigned endpoint) override;
    void acknowledged(unsigned endpoint) override;

    // What people do. Nothing happens while the guest does not use it.
    void move(int dx, int dy, int wheel, std::uint8_t buttons) WINDSOR_REQUIRES(bus::kMachineLock);
    void move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons) WINDSOR_REQUIRES(bus::kMachineLock);
    void key(backend::KeyCode code, bool pressed) WINDSOR_REQUIRES(bus::kMachineLock);
    std::uint8_t leds() const { return settings_.leds; }

    // Power on; what is plugged in stays so.
    void reset() { bus_reset(); }
    State state() const { return {kind_, settings_, control_, input_.state()}; }
    void load(const State& state);

private:
    std::uint16_t setup_word(unsigned at) const;
    chipset::usb::Handshake take_setup(std::span<const std::uint8_t> data);
    chipset::usb::Handshake take_data(chipset::usb::Toggle toggle, std::span<const std::uint8_t> data);
    chipset::usb::Packet give_control() const;
    chipset::usb::Packet give_report();
    void acknowledged_control();

    std::optional<Bytes> answer() const;
    std::optional<Bytes> answer_to_class() const;
    bool obey(std::span<const std::uint8_t> data);
    bool obey_for_endpoint();
    bool obey_class(std::span<const std::uint8_t> data);
    bool configure(std::uint16_t number);
    bool about_interface() const { return setup_word(4) == 0; }
    bool about_input_endpoint() const { return setup_word(4) == kInputAddress && settings_.configuration != 0; }

    void news() WINDSOR_REQUIRES(bus::kMachineLock);
    std::uint8_t default_idle() const;

    const base::Clock& clock_;
    chipset::usb::Port& port_;
    backend::UsbKind kind_{backend::UsbKind::None};
    Settings settings_;
    Control control_;
    Input input_;
};

} // namespace windsor::devices::usb_hid
