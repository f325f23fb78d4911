// SPDX-License-Identifier: GPL-2.0-or-later
// The physical layer in the 82540EM: registers as of a Marvell 88E1011, sections 11 and 13.4.7.1, with a partner at the
// other end of the cable that can do all speeds.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace windsor::devices::e1000 {

enum class Speed : std::uint8_t { Ten, Hundred, Thousand };

struct LinkMode {
    Speed speed{Speed::Thousand};
    bool full_duplex{true};
};

class Phy {
public:
    struct State {
        std::uint16_t control{0};
        std::uint16_t advertised{0}; // register 4
        std::uint16_t next_page{0}; // 7
        std::uint16_t advertised_1000{0}; // 9
        std::uint16_t specific_control{0}; // 16
        std::uint16_t interrupt_enable{0}; // 18
        std::uint16_t interrupt_status{0}; // 19
        std::uint16_t extended_control{0}; // 20
        std::uint16_t led_control{0}; // 24
        std::uint16_t led_override{0}; // 25
        std::uint16_t extended_control_2{0}; // 26
        std::uint16_t page{0}; // 29
        std::uint16_t page_data{0}; // 30
        bool carrier{true}; // the cable leads somewhere
        bool link{false};
        bool link_lost{false}; // since the status was read
        std::optional<base::Nanoseconds> link_at{}; // when the two ends will have agreed
    };

    Phy();

    // Registers 0 to 31; `now` is when negotiations that this begins have begun.
    std::uint16_t read(unsigned index);
    void write(unsigned index, std::uint16_t value, base::Nanoseconds now);

    bool link() const { return state_.link; }
    bool loopback() const;
    // What the two ends have agreed upon, or the guest has fixed.
    LinkMode mode() const;
    std::optional<base::Nanoseconds> link_at() const { return state_.link_at; }
    // Whether an enabled interrupt waits.
    bool interrupt() const { return (state_.interrupt_status & state_.interrupt_enable) != 0; }

    void set_carrier(bool present, base::Nanoseconds now);
    // The link comes up if its time has come.
    void settle(base::Nanoseconds now);
    // The hardware reset: all but the cable.
    void reset(base::Nanoseconds now);
    const State& state() const { return state_; }
    void load(const State& state, base::Nanoseconds now);

private:
    void write_control(std::uint16_t value, base::Nanoseconds now);
    void negotiate(base::Nanoseconds now);
    void set_link(bool up);
    bool can_link() const;
    std::uint16_t basic_status();
    std::uint16_t specific_status() const;

    State state_;
};

} // namespace windsor::devices::e1000
