// SPDX-License-Identifier: GPL-2.0-or-later
// The transmit ring: sections 3.3 to 3.5.
#pragma once

#include "bus/machine_lock.hpp"
#include "devices/e1000/interrupts.hpp"
#include "devices/e1000/registers.hpp"
#include "devices/e1000/statistics.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::devices::e1000 {

// Where frames go.
class FrameSink {
public:
    virtual ~FrameSink() = default;
    virtual void frame_sent(std::span<const std::uint8_t> frame) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

class Transmitter {
public:
    // What a context descriptor says (section 3.3.6).
    struct Context {
        std::uint8_t ip_start{0};
        std::uint8_t ip_field{0};
        std::uint16_t ip_end{0}; // inclusive; 0: the packet's end
        std::uint8_t transport_start{0};
        std::uint8_t transport_field{0};
        std::uint16_t transport_end{0};
        bool tcp{false};
        bool ipv4{false};
        std::uint8_t header{0};
        std::uint16_t mss{0};
    };
    struct State {
        Context segmenting{}; // of descriptors with TSE
        Context plain{};      // and of those without
        // The packet whose descriptors have come in part.
        bool begun{false};
        bool spoilt{false}; // it is too long, or part of it was not in memory
        bool segment{false};
        std::uint32_t options{0}; // POPTS
        bool tagged{false};
        std::uint16_t tag{0};
        std::vector<std::uint8_t> packet{};
    };

    // All outlive it.
    struct Parts {
        memory::GuestMemory& memory;
        Registers& registers;
        Statistics& statistics;
        Interrupts& interrupts;
        FrameSink& sink;
    };

    explicit Transmitter(const Parts& parts) : parts_{parts} {}

    // Sends what the ring holds, which the caller has found enabled. True if there is more than is to be done at once.
    [[nodiscard]] bool run() WINDSOR_REQUIRES(bus::kMachineLock);

    void reset() { state_ = {}; }
    const State& state() const { return state_; }
    void load(const State& state);

private:
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t lower; // length and command
        std::uint32_t upper; // status and options
    };

    bool fetch(std::uint64_t address, Descriptor& descriptor) const;
    void write_back(std::uint64_t address, const Descriptor& descriptor);
    void take(const Descriptor& descriptor) WINDSOR_REQUIRES(bus::kMachineLock);
    void take_context(const Descriptor& descriptor);
    void gather(const Descriptor& descriptor, std::uint32_t length);
    void finish(const Descriptor& descriptor) WINDSOR_REQUIRES(bus::kMachineLock);
    void send_segments(std::uint32_t command) WINDSOR_REQUIRES(bus::kMachineLock);
    void send(std::span<const std::uint8_t> packet, std::uint32_t command) WINDSOR_REQUIRES(bus::kMachineLock);
    void note_low(std::uint32_t before, std::uint32_t after);

    Parts parts_;
    State state_;
    std::vector<std::uint8_t> frame_; // as it goes out
    std::size_t work_{0}; // bytes that this run has moved
};

} // namespace windsor::devices::e1000
