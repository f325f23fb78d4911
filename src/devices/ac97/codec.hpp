// SPDX-License-Identifier: GPL-2.0-or-later
// The codec at the other end of the AC-link: mixer registers, rates, and what volumes do to samples.
#pragma once

#include "backend/sound.hpp"
#include "devices/ac97/spec.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace windsor::devices::ac97 {

class Codec {
public:
    struct State {
        std::array<std::uint16_t, mixer::kWords> words{}; // as last written; those that follow from others are not here
    };

    Codec() { reset(); }

    // AC'97 5.7.1: all registers have their defaults.
    void reset();
    // A warm reset wakes the AC-link and changes no register, AC'97 5.7.6.
    void warm_reset();

    // Of words at even offsets below 80h.
    std::uint16_t read(unsigned offset) const;
    void write(unsigned offset, std::uint16_t value);

    // Frames a second.
    unsigned output_rate() const { return rate(mixer::kFrontRate); }
    unsigned input_rate() const { return rate(mixer::kRecordRate); }

    // What leaves the codec, by the volumes of PCM out and of all; silence where it is muted or shut off.
    void amplify(std::span<backend::StereoFrame> frames) const;

    const State& state() const { return state_; }
    // Values that the registers cannot have become such that they can.
    void load(const State& state);

private:
    std::uint16_t word(unsigned offset) const { return state_.words.at(offset / 2); }
    unsigned rate(unsigned offset) const;

    State state_;
};

} // namespace windsor::devices::ac97
