// SPDX-License-Identifier: GPL-2.0-or-later
// The receive ring: section 3.2.
#pragma once

#include "devices/e1000/interrupts.hpp"
#include "devices/e1000/receive_filter.hpp"
#include "devices/e1000/registers.hpp"
#include "devices/e1000/statistics.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::devices::e1000 {

class Receiver {
public:
    struct State {
        bool refused{false}; // a frame for which the ring had no room, so that who sends waits
    };

    // All outlive it.
    struct Parts {
        memory::GuestMemory& memory;
        Registers& registers;
        Statistics& statistics;
        Interrupts& interrupts;
    };

    explicit Receiver(const Parts& parts) : parts_{parts} {}

    // A frame off the wire, for a receiver that the caller has found enabled; as backend::NetworkCard::receive().
    [[nodiscard]] bool receive(std::span<const std::uint8_t> frame);
    // Whether a frame has been refused, and the ring has more room since, or is out of use. Says so once.
    [[nodiscard]] bool wanted_again(bool enabled);

    void reset() { state_ = {}; }
    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    // What the descriptors say of a frame besides where it lies.
    struct Report {
        std::uint16_t checksum{0};
        std::uint8_t status{0};
        std::uint8_t errors{0};
        std::uint16_t tag{0};
    };

    bool acceptable_size(std::size_t octets) const;
    bool flow_control(std::span<const std::uint8_t> frame);
    // Makes what is stored, in stored_, from a frame of at least the least size.
    Report prepare(std::span<const std::uint8_t> frame, Match match);
    void check(std::span<const std::uint8_t> frame, Report& report) const;
    std::size_t buffer_size() const;
    void store(DescriptorRing ring, const Report& report);
    bool store_part(std::uint64_t address, std::span<const std::uint8_t> part, const Report& report);
    void notify(std::uint32_t before, std::uint32_t after, std::size_t octets);

    Parts parts_;
    State state_;
    std::vector<std::uint8_t> padded_;
    std::vector<std::uint8_t> stored_;
};

} // namespace windsor::devices::e1000
