// SPDX-License-Identifier: GPL-2.0-or-later
// A PS/2 keyboard of 101 and more keys.
#pragma once

#include "devices/i8042/scan_codes.hpp"
#include "devices/i8042/spec.hpp"
#include "devices/ring.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::i8042 {

// Repeats are the console's business: the typematic rate is kept, but no key repeats by itself.
class Ps2Keyboard {
public:
    // As what Print Screen was pressed; its release must match.
    enum class PrintScreen : std::uint8_t { Up, Alone, WithShiftOrCtrl, SysRq };

    struct State {
        Ring<std::uint8_t, 1024> scans{};   // of keys
        Ring<std::uint8_t, 16> replies{};   // to commands; these go first
        std::array<std::uint8_t, 32> held{}; // a bit for each key that is down: set 1 code, plus 0x80 if extended
        std::uint16_t held_count{0};
        std::array<std::uint8_t, 32> no_break{}; // set 3: a bit for each code whose release is not sent
        PrintScreen print_screen{PrintScreen::Up};
        std::uint8_t scan_set{2};
        std::uint8_t leds{0}; // bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock
        std::uint8_t typematic{kDefaultTypematic};
        bool scanning{true};
        std::uint8_t awaiting{0}; // the command whose parameter comes next; 0 if none
        std::uint8_t last_sent{0};
    };

    Ps2Keyboard();

    // A press is dropped as a whole if its bytes, its own release and the releases of all keys that are held would
    // not fit; a release of a key that the guest does not know to be pressed is dropped too.
    void key(backend::KeyCode code, bool pressed);

    // A byte from the controller.
    void write(std::uint8_t byte);

    bool has_byte() const { return !state_.replies.empty() || !state_.scans.empty(); }
    std::uint8_t take();

    void power_on();
    const State& state() const { return state_; }
    void load(const State& state);

private:
    bool held(backend::KeyCode code) const;
    void set_held(backend::KeyCode code, bool value);
    bool modifier_held(backend::KeyCode left, backend::KeyCode right) const { return held(left) || held(right); }
    void press(backend::KeyCode code);
    void release(backend::KeyCode code);
    ScanBytes press_bytes(backend::KeyCode code);
    ScanBytes release_bytes(backend::KeyCode code);

    void reply(std::uint8_t byte) { state_.replies.push(byte); }
    void command(KeyboardCommand command);
    bool parameter(std::uint8_t byte);
    void forget_keys();
    void defaults();
    void set_all_breaks(bool sent);

    State state_;
};

} // namespace windsor::devices::i8042
