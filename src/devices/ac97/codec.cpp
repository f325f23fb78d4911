// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ac97/codec.hpp"

#include <algorithm>
#include <limits>

namespace windsor::devices::ac97 {

namespace {

struct Register {
    unsigned offset;
    std::uint16_t initial;
    std::uint16_t writable;
    std::uint16_t saturating{0}; // bits that set all below them in their byte
};

// AC'97 5.7, table 17. Registers that are not here are for what this codec lacks, as its reset register says: they read
// as zero, by which drivers find out. Its tone, loudness and effects would change nothing that anybody hears.
constexpr std::array<Register, 18> kRegisters{{
    {mixer::kMaster, 0x8000, 0x9f1f, mixer::kSixthBits},
    {mixer::kMono, 0x8000, 0x801f, mixer::kSixthBits & 0xff},
    {mixer::kBeep, 0x0000, 0x801e},
    {mixer::kPhone, 0x8008, 0x801f},
    {mixer::kMic, 0x8008, 0x805f},
    {mixer::kLineIn, 0x8808, 0x9f1f},
    {mixer::kCd, 0x8808, 0x9f1f},
    {mixer::kVideo, 0x8808, 0x9f1f},
    {mixer::kAux, 0x8808, 0x9f1f},
    {mixer::kPcmOut, 0x8808, 0x9f1f},
    {mixer::kRecordSelect, 0x0000, 0x0707},
    {mixer::kRecordGain, 0x8000, 0x8f0f},
    {mixer::kGeneral, 0x0000, 0x0380},
    {mixer::kPower, 0x0000, mixer::kPowerWritable},
    {mixer::kExtendedId, mixer::kVariableRate, 0x0000},
    {mixer::kExtendedControl, 0x0000, mixer::kVariableRate},
    {mixer::kVendorId1, kCodecId >> 16, 0x0000},
    {mixer::kVendorId2, kCodecId & 0xffff, 0x0000},
}};

bool is_rate(unsigned offset)
{
    return offset == mixer::kFrontRate || offset == mixer::kRecordRate;
}

std::uint16_t kept(const Register& reg, std::uint16_t value)
{
    unsigned full = 0;
    for (const unsigned shift : {0U, mixer::kLeftShift}) {
        full |= (value & reg.saturating & 0xffU << shift) != 0 ? unsigned{mixer::kVolume} << shift : 0;
    }
    return static_cast<std::uint16_t>((reg.initial & ~reg.writable) | ((value | full) & reg.writable));
}

// A gain of 1 is 65,536.
constexpr unsigned kGainShift = 16;
// By the steps of both volumes together.
constexpr unsigned kSteps = 2 * mixer::kVolume + 1;

// Ever 1.5 dB less, from 12 dB on.
constexpr std::array<std::int32_t, kSteps> kGains = [] {
    constexpr double kStep = 0.841395141645195; // 10 to the power of -1.5/20
    std::array<std::int32_t, kSteps> gains{};
    double gain = 1 << kGainShift;
    for (unsigned up = 0; up < mixer::kUnityGain; ++up) {
        gain /= kStep;
    }
    for (std::int32_t& each : gains) {
        each = static_cast<std::int32_t>(gain + 0.5);
        gain *= kStep;
    }
    return gains;
}();

std::int32_t gain_of(std::uint16_t master, std::uint16_t output, unsigned shift)
{
    return kGains.at((master >> shift & mixer::kVolume) + (output >> shift & mixer::kVolume));
}

std::int16_t amplified(std::int16_t sample, std::int32_t gain)
{
    constexpr std::int64_t kLeast = std::numeric_limits<std::int16_t>::min();
    constexpr std::int64_t kMost = std::numeric_limits<std::int16_t>::max();
    return static_cast<std::int16_t>(std::clamp((std::int64_t{sample} * gain) >> kGainShift, kLeast, kMost));
}

} // namespace

void Codec::reset()
{
    state_ = State{};
    for (const Register& reg : kRegisters) {
        state_.words.at(reg.offset / 2) = reg.initial;
    }
    for (const unsigned offset : {mixer::kFrontRate, mixer::kRecordRate}) {
        state_.words.at(offset / 2) = kFixedRate;
    }
}

void Codec::warm_reset()
{
    std::uint16_t& power = state_.words.at(mixer::kPower / 2);
    power = static_cast<std::uint16_t>(power & ~mixer::kLinkOff);
}

std::uint16_t Codec::read(unsigned offset) const
{
    const std::uint16_t value = word(offset);
    if (offset != mixer::kPower) {
        return value;
    }
    const auto unless = [&](std::uint16_t off, std::uint16_t ready) { return (value & off) == 0 ? ready : 0; };
    return static_cast<std::uint16_t>(value | unless(mixer::kAdcOff, mixer::kAdcReady) |
                                      unless(mixer::kDacOff, mixer::kDacReady) |
                                      unless(mixer::kMixerOff | mixer::kReferenceOff, mixer::kMixerReady) |
                                      unless(mixer::kReferenceOff, mixer::kReferenceReady));
}

void Codec::write(unsigned offset, std::uint16_t value)
{
    if (offset == mixer::kReset) {
        reset();
        return;
    }
    if (is_rate(offset)) {
        // AC'97 5.8.4: without VRA the register stands still, and with it shows what the codec can do instead.
        if ((word(mixer::kExtendedControl) & mixer::kVariableRate) != 0) {
            state_.words.at(offset / 2) = std::clamp(value, kLowestRate, kFixedRate);
        }
        return;
    }
    if (const auto found = std::ranges::find(kRegisters, offset, &Register::offset); found != kRegisters.end()) {
        state_.words.at(offset / 2) = kept(*found, value);
    }
    if ((word(mixer::kExtendedControl) & mixer::kVariableRate) == 0) {
        state_.words.at(mixer::kFrontRate / 2) = kFixedRate;
        state_.words.at(mixer::kRecordRate / 2) = kFixedRate;
    }
}

unsigned Codec::rate(unsigned offset) const
{
    return word(offset);
}

void Codec::amplify(std::span<backend::StereoFrame> frames) const
{
    const std::uint16_t master = word(mixer::kMaster);
    const std::uint16_t output = word(mixer::kPcmOut);
    constexpr std::uint16_t kOff = mixer::kDacOff | mixer::kMixerOff | mixer::kReferenceOff;
    if (((master | output) & mixer::kMute) != 0 || (word(mixer::kPower) & kOff) != 0) {
        std::ranges::fill(frames, backend::StereoFrame{});
        return;
    }
    const std::int32_t left = gain_of(master, output, mixer::kLeftShift);
    const std::int32_t right = gain_of(master, output, 0);
    for (backend::StereoFrame& frame : frames) {
        frame = {.left = amplified(frame.left, left), .right = amplified(frame.right, right)};
    }
}

void Codec::load(const State& state)
{
    reset();
    // The rates come last, since what becomes of them depends on VRA.
    for (const bool rates : {false, true}) {
        for (unsigned offset = mixer::kMaster; offset < 2 * mixer::kWords; offset += 2) {
            if (is_rate(offset) == rates) {
                write(offset, state.words.at(offset / 2));
            }
        }
    }
}

} // namespace windsor::devices::ac97
