// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and the fuzz target of the sound card share: a card with memory, time and somebody who listens, and
// what a driver does with it.
#pragma once

#include "devices/ac97/ac97.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::devices::ac97 {

// Keeps what it hears, and when.
class Listener final : public backend::SoundOutput {
public:
    void play(backend::SoundTime time, std::span<const backend::StereoFrame> frames) override
    {
        runs.push_back(time);
        heard.insert(heard.end(), frames.begin(), frames.end());
    }

    std::vector<backend::SoundTime> runs;
    std::vector<backend::StereoFrame> heard;
};

class Whistler final : public backend::SoundInput {
public:
    void record(backend::SoundTime /*time*/, std::span<backend::StereoFrame> frames) override
    {
        for (backend::StereoFrame& frame : frames) {
            ++count;
            frame = {.left = count, .right = static_cast<std::int16_t>(-count)};
        }
    }

    std::int16_t count{0};
};

class InterruptPin final : public bus::IrqSink {
public:
    void set_irq(unsigned /*input*/, bool level) override
    {
        asserted = level;
        rises += level ? 1 : 0;
    }

    bool asserted{false};
    unsigned rises{0};
};

// A card over 1 MiB of memory, which may use the bus and is out of reset. The lists are one behind the other at kLists,
// and each descriptor has its buffer.
struct Ac97Bench {
    static constexpr std::uint64_t kMemoryBytes = 1024 * 1024;
    static constexpr std::uint32_t kLists = 0x1000;
    static constexpr std::uint32_t kBuffers = 0x10000;
    static constexpr std::uint32_t kBufferBytes = 0x1000;
    static constexpr base::Nanoseconds kFrame48 = base::kSecond / 48'000; // rounded down
    static constexpr std::uint8_t kGo = cr::kRun | cr::kEnables;

    explicit Ac97Bench(Ac97::Options options) : card{clock, timers, memory, options}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kMemoryBytes, .block = block_.get()});
        card.connect_interrupt({pin, 0});
        card.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
        out32(reg::kGlobalControl, control::kRunning);
    }
    Ac97Bench() : Ac97Bench{Ac97::Options{.output = &listener, .input = &whistler}} {}

    std::uint32_t in(unsigned offset, bus::Width width)
    {
        return static_cast<std::uint32_t>(card.masters().read(offset, width).value & bus::all_ones(width));
    }
    std::uint8_t in8(unsigned offset) { return static_cast<std::uint8_t>(in(offset, bus::Width::Byte)); }
    std::uint16_t in16(unsigned offset) { return static_cast<std::uint16_t>(in(offset, bus::Width::Word)); }
    std::uint32_t in32(unsigned offset) { return in(offset, bus::Width::Dword); }
    void out8(unsigned offset, std::uint8_t value) { card.masters().write(offset, bus::Width::Byte, value); }
    void out16(unsigned offset, std::uint16_t value) { card.masters().write(offset, bus::Width::Word, value); }
    void out32(unsigned offset, std::uint32_t value) { card.masters().write(offset, bus::Width::Dword, value); }
    std::uint16_t codec(unsigned offset)
    {
        return static_cast<std::uint16_t>(card.mixer().read(offset, bus::Width::Word).value);
    }
    void set_codec(unsigned offset, std::uint16_t value) { card.mixer().write(offset, bus::Width::Word, value); }

    std::span<std::uint8_t> bytes(std::size_t at, std::size_t size) { return block_->bytes().subspan(at, size); }
    void put16(std::size_t at, std::uint16_t value)
    {
        bytes(at, 1)[0] = static_cast<std::uint8_t>(value);
        bytes(at + 1, 1)[0] = static_cast<std::uint8_t>(value >> 8);
    }
    void put32(std::size_t at, std::uint32_t value)
    {
        put16(at, static_cast<std::uint16_t>(value));
        put16(at + 2, static_cast<std::uint16_t>(value >> 16));
    }
    std::int16_t sample(std::size_t at)
    {
        return static_cast<std::int16_t>(bytes(at, 1)[0] | bytes(at + 1, 1)[0] << 8);
    }

    static std::uint32_t list_of(unsigned channel) { return kLists + 16 * channel * 16; }
    static std::uint32_t buffer_of(unsigned number) { return kBuffers + kBufferBytes * number; }
    // A descriptor of that many samples, and that the end of its buffer is told.
    void describe(unsigned channel, unsigned number, std::uint16_t samples, std::uint32_t flags = bd::kInterrupt)
    {
        put32(list_of(channel) + bd::kBytes * number, buffer_of(number));
        put32(list_of(channel) + bd::kBytes * number + 4, samples | flags);
    }
    // Frames that count from `first` in both channels, the right one with the other sign.
    void fill(unsigned number, unsigned frames, std::int16_t first)
    {
        for (unsigned i = 0; i < frames; ++i) {
            const auto value = static_cast<std::int16_t>(first + static_cast<int>(i));
            put16(buffer_of(number) + 4 * i, static_cast<std::uint16_t>(value));
            put16(buffer_of(number) + 4 * i + 2, static_cast<std::uint16_t>(-value));
        }
    }
    // Full volume, and a list with the given last valid index, from its beginning.
    void start(unsigned channel, std::uint8_t last_valid, std::uint8_t control = kGo)
    {
        set_codec(mixer::kMaster, 0);
        set_codec(mixer::kPcmOut, 0x0808);
        out32(channel + reg::kList, list_of(channel));
        out8(channel + reg::kLastValid, last_valid);
        out8(channel + reg::kControl, control);
    }

    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }
    // As time passes in a machine: each timer is run when it is due.
    void flow(base::Nanoseconds time)
    {
        const base::Nanoseconds end = clock.now() + time;
        while (timers.next_deadline().value_or(end) < end) {
            clock.set(*timers.next_deadline());
            timers.run_due(clock.now());
        }
        clock.set(end);
        timers.run_due(end);
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    Listener listener;
    Whistler whistler;
    InterruptPin pin;

private:
    std::unique_ptr<memory::Block> block_{std::move(*memory::Block::create(kMemoryBytes))};

public:
    Ac97 card;
};

} // namespace windsor::devices::ac97
