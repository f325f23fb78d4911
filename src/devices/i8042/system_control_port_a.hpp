// SPDX-License-Identifier: GPL-2.0-or-later
// System control port A of the PS/2: fast A20 and fast reset.
#pragma once

#include "bus/access.hpp"
#include "devices/i8042/a20_gate.hpp"

#include <cstdint>
#include <functional>

namespace windsor::devices::i8042 {

// One port, at 0x92.
class SystemControlPortA final : public bus::AccessHandler {
public:
    struct State {
        std::uint8_t written{0};
    };

    // `gate` outlives the port. `system_reset` is called from within a guest's write when bit 0 rises.
    SystemControlPortA(A20Gate& gate, std::function<void()> system_reset);

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    void reset() { state_ = {}; }
    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    A20Gate& gate_;
    std::function<void()> system_reset_;
    State state_;
};

} // namespace windsor::devices::i8042
