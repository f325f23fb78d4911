// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics registers, section 13.7: they clear when they are read, and stop at their greatest value.
#pragma once

#include "devices/e1000/spec.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace windsor::devices::e1000 {

// Offsets of those that count anything here. Collisions and errors of the wire do not happen.
enum class Counter : std::uint32_t {
    Missed = 0x4010,              // MPC
    ReceivedXon = 0x4048,         // XONRXC
    ReceivedXoff = 0x4050,        // XOFFRXC
    UnsupportedControl = 0x4058,  // FCRUC
    ReceivedBySize = 0x405c,      // PRC64 to PRC1522
    GoodReceived = 0x4074,        // GPRC
    BroadcastReceived = 0x4078,   // BPRC
    MulticastReceived = 0x407c,   // MPRC
    GoodTransmitted = 0x4080,     // GPTC
    GoodOctetsReceived = 0x4088,  // GORCL and GORCH
    GoodOctetsSent = 0x4090,      // GOTCL and GOTCH
    NoBuffers = 0x40a0,           // RNBC
    Oversize = 0x40ac,            // ROC
    OctetsReceived = 0x40c0,      // TORL and TORH
    OctetsSent = 0x40c8,          // TOTL and TOTH
    Received = 0x40d0,            // TPR
    Transmitted = 0x40d4,         // TPT
    TransmittedBySize = 0x40d8,   // PTC64 to PTC1522
    MulticastTransmitted = 0x40f0, // MPTC
    BroadcastTransmitted = 0x40f4, // BPTC
    Segmented = 0x40f8,           // TSCTC
    SegmentingFailed = 0x40fc,    // TSCTFC
};

class Statistics {
public:
    static constexpr std::size_t kCount = 64;
    struct State {
        std::array<std::uint32_t, kCount> counters{};
    };

    void count(Counter counter, std::uint32_t more = 1);
    // A frame as it was on the wire, but for its frame check sequence. The one for what came in whatever it was, the
    // other for what the guest got.
    void received(std::span<const std::uint8_t> frame);
    void accepted(std::span<const std::uint8_t> frame);
    void transmitted(std::span<const std::uint8_t> frame);

    static bool has(std::uint32_t offset);
    std::uint32_t read(std::uint32_t offset);

    void reset() { state_ = {}; }
    const State& state() const { return state_; }
    void load(const State& state);

private:
    std::uint32_t& at(std::uint32_t offset) { return state_.counters[(offset - reg::kStatistics) / 4 % kCount]; }
    void count_octets(Counter low, std::uint32_t more);
    void count_size(Counter first, std::size_t octets);

    State state_;
};

} // namespace windsor::devices::e1000
