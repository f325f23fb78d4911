// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of one 8237A.
#pragma once

#include "devices/dma/spec.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::dma {

class I8237 {
public:
    struct Channel {
        std::uint16_t base_address{0};
        std::uint16_t base_count{0};
        std::uint16_t address{0};
        std::uint16_t count{0}; // transfers left, less one
        std::uint8_t mode{0};   // mode register bits 7-2
    };

    struct State {
        std::array<Channel, kChannelsPerController> channels{};
        std::uint8_t command{0};
        std::uint8_t terminal_counts{0};  // status bits 3-0
        std::uint8_t requests{0};         // request register, by software
        std::uint8_t dreq{0};             // request lines
        std::uint8_t masks{0x0f};
        std::uint8_t temporary{0};
        bool high_byte{false}; // the first/last flip-flop
    };

    // `offset` is 0 to 15.
    std::uint8_t read(unsigned offset);
    void write(unsigned offset, std::uint8_t value);

    // Of a channel 0 to 3:
    const Channel& channel(unsigned index) const { return state_.channels[index]; }
    TransferType type(unsigned index) const;
    bool decrements(unsigned index) const { return (state_.channels[index].mode & mode::kDecrement) != 0; }
    bool enabled(unsigned index) const;
    // Counts `transfers`, at most count + 1. Passing zero is terminal count: the channel starts over if it
    // autoinitialises, or is masked. True at terminal count.
    bool step(unsigned index, std::uint32_t transfers);
    void set_dreq(unsigned index, bool level);

    void reset() { state_ = State{}; }
    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    void write_channel(unsigned offset, std::uint8_t value);
    void master_clear();

    State state_;
};

} // namespace windsor::devices::dma
