// SPDX-License-Identifier: GPL-2.0-or-later
// One 8259A, without wiring.
#pragma once

#include "devices/pic/spec.hpp"

#include <cstdint>
#include <optional>

namespace windsor::devices::pic {

class I8259 {
public:
    // Which initialisation word the data port expects.
    enum class Expect : std::uint8_t { Ocw1, Icw2, Icw3, Icw4 };

    struct State {
        std::uint8_t lines{0};        // input levels
        std::uint8_t edges{0};        // rising edges not yet acknowledged
        std::uint8_t level_inputs{0}; // inputs that are level-triggered
        std::uint8_t imr{0};
        std::uint8_t isr{0};
        std::uint8_t vector_base{0};     // ICW2 bits 7-3
        std::uint8_t cascade{0};         // ICW3
        std::uint8_t lowest_priority{7}; // the input that ranks last
        Expect expect{Expect::Ocw1};
        bool needs_icw4{false};
        bool single{false};
        bool auto_eoi{false};
        bool rotate_in_auto_eoi{false};
        bool special_fully_nested{false};
        bool special_mask{false};
        bool read_isr{false};
        bool poll{false};
    };

    // `cascade_input` is the input that a slave drives, if there is one: it is level-triggered always, so that
    // a slave which keeps asking is not forgotten.
    explicit I8259(std::optional<unsigned> cascade_input = std::nullopt);

    // A rising edge is remembered until acknowledged even if the line falls again, so that pulses count.
    void set_line(unsigned input, bool level);
    // Sets which inputs are level-triggered (ELCR; the PIIX3 ignores ICW1's LTIM).
    void set_level_inputs(std::uint8_t inputs);
    std::uint8_t level_inputs() const { return state_.level_inputs; }

    std::uint8_t read(Register which);
    void write(Register which, std::uint8_t value);

    // The INT pin.
    bool output() const { return request().has_value(); }
    // The input that would be acknowledged now.
    std::optional<unsigned> request() const;
    // One INTA cycle; gives the vector. If nothing asks any more, that of input 7, and nothing is in service.
    std::uint8_t acknowledge();

    std::uint8_t irr() const;
    const State& state() const { return state_; }
    void load(const State& state);

private:
    // 0 is the highest.
    unsigned priority(unsigned input) const { return (input + 7u - state_.lowest_priority) % kInputs; }
    std::optional<unsigned> highest(std::uint8_t inputs) const;
    void take(unsigned input);
    void initialize(std::uint8_t value);
    void write_ocw2(std::uint8_t value);
    void write_ocw3(std::uint8_t value);
    void write_data(std::uint8_t value);
    void end_of_interrupt(unsigned input, bool rotate);

    std::uint8_t always_level_;
    State state_;
};

} // namespace windsor::devices::pic
