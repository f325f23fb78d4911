// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ac97/ac97.hpp"

#include "bus/words.hpp"

#include <algorithm>
#include <optional>

namespace windsor::devices::ac97 {

namespace {

constexpr pci::Identity kIdentity{.vendor = kVendor,
                                  .device = kDevice,
                                  .class_code = kClassAudio,
                                  .revision = kRevision,
                                  .subsystem_vendor = kSubsystemVendor,
                                  .subsystem = kSubsystem,
                                  .interrupt_pin = kInterruptPin};

constexpr std::size_t kPcmOutChannel = reg::kPcmOut / reg::kChannelBytes;
constexpr std::array<std::uint32_t, kChannels> kInterrupts{status::kPcmIn, status::kPcmOut, status::kMicIn};

// Frames of the longest run of samples that a bus master moves at once.
constexpr std::size_t kFramesTogether = 512;

} // namespace

Ac97::Ac97(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory, const Options& options)
    : Function{kIdentity}, clock_{clock}, output_{options.output}, speaker_{codec_, options.output},
      line_{codec_, options.input, Source::Line}, microphone_{codec_, options.input, Source::Microphone},
      channels_{
          BusMaster{{.direction = Direction::ToMemory, .memory = &memory, .converter = &line_}},
          BusMaster{{.direction = Direction::FromMemory, .memory = &memory, .converter = &speaker_}},
          BusMaster{
              {.direction = Direction::ToMemory, .frame_samples = 1, .memory = &memory, .converter = &microphone_}}},
      timer_{timers.make([this](base::Nanoseconds) { settle(); })}
{
    add_bar(kMixerBar, pci::BarKind::Io, kMixerBytes, {&mixer_, "ac97 mixer"});
    add_bar(kMasterBar, pci::BarKind::Io, kMasterBytes, {&masters_, "ac97 bus masters"});
}

void Ac97::Speaker::move(backend::SoundTime time, std::span<std::int16_t> samples)
{
    if (output_ == nullptr) {
        return;
    }
    while (!samples.empty()) {
        std::array<backend::StereoFrame, kFramesTogether> storage{};
        const std::span frames = std::span{storage}.first(std::min(kFramesTogether, samples.size() / 2));
        for (std::size_t i = 0; i < frames.size(); ++i) {
            frames[i] = {.left = samples[2 * i], .right = samples[2 * i + 1]};
        }
        codec_.amplify(frames);
        output_->play(time, frames);
        samples = samples.subspan(2 * frames.size());
    }
}

void Ac97::Recorder::move(backend::SoundTime time, std::span<std::int16_t> samples)
{
    std::ranges::fill(samples, std::int16_t{0});
    if (input_ == nullptr) {
        return;
    }
    const std::size_t channels = source_ == Source::Line ? 2 : 1;
    while (!samples.empty()) {
        std::array<backend::StereoFrame, kFramesTogether> storage{};
        const std::span frames = std::span{storage}.first(std::min(kFramesTogether, samples.size() / channels));
        input_->record(time, frames);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            samples[channels * i] = frames[i].left;
            samples[channels * i + channels - 1] = channels == 1 ? frames[i].left : frames[i].right;
        }
        samples = samples.subspan(channels * frames.size());
    }
}

bus::ReadResult Ac97::Mixer::read(std::uint64_t offset, bus::Width width)
{
    return bus::read_words(offset, width, [this](unsigned at) { return chip_.read_codec(at); });
}

bus::AccessStatus Ac97::Mixer::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    chip_.settle();
    bus::write_words(offset, width, value, [this](unsigned at, std::uint16_t part, std::uint16_t mask) {
        chip_.write_codec(at, part, mask);
    });
    chip_.update();
    return bus::AccessStatus::Ok;
}

// 12.2.9 and 12.2.10: each access gives the semaphore back, and a read that nobody answers says so. Beyond the primary
// codec's registers are those of a secondary one, which is not there.
std::uint16_t Ac97::read_codec(unsigned offset)
{
    semaphore_ = false;
    if (!codec_answers() || offset >= 2 * mixer::kWords) {
        status_ |= status::kReadTimedOut;
        return 0xffff;
    }
    return codec_.read(offset);
}

void Ac97::write_codec(unsigned offset, std::uint16_t value, std::uint16_t mask)
{
    semaphore_ = false;
    if (codec_answers() && offset < 2 * mixer::kWords) {
        codec_.write(offset, static_cast<std::uint16_t>((codec_.read(offset) & ~mask) | (value & mask)));
    }
}

bus::ReadResult Ac97::Masters::read(std::uint64_t offset, bus::Width width)
{
    chip_.settle();
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        value |= std::uint64_t{chip_.read_byte(static_cast<unsigned>(offset) + i)} << (8 * i);
    }
    return value;
}

bus::AccessStatus Ac97::Masters::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    chip_.settle();
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        chip_.write_byte(static_cast<unsigned>(offset) + i, static_cast<std::uint8_t>(value >> (8 * i)));
    }
    chip_.update();
    return bus::AccessStatus::Ok;
}

