// SPDX-License-Identifier: GPL-2.0-or-later
// Intel 82801AA AC'97 audio controller: PCI function 8086:2415, with its codec.
#pragma once

#include "backend/sound.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "devices/ac97/bus_master.hpp"
#include "devices/ac97/codec.hpp"
#include "devices/ac97/spec.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::ac97 {

constexpr std::size_t kChannels = 3; // PCM in, PCM out, microphone in, as their registers lie

// Used under the machine lock. Samples are moved when somebody looks at a register, when a buffer ends and, while
// somebody listens, often enough for the ear; a guest that neither plays nor records has no timer.
class Ac97 final : public pci::Function {
public:
    // While somebody listens, frames are at most so late; and otherwise buffers are read so late.
    static constexpr base::Nanoseconds kLatency = 10 * base::kMillisecond;
    static constexpr base::Nanoseconds kLongestSleep = 50 * base::kMillisecond;
    // However short a guest's buffers are, its timer does not wake the host more often.
    static constexpr base::Nanoseconds kShortestSleep = 250 * base::kMicrosecond;

    struct State {
        pci::Function::State pci{};
        Codec::State codec{};
        std::array<BusMaster::State, kChannels> channels{};
        std::uint8_t control{0};  // GLOB_CNT: control::kKept
        std::uint32_t status{0};  // GLOB_STA: status::kKept
        bool semaphore{false};    // CAS: somebody has it
    };

    // Both outlive the chip; none: nobody listens, and silence is heard.
    struct Options {
        backend::SoundOutput* output{nullptr};
        backend::SoundInput* input{nullptr};
    };

    // All outlive the chip.
    Ac97(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory, const Options& options);

    // The ranges that its base address registers place.
    bus::AccessHandler& mixer() { return mixer_; }
    bus::AccessHandler& masters() { return masters_; }

    // Moves all samples that are due.
    void settle();
    State state() const;
    void load(const State& state);

private:
    // The codec's registers, NAMBAR.
    class Mixer final : public bus::AccessHandler {
    public:
        explicit Mixer(Ac97& chip) : chip_{chip} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override WINDSOR_REQUIRES(bus::kMachineLock);
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        Ac97& chip_;
    };
    // The controller's registers, NABMBAR.
    class Masters final : public bus::AccessHandler {
    public:
        explicit Masters(Ac97& chip) : chip_{chip} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override WINDSOR_REQUIRES(bus::kMachineLock);
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        Ac97& chip_;
    };
    // What PCM out leads to.
    class Speaker final : public Converter {
    public:
        Speaker(const Codec& codec, backend::SoundOutput* output) : codec_{codec}, output_{output} {}
        unsigned rate() const override { return codec_.output_rate(); }
        void move(backend::SoundTime time, std::span<std::int16_t> samples) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        const Codec& codec_;
        backend::SoundOutput* output_;
    };
    enum class Source : std::uint8_t { Line, Microphone };
    // Where PCM in and the microphone come from: the line has two channels and a rate, the microphone has neither.
    class Recorder final : public Converter {
    public:
        Recorder(const Codec& codec, backend::SoundInput* input, Source source)
            : codec_{codec}, input_{input}, source_{source}
        {
        }
        unsigned rate() const override { return source_ == Source::Line ? codec_.input_rate() : kFixedRate; }
        void move(backend::SoundTime time, std::span<std::int16_t> samples) override
            WINDSOR_REQUIRES(bus::kMachineLock);

    private:
        const Codec& codec_;
        backend::SoundInput* input_;
        Source source_;
    };

    // Callbacks come with it held, which their types do not say.
    static void machine_lock_is_held() WINDSOR_ASSERT_CAPABILITY(bus::kMachineLock) {}

    void config_written(unsigned offset, unsigned width) override;
    void device_reset() override;

    std::uint16_t read_codec(unsigned offset);
    void write_codec(unsigned offset, std::uint16_t value, std::uint16_t mask);
    std::uint8_t read_byte(unsigned offset);
    void write_byte(unsigned offset, std::uint8_t value);
    void write_control(std::uint8_t value);
    std::uint32_t global_status() const;

    bool codec_answers() const { return (control_ & (control::kRunning | control::kLinkOff)) == control::kRunning; }
    // Whether samples move at all: without the AC-link's clock and without the bus they stand still.
    bool may_move() const { return bus_master() && codec_answers(); }
    bool wants_interrupt() const;
    void run(std::size_t channel, base::Nanoseconds now) WINDSOR_REQUIRES(bus::kMachineLock);
    // What follows from new values of registers.
    void update() WINDSOR_REQUIRES(bus::kMachineLock);
    void arm();

    const base::Clock& clock_;
    backend::SoundOutput* output_;
    Codec codec_;
    Speaker speaker_;
    Recorder line_;
    Recorder microphone_;
    std::array<BusMaster, kChannels> channels_;
    std::array<bool, kChannels> moving_{}; // since its time is counted
    std::uint8_t control_{0};
    std::uint32_t status_{0};
    bool semaphore_{false};
    base::Timer timer_;
    Mixer mixer_{*this};
    Masters masters_{*this};
};

} // namespace windsor::devices::ac97
