// SPDX-License-Identifier: GPL-2.0-or-later
// x87 and SSE state in the layout of FXSAVE64. SDM volume 1, section 10.5.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::x86 {

struct alignas(64) FxArea {
    std::uint16_t fcw{0x037f};
    std::uint16_t fsw{0};
    std::uint8_t ftw{0}; // abridged: a set bit is a register in use
    std::uint8_t reserved{0};
    std::uint16_t fop{0};
    std::uint64_t fip{0};
    std::uint64_t fdp{0};
    std::uint32_t mxcsr{0x1f80};
    std::uint32_t mxcsr_mask{0xffff};
    std::array<std::array<std::uint8_t, 16>, 8> st{};   // ten bytes each in use
    std::array<std::array<std::uint8_t, 16>, 16> xmm{};
    std::array<std::uint8_t, 96> unused{};

    bool operator==(const FxArea&) const = default;
};
static_assert(sizeof(FxArea) == 512 && offsetof(FxArea, st) == 32 && offsetof(FxArea, xmm) == 160);

} // namespace windsor::x86
