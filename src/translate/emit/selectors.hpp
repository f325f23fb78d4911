// SPDX-License-Identifier: GPL-2.0-or-later
// What selectors have led to, so that loading one again costs no more than a look whether its descriptor is still the
// same: 32-bit kernels load DS, ES and FS or GS each time that they are entered and left.
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
    std::uint64_t table_base{0}; // GDTR, from which it was loaded
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

    // The one that a selector would be: by the low bits of its index.
    static constexpr std::size_t index(std::uint64_t selector) { return (selector >> 3) % kCount; }

    const KnownSelector& first() const { return known_[0]; }
    // What null selectors load, their own numbers aside.
    const KnownSelector& null() const { return null_; }
    // A segment register has been loaded. Nothing is noted of what translated code cannot load by itself.
    void note(emulate::Cpu& cpu, x86::Seg seg);

private:
    std::array<KnownSelector, kCount> known_{};
    KnownSelector null_{};
};

} // namespace windsor::translate
