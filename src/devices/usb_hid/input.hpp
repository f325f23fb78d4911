// SPDX-License-Identifier: GPL-2.0-or-later
// What people do with a device's keys, buttons and wheel, until the guest asks for it: the contents of its reports.
#pragma once

#include "backend/keyboard.hpp"
#include "backend/usb_socket.hpp"
#include "devices/ring.hpp"
#include "devices/usb_hid/descriptors.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::usb_hid {

// HID 7.2.6.
enum class Protocol : std::uint8_t { Boot, Report };

// Movements add up while the guest does not ask; changes of buttons stay apart, so that no click is lost while fewer
// than sixteen are waiting. Keys are told one by one.
class Input {
public:
    // What has happened while the buttons stood so.
    struct Sample {
        std::int32_t dx{0}; // counts, right and down; a mouse's
        std::int32_t dy{0};
        std::int32_t wheel{0}; // clicks towards the user
        std::uint16_t x{0};    // a tablet's
        std::uint16_t y{0};
        std::uint8_t buttons{0};
    };
    struct KeyChange {
        std::uint8_t usage{0};
        bool pressed{false};
    };
    struct State {
        Ring<Sample, 16> samples{};
        Sample last{}; // what the last report said; the buttons and the position stay
        Ring<KeyChange, 256> changes{};
        std::array<std::uint8_t, 32> pressed{}; // by usage, as people hold the keys
        std::array<std::uint8_t, 32> told{};    // and as the guest knows them
    };

    // As backend::Pointer, AbsolutePointer and Keyboard.
    void move(int dx, int dy, int wheel, std::uint8_t buttons);
    void move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons);
    // A press is dropped if its own release and that of all keys that are held would not fit.
    void key(backend::KeyCode code, bool pressed);

    // Whether there is anything that the guest has not been told.
    bool waits() const { return !state_.samples.empty() || !state_.changes.empty(); }
    // The report that comes next: with the news if there are any.
    Bytes report(backend::UsbKind kind, Protocol protocol) const;
    // It has been told.
    void take(backend::UsbKind kind);

    void forget() { state_ = State{}; }
    const State& state() const { return state_; }
    // What waits is kept as far as a device of that kind tells it.
    void load(const State& state, backend::UsbKind kind);

private:
    void add(const Sample& sample);
    Sample next() const;

    State state_;
};

} // namespace windsor::devices::usb_hid