std::uint8_t Ac97::read_byte(unsigned offset)
{
    if (const std::size_t channel = offset / reg::kChannelBytes; channel < kChannels && offset < reg::kGlobalControl) {
        return channels_.at(channel).read(offset % reg::kChannelBytes);
    }
    if (offset == reg::kGlobalControl) {
        return control_;
    }
    if (offset >= reg::kGlobalStatus && offset < reg::kGlobalStatus + 4) {
        return static_cast<std::uint8_t>(global_status() >> (8 * (offset - reg::kGlobalStatus)));
    }
    // Whoever reads a zero has it now.
    return offset == reg::kSemaphore && std::exchange(semaphore_, true) ? 1 : 0;
}

void Ac97::write_byte(unsigned offset, std::uint8_t value)
{
    if (const std::size_t channel = offset / reg::kChannelBytes; channel < kChannels && offset < reg::kGlobalControl) {
        channels_.at(channel).write(offset % reg::kChannelBytes, value);
    } else if (offset == reg::kGlobalControl) {
        write_control(value);
    } else if (offset >= reg::kGlobalStatus && offset < reg::kGlobalStatus + 4) {
        const unsigned shift = 8 * (offset - reg::kGlobalStatus);
        const std::uint32_t bits = std::uint32_t{value} << shift;
        const std::uint32_t here = status::kPowerSemaphores & std::uint32_t{0xff} << shift;
        status_ = (status_ & ~(bits & status::kReadTimedOut) & ~here) | (bits & here);
    }
}

void Ac97::write_control(std::uint8_t value)
{
    if ((control_ & control::kRunning) != 0 && (value & control::kRunning) == 0) {
        codec_.reset();
    }
    if ((value & control::kWarmReset) != 0) {
        codec_.warm_reset();
    }
    control_ = value & control::kKept;
}

std::uint32_t Ac97::global_status() const
{
    std::uint32_t value = status_ | (codec_answers() ? status::kCodecReady : 0);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        value |= channels_.at(channel).wants_interrupt() ? kInterrupts.at(channel) : 0;
    }
    return value;
}

bool Ac97::wants_interrupt() const
{
    return std::ranges::any_of(channels_, &BusMaster::wants_interrupt);
}

void Ac97::run(std::size_t channel, base::Nanoseconds now)
{
    if (!channels_.at(channel).run(now)) {
        const unsigned status = offset_of(pci::Register::Status);
        set_config16(status, static_cast<std::uint16_t>(config16(status) | kStatusMasterAbort));
    }
}

void Ac97::settle()
{
    machine_lock_is_held();
    const base::Nanoseconds now = clock_.now();
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        if (moving_.at(channel) && may_move()) {
            run(channel, now);
        }
    }
    update();
}

void Ac97::update()
{
    const base::Nanoseconds now = clock_.now();
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        BusMaster& master = channels_.at(channel);
        const bool moves = may_move() && master.running();
        if (moves && !moving_.at(channel)) {
            master.start(now);
            run(channel, now); // fetches the first descriptor
        }
        moving_.at(channel) = moves && master.running();
        if (!moving_.at(channel)) {
            master.stop();
        }
    }
    set_interrupt(wants_interrupt());
    arm();
}

void Ac97::arm()
{
    std::optional<base::Nanoseconds> next;
    const base::Nanoseconds now = clock_.now();
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        if (!moving_.at(channel)) {
            continue;
        }
        const bool heard = channel == kPcmOutChannel && output_ != nullptr;
        const base::Nanoseconds event =
            std::min(channels_.at(channel).next_event(), now + (heard ? kLatency : kLongestSleep));
        next = std::min(next.value_or(event), event);
    }
    if (next) {
        timer_.arm(std::max(*next, now + kShortestSleep));
    } else {
        timer_.disarm();
    }
}

void Ac97::config_written(unsigned /*offset*/, unsigned /*width*/)
{
    settle(); // it may use the bus from now on, or no more
}

// The reset pin, which resets the codec, too.
void Ac97::device_reset()
{
    machine_lock_is_held();
    codec_.reset();
    std::ranges::for_each(channels_, &BusMaster::reset);
    control_ = 0;
    status_ = 0;
    semaphore_ = false;
    update();
}

Ac97::State Ac97::state() const
{
    State state{.pci = pci::Function::state(),
                .codec = codec_.state(),
                .channels = {},
                .control = control_,
                .status = status_,
                .semaphore = semaphore_};
    std::ranges::transform(channels_, state.channels.begin(), &BusMaster::state);
    return state;
}

void Ac97::load(const State& state)
{
    codec_.load(state.codec);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        channels_.at(channel).load(state.channels.at(channel), clock_.now());
    }
    control_ = state.control & control::kKept;
    status_ = state.status & status::kKept;
    semaphore_ = state.semaphore;
    pci::Function::State function = state.pci;
    function.interrupt = wants_interrupt();
    pci::Function::load(function);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
        moving_.at(channel) = may_move() && channels_.at(channel).running();
        if (!moving_.at(channel)) {
            channels_.at(channel).stop();
        }
    }
    arm();
}

} // namespace windsor::devices::ac97
