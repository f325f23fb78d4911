// SPDX-License-Identifier: GPL-2.0-or-later
// One channel's half of the bus master (SFF-8038i revision 1.0; Intel 82371SB datasheet 2.6).
#pragma once

#include "devices/ide/drive.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <span>

namespace windsor::devices::ide {

class BusMaster final : public DmaEngine {
public:
    struct State {
        std::uint8_t command{0};
        std::uint8_t status{0};
        std::uint32_t table{0}; // guest-physical address of the descriptor table
        // The region in work.
        std::uint32_t next_descriptor{0};
        std::uint32_t address{0};
        std::uint32_t bytes{0};
        bool last{false};
    };

    // `memory` outlives the bus master.
    explicit BusMaster(memory::GuestMemory& memory) : memory_{memory} {}

    // Register bytes 0 to 7 of a channel's block. write() returns true if the transfer has been started.
    std::uint8_t read(unsigned offset) const;
    [[nodiscard]] bool write(unsigned offset, std::uint8_t value);

    // The PCI command register's bus master bit: without it nothing is moved.
    void enable(bool enabled) { enabled_ = enabled; }
    // The channel's interrupt line has risen.
    void interrupt_raised() { state_.status |= bus_master::kStatusInterrupt; }
    void reset() { state_ = {}; }

    [[nodiscard]] bool move(DmaDirection direction, std::span<std::uint8_t> data) override;

    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    bool fetch_descriptor();
    void stop_with_error();

    memory::GuestMemory& memory_;
    bool enabled_{true};
    State state_;
};

} // namespace windsor::devices::ide
