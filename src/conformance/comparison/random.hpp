// SPDX-License-Identifier: GPL-2.0-or-later
// Reproducible random values, with the edges of each type more likely than chance would have them.
#pragma once

#include <array>
#include <cstdint>
#include <random>

namespace windsor::conformance::comparison {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_{seed} {}

    std::uint64_t bits() { return engine_(); }
    // 0 to `bound` - 1.
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    bool one_in(unsigned chances) { return below(chances) == 0; }
    template <typename T, std::size_t kSize> const T& pick(const std::array<T, kSize>& from)
    {
        return from[below(kSize)];
    }

    // Values of general registers and of memory operands.
    std::uint64_t integer();
    // Bit patterns of floating-point values: zeros, ones, denormals, infinities, NaNs, and anything.
    std::uint32_t float32();
    std::uint64_t float64();
    // An extended value: mantissa and sign with exponent; now and then an unsupported encoding.
    struct Extended {
        std::uint64_t mantissa;
        std::uint16_t exponent;
    };
    Extended float80();

private:
    std::mt19937_64 engine_;
};

} // namespace windsor::conformance::comparison
