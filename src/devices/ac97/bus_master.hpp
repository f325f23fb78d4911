// SPDX-License-Identifier: GPL-2.0-or-later
// One of the controller's bus masters, which moves samples between a list of buffers in memory and the codec.
#pragma once

#include "backend/sound.hpp"
#include "base/clock.hpp"
#include "bus/machine_lock.hpp"
#include "devices/ac97/spec.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <span>

namespace windsor::devices::ac97 {

enum class Direction : std::uint8_t { FromMemory, ToMemory };

// The codec's end of a bus master.
class Converter {
public:
    virtual ~Converter() = default;
    // Frames of so many samples a second, which follow from what is programmed.
    virtual unsigned rate() const = 0;
    // Takes the samples that were read from memory, or fills in those that go there: whole frames.
    virtual void move(backend::SoundTime time, std::span<std::int16_t> samples) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// It has no timer: whoever owns it lets it catch up, at the latest when next_event() says.
class BusMaster {
public:
    // Where the host was later than this, time is left out: the guest hears a gap, and its buffers last longer.
    static constexpr base::Nanoseconds kMostAtOnce = 200 * base::kMillisecond;
    static constexpr unsigned kMostFrameSamples = 2;

    struct Options {
        Direction direction{Direction::FromMemory};
        unsigned frame_samples{2}; // 1 or 2
        memory::GuestMemory* memory{nullptr}; // outlives it
        Converter* converter{nullptr};        // as well
    };

    struct State {
        std::uint32_t list{0};       // BDBAR
        std::uint8_t current{0};     // CIV
        std::uint8_t last_valid{0};  // LVI
        std::uint8_t prefetched{0};  // PIV
        std::uint8_t status{0};      // SR: sr::kKept
        std::uint16_t left{0};       // PICB: samples of the current buffer
        std::uint8_t control{0};     // CR: cr::kKept
        bool loaded{false};          // there is a current buffer, whose descriptor has been read
        bool tells{false};           // its IOC
        std::uint32_t address{0};    // of its next sample
        base::Nanoseconds at{0};     // while it may move samples: until when they have been
        std::uint32_t phase{0};      // billionths of a frame that are over besides
    };

    explicit BusMaster(const Options& options) : options_{options} {}

    // By bytes, of reg::kChannelBytes.
    std::uint8_t read(unsigned offset) const;
    void write(unsigned offset, std::uint8_t value);
    void reset() { *this = BusMaster{options_}; }

    // Whether it has samples to move.
    bool running() const { return (state_.control & cr::kRun) != 0 && (state_.status & sr::kAtEnd) == 0; }
    // Whether its status asks for an interrupt that its control register lets through.
    bool wants_interrupt() const;

    // It may move samples from this moment on, or no more.
    void start(base::Nanoseconds now);
    void stop() { start(0); }
    // Moves what is due. False if an address led nowhere.
    [[nodiscard]] bool run(base::Nanoseconds now) WINDSOR_REQUIRES(bus::kMachineLock);
    // When the current buffer ends, if it runs on until then.
    base::Nanoseconds next_event() const;

    const State& state() const { return state_; }
    // Forged values such as it could have at that time. Reads no memory, which may not be there yet.
    void load(const State& state, base::Nanoseconds now);

private:
    void write_list(unsigned byte, std::uint8_t value);
    void write_last_valid(std::uint8_t value);
    void write_control(std::uint8_t value);
    void next_buffer();
    void read_descriptor();
    // The current buffer is done.
    void complete();
    // At most so many frames of the current buffer; how many they were.
    unsigned move(unsigned frames, backend::SoundTime time) WINDSOR_REQUIRES(bus::kMachineLock);
    bool transfer(std::span<std::int16_t> samples, backend::SoundTime time, unsigned valid)
        WINDSOR_REQUIRES(bus::kMachineLock);
    void failed();
    unsigned frames_left() const { return (state_.left + options_.frame_samples - 1) / options_.frame_samples; }

    Options options_;
    State state_;
    bool failed_{false}; // an address has led nowhere since run() began
};

} // namespace windsor::devices::ac97
