// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps what selectors have led to. 32-bit kernels load DS, ES and FS or GS each time that they are entered and left;
// loading one again costs no more than a look whether its descriptor is still the same.
#pragma once

#include "emulate/core/cpu.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::translate {

// A data segment that a kernel in protected mode may load from the GDT.
struct alignas(128) KnownSelector {
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};

    std::uint64_t selector{kNone};
    std::uint64_t table_base{0}; // of GDTR, when it was loaded
    std::uint64_t table_limit{0};
    std::uint64_t address{0}; // linear, of the descriptor
    std::uint64_t descriptor{0};
    std::uint64_t flat{0}; // 1: all of 4 GiB can be read and written
    emulate::Cpu::SegmentWindow window{};
    x86::Segment segment{};
};

class KnownSelectors {
public:
    static constexpr unsigned kCount = 16;

    KnownSelectors();

    // A selector has one place, which the low bits of its index tell.
    static constexpr std::size_t index(std::uint64_t selector) { return (selector >> 3) % kCount; }

    const KnownSelector& first() const { return known_[0]; }
    // What null selectors load but for their own values.
    const KnownSelector& null() const { return null_; }
    // Notes what a segment register has just been loaded with, if translated code can load it by itself.
    void note(emulate::Cpu& cpu, x86::Seg seg);

private:
    std::array<KnownSelector, kCount> known_{};
    KnownSelector null_{};
};

} // namespace windsor::translate
