// SPDX-License-Identifier: GPL-2.0-or-later
// The state that generated instructions start from.
#include "conformance/comparison/generator.hpp"

#include "vcpu/host_features.hpp"

#include <cstring>

namespace windsor::conformance::comparison {

void Generator::fill_x87(x86::FxArea& fx)
{
    constexpr std::uint16_t kAllMasked = 0x3f;
    fx.fcw = static_cast<std::uint16_t>(0x40 | (random_.bits() & 0x0f00) | kAllMasked);
    if (random_.one_in(4)) {
        fx.fcw = static_cast<std::uint16_t>(0x40 | (random_.bits() & 0x1f3f));
    }
    fx.fsw = static_cast<std::uint16_t>(random_.bits() & 0x7f00);
    if (random_.one_in(4)) {
        fx.fsw = static_cast<std::uint16_t>(fx.fsw | (random_.bits() & 0x7f));
    }
    // Pending exceptions would end nearly all cases at once.
    const auto waiting = static_cast<std::uint16_t>(fx.fsw & ~fx.fcw & 0x3f);
    if (waiting != 0) {
        if (random_.one_in(8)) {
            fx.fsw |= 0x8080;
        } else {
            fx.fsw = static_cast<std::uint16_t>(fx.fsw & ~waiting);
        }
    }
    fx.ftw = random_.one_in(3) ? static_cast<std::uint8_t>(random_.bits()) : 0xff;
    if (random_.one_in(6)) {
        fx.ftw = 0;
    }
    for (auto& slot : fx.st) {
        const Random::Extended value = random_.float80();
        std::memcpy(slot.data(), &value.mantissa, 8);
        std::memcpy(slot.data() + 8, &value.exponent, 2);
    }
}

void Generator::fill_mxcsr(x86::FxArea& fx)
{
    fx.mxcsr = static_cast<std::uint32_t>(0x1f80 | (random_.bits() & 0x6000));
    if (random_.one_in(4)) {
        fx.mxcsr |= static_cast<std::uint32_t>(random_.bits() & 0x807f);
    }
    if (random_.one_in(6)) {
        fx.mxcsr = static_cast<std::uint32_t>(random_.bits() & 0xffff);
    }
}

void Generator::fill_vector(std::array<std::uint8_t, 16>& half, std::uint64_t kind)
{
    for (unsigned at = 0; at < 16;) {
        const std::uint64_t value = kind == 0 ? random_.integer() : kind == 1 ? random_.float64() : random_.float32();
        const unsigned step = kind == 2 ? 4 : 8;
        std::memcpy(half.data() + at, &value, step);
        at += step;
    }
}

void Generator::fill_vectors(Registers& registers)
{
    const std::uint64_t kind = random_.below(3);
    for (auto& half : registers.fx.xmm) {
        fill_vector(half, kind);
    }
    if (vcpu::host_features().avx) {
        for (auto& half : registers.ymm_high) {
            fill_vector(half, kind);
        }
    }
}

void Generator::fill_registers(Registers& registers)
{
    for (std::uint64_t& value : registers.gpr) {
        value = random_.integer();
    }
    registers.rflags = 0x202 | (random_.bits() & x86::rflags::kArithmetic);
    if (random_.one_in(4)) {
        registers.rflags |= x86::rflags::kDf;
    }
    fill_x87(registers.fx);
    fill_mxcsr(registers.fx);
    fill_vectors(registers);
}

void Generator::fill_window(Window& window)
{
    std::uint64_t state = random_.bits();
    for (std::size_t at = 0; at < window.size(); at += 8) {
        // SplitMix64: fast, and only has to look random.
        state += 0x9e3779b97f4a7c15;
        std::uint64_t value = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
        value ^= value >> 27;
        std::memcpy(window.data() + at, &value, 8);
    }
}

} // namespace windsor::conformance::comparison
