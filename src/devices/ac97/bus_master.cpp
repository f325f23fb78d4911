// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ac97/bus_master.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windsor::devices::ac97 {

namespace {

constexpr unsigned kSampleBytes = 2;
constexpr std::size_t kChunk = 1024; // samples that are moved together

// The chip has 32 address lines, so that what would go beyond the last address goes on at the first.
bool split(std::uint32_t address, std::span<std::uint8_t> bytes, auto access)
{
    constexpr std::uint64_t kEnd = std::uint64_t{1} << 32;
    const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), kEnd - address));
    return access(base::GuestPhysical{address}, bytes.first(first)) &&
           (first == bytes.size() || access(base::GuestPhysical{0}, bytes.subspan(first)));
}

std::uint32_t dword(std::span<const std::uint8_t> from)
{
    return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
}

} // namespace

std::uint8_t BusMaster::read(unsigned offset) const
{
    const State& s = state_;
    switch (offset) {
    case reg::kCurrent: return s.current;
    case reg::kLastValid: return s.last_valid;
    case reg::kStatus: return static_cast<std::uint8_t>(s.status | (running() ? 0 : sr::kHalted));
    case reg::kLeft: return static_cast<std::uint8_t>(s.left);
    case reg::kLeft + 1: return static_cast<std::uint8_t>(s.left >> 8);
    case reg::kPrefetched: return s.prefetched;
    case reg::kControl: return s.control;
    default: break;
    }
    return offset < reg::kList + 4 ? static_cast<std::uint8_t>(s.list >> (8 * offset)) : std::uint8_t{0};
}

void BusMaster::write(unsigned offset, std::uint8_t value)
{
    switch (offset) {
    case reg::kLastValid: write_last_valid(value & kIndexBits); return;
    case reg::kStatus: state_.status = static_cast<std::uint8_t>(state_.status & ~(value & sr::kClearByOne)); return;
    case reg::kControl: write_control(value); return;
    default: break;
    }
    if (offset < reg::kList + 4) {
        write_list(offset, value);
    }
}

void BusMaster::write_list(unsigned byte, std::uint8_t value)
{
    const unsigned shift = 8 * byte;
    state_.list = ((state_.list & ~(std::uint32_t{0xff} << shift)) | std::uint32_t{value} << shift) & kListAddress;
}

// 12.2.4: a new value ends the state in which the last valid buffer is the current one.
void BusMaster::write_last_valid(std::uint8_t value)
{
    state_.last_valid = value;
    if (value != state_.current) {
        state_.status = static_cast<std::uint8_t>(state_.status & ~sr::kAtEnd);
    }
}

// 12.2.7: a reset is of all but the enables. Without it, a bus master that is stopped goes on where it was.
void BusMaster::write_control(std::uint8_t value)
{
    if ((value & cr::kReset) != 0) {
        reset();
        value &= cr::kEnables;
    }
    state_.control = value & cr::kKept;
}

bool BusMaster::wants_interrupt() const
{
    const auto both = [this](std::uint8_t status, std::uint8_t enable) {
        return (state_.status & status) != 0 && (state_.control & enable) != 0;
    };
    return both(sr::kLastDone, cr::kLastEnable) || both(sr::kComplete, cr::kCompleteEnable) ||
           both(sr::kFifoError, cr::kFifoEnable);
}

void BusMaster::start(base::Nanoseconds now)
{
    state_.at = now;
    state_.phase = 0;
}

// A bus error stops no sound card that drivers know: what was to be played is silence, and the guest may be told.
void BusMaster::failed()
{
    failed_ = true;
    state_.status |= sr::kFifoError;
}

void BusMaster::read_descriptor()
{
    std::array<std::uint8_t, bd::kBytes> bytes{};
    const std::uint32_t at = state_.list + state_.current * bd::kBytes;
    if (!options_.memory->read(base::GuestPhysical{at}, bytes)) {
        failed();
        bytes = {};
    }
    const std::uint32_t what = dword(std::span{bytes}.subspan(4));
    state_.address = dword(bytes) & bd::kPointer;
    state_.left = what & bd::kLength;
    state_.tells = (what & bd::kInterrupt) != 0;
    state_.loaded = true;
}

// Buffers without samples are over at once; each step brings the index nearer to the last valid one, where it ends.
void BusMaster::next_buffer()
{
    while (running() && !state_.loaded) {
        state_.current = state_.prefetched;
        state_.prefetched = (state_.current + 1) & kIndexBits;
        read_descriptor();
        if (state_.left == 0) {
            complete();
        }
    }
}

