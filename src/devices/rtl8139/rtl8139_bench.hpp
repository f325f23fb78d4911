// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and the fuzz target of this folder share: a card with memory, time and a wire.
#pragma once

#include "devices/rtl8139/rtl8139.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace windsor::devices::rtl8139 {

using Frame = std::vector<std::uint8_t>;
using Frames = std::vector<Frame>;

constexpr backend::MacAddress kMac{0x00, 0x16, 0x3e, 0x12, 0x34, 0x56};

class RecordingLink final : public backend::NetworkLink {
public:
    void send(std::span<const std::uint8_t> frame) override
    {
        sent.emplace_back(frame.begin(), frame.end());
        if (on_send) {
            on_send();
        }
    }
    void input_wanted() override
    {
        ++wanted;
        if (on_wanted) {
            on_wanted();
        }
    }

    Frames sent;
    unsigned wanted{0};
    std::function<void()> on_send;
    std::function<void()> on_wanted;
};

class Line final : public bus::IrqSink {
public:
    void set_irq(unsigned /*input*/, bool level) override
    {
        asserted = level;
        ++changes;
    }
    bool asserted{false};
    unsigned changes{0};
};

// A card over 1 MiB of memory, which may use the bus.
class Bench {
public:
    explicit Bench(bool cable = true)
        : block_{std::move(*memory::Block::create(kMemoryBytes))},
          card{clock, timers, memory, kMac, cable ? &link : nullptr}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kMemoryBytes, .block = block_.get()});
        card.connect_interrupt({line, 0});
        card.config_write(4, 2, pci::kCommandIo | pci::kCommandMemory | pci::kCommandBusMaster);
    }

    std::uint8_t in8(unsigned offset) { return static_cast<std::uint8_t>(in(offset, bus::Width::Byte)); }
    std::uint16_t in16(unsigned offset) { return static_cast<std::uint16_t>(in(offset, bus::Width::Word)); }
    std::uint32_t in32(unsigned offset) { return static_cast<std::uint32_t>(in(offset, bus::Width::Dword)); }
    void out8(unsigned offset, unsigned value) { card.write(offset, bus::Width::Byte, value); }
    void out16(unsigned offset, unsigned value) { card.write(offset, bus::Width::Word, value); }
    void out32(unsigned offset, std::uint32_t value) { card.write(offset, bus::Width::Dword, value); }

    std::span<std::uint8_t> bytes(std::size_t at, std::size_t size) { return block_->bytes().subspan(at, size); }
    std::uint32_t memory32(std::size_t at)
    {
        const auto from = bytes(at, 4);
        return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
    }
    void put32(std::size_t at, std::uint32_t value)
    {
        for (unsigned i = 0; i < 4; ++i) {
            bytes(at + i, 1)[0] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    }
    void put(std::size_t at, std::span<const std::uint8_t> data)
    {
        std::ranges::copy(data, bytes(at, data.size()).begin());
    }
    Frame get(std::size_t at, std::size_t size)
    {
        const auto from = bytes(at, size);
        return {from.begin(), from.end()};
    }

    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }

    static constexpr std::uint64_t kMemoryBytes = 1024 * 1024;

private:
    std::uint64_t in(unsigned offset, bus::Width width)
    {
        return card.read(offset, width).value & bus::all_ones(width);
    }

    std::unique_ptr<memory::Block> block_;

public:
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    RecordingLink link;
    Line line;
    Rtl8139 card;
};

} // namespace windsor::devices::rtl8139
