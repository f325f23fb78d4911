// SPDX-License-Identifier: GPL-2.0-or-later
// This keeps what selectors have led to. 32-bit kernels load DS, ES and FS or GS each time that they are entered and
// left. To load one again costs no more than a look whether its descriptor is still the same.
#pragma once

#include "emulate/core/cpu.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::translate {

// This is a data segment that a kernel in protected mode has loaded from the GDT.
struct alignas(128) KnownSelector {
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};

    std::uint64_t selector{kNone};
    std::uint64_t table_base{0}; // what the base in GDTR was then
    std::uint64_t table_limit{0};
    std::uint64_t address{0}; // the linear address of the descriptor
    std::uint64_t descriptor{0};
    std::uint64_t flat{0}; // 1 if all of 4 GiB can be read and written by it
    emulate::Cpu::SegmentWindow window{};
    x86::Segment segment{};
};

class KnownSelectors {
public:
    static constexpr unsigned kCount = 16;

    KnownSelectors();

    // The low bits of a selector's index say where it is kept.
    static constexpr std::size_t index(std::uint64_t selector) { return (selector >> 3) % kCount; }

    const KnownSelector& first() const { return known_[0]; }
    // Returns what null selectors load, but for their own values.
    const KnownSelector& null() const { return null_; }
    // Keeps what a segment register has just been loaded with, if translated code can load it without help.
    void note(emulate::Cpu& cpu, x86::Seg seg);

private:
    std::array<KnownSelector, kCount> known_{};
    KnownSelector null_{};
};

} // namespace windsor::translate