void BusMaster::complete()
{
    state_.loaded = false;
    if (std::exchange(state_.tells, false)) {
        state_.status |= sr::kComplete;
    }
    if (state_.current == state_.last_valid) {
        state_.status |= sr::kLastDone | sr::kAtEnd;
    }
}

bool BusMaster::run(base::Nanoseconds now)
{
    State& s = state_;
    failed_ = false;
    s.at = std::max(s.at, now - kMostAtOnce);
    next_buffer();
    while (running() && s.at < now) {
        const unsigned rate = options_.converter->rate();
        const base::Nanoseconds over = (now - s.at) * rate + s.phase; // billionths of a frame
        const auto due = static_cast<unsigned>(over / base::kSecond);
        const unsigned moved = due == 0 ? 0 : move(due, {.at = s.at, .rate = rate});
        // What is left to the present is the next buffer's, of which there may be none.
        const base::Nanoseconds left = over - moved * base::kSecond;
        if (moved == due) {
            s.at = now;
            s.phase = static_cast<std::uint32_t>(left);
        } else {
            s.at = now - left / rate;
            s.phase = static_cast<std::uint32_t>(left % rate);
        }
        next_buffer();
    }
    return !failed_;
}

unsigned BusMaster::move(unsigned frames, backend::SoundTime time)
{
    frames = std::min({frames, frames_left(), static_cast<unsigned>(kChunk) / options_.frame_samples});
    std::array<std::int16_t, kChunk> samples{};
    // A buffer may end within a frame, the rest of which is silent.
    const unsigned valid = std::min<unsigned>(frames * options_.frame_samples, state_.left);
    if (!transfer(std::span{samples}.first(frames * std::size_t{options_.frame_samples}), time, valid)) {
        failed();
    }
    state_.address += valid * kSampleBytes;
    state_.left = static_cast<std::uint16_t>(state_.left - valid);
    if (state_.left == 0) {
        complete();
    }
    return frames;
}

bool BusMaster::transfer(std::span<std::int16_t> samples, backend::SoundTime time, unsigned valid)
{
    std::array<std::uint8_t, kChunk * kSampleBytes> storage{};
    const std::span bytes = std::span{storage}.first(std::size_t{valid} * kSampleBytes);
    memory::GuestMemory& memory = *options_.memory;
    if (options_.direction == Direction::ToMemory) {
        options_.converter->move(time, samples);
        for (unsigned i = 0; i < valid; ++i) {
            const auto sample = static_cast<std::uint16_t>(samples[i]);
            bytes[2 * std::size_t{i}] = static_cast<std::uint8_t>(sample);
            bytes[2 * std::size_t{i} + 1] = static_cast<std::uint8_t>(sample >> 8);
        }
        return split(state_.address, bytes, [&](base::GuestPhysical at, auto part) { return memory.write(at, part); });
    }
    const bool there =
        split(state_.address, bytes, [&](base::GuestPhysical at, auto part) { return memory.read(at, part); });
    for (unsigned i = 0; there && i < valid; ++i) {
        samples[i] = static_cast<std::int16_t>(bytes[2 * std::size_t{i}] | bytes[2 * std::size_t{i} + 1] << 8);
    }
    options_.converter->move(time, samples);
    return there;
}

base::Nanoseconds BusMaster::next_event() const
{
    if (!state_.loaded) {
        return state_.at;
    }
    const base::Nanoseconds rate = options_.converter->rate();
    const base::Nanoseconds rest = frames_left() * base::kSecond - state_.phase;
    return state_.at + (rest + rate - 1) / rate;
}

void BusMaster::load(const State& state, base::Nanoseconds now)
{
    State& s = state_;
    s = state;
    s.list &= kListAddress;
    s.current &= kIndexBits;
    s.last_valid &= kIndexBits;
    s.prefetched &= kIndexBits;
    s.status &= sr::kKept;
    s.control &= cr::kKept;
    s.address &= bd::kPointer;
    if ((s.status & sr::kAtEnd) != 0 || s.left == 0) {
        s.loaded = false;
    }
    if (!s.loaded) {
        s.left = 0;
        s.tells = false;
    }
    constexpr base::Nanoseconds kBeginning{0};
    const base::Nanoseconds latest = std::max(now, kBeginning);
    s.at = std::clamp(s.at, std::max(latest - kMostAtOnce, kBeginning), latest);
    s.phase = std::min<std::uint32_t>(s.phase, base::kSecond - 1);
}

} // namespace windsor::devices::ac97
