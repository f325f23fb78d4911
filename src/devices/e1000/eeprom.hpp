// SPDX-License-Identifier: GPL-2.0-or-later
// The board's EEPROM: a 93C46 of 64 words on the Microwire pins of EECD, and behind EERD.
#pragma once

#include "backend/network_link.hpp"
#include "devices/e1000/spec.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::e1000 {

// What it comes with from the factory: section 5.6.
std::array<std::uint16_t, kEepromWords> factory_eeprom(const backend::MacAddress& mac);

// Words are kept when the machine is reset.
class Eeprom {
public:
    enum class Phase : std::uint8_t {
        Idle,    // waits for the start bit
        Command, // two bits of operation and six of address
        Read,    // words go out, one after the other
        Write,   // 16 bits come in
        Ignore,  // until the chip is selected anew
    };

    struct State {
        std::array<std::uint16_t, kEepromWords> words{};
        bool clock{false}; // the pins as they were last
        bool selected{false};
        bool data_out{true};
        Phase phase{Phase::Idle};
        bool write_enabled{false};
        std::uint8_t bits{0};    // that have passed in this phase
        std::uint16_t shift{0};  // and what they were
        std::uint8_t address{0}; // of the word in work
        bool all{false};         // the word is written to every address
    };

    explicit Eeprom(const backend::MacAddress& mac) { state_.words = factory_eeprom(mac); }

    std::uint16_t word(unsigned address) const { return state_.words[address % kEepromWords]; }
    // EECD as the guest writes it. Commands end where the chip select falls.
    void drive(std::uint32_t eecd);
    bool data_out() const { return state_.data_out; }

    void reset(); // the interface alone
    const State& state() const { return state_; }
    void load(const State& state);

private:
    void clock_rises(bool data_in);
    void obey();
    void deselected();

    State state_;
};

} // namespace windsor::devices::e1000
