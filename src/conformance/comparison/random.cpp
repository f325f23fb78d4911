// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/random.hpp"

namespace windsor::conformance::comparison {

std::uint64_t Random::integer()
{
    static constexpr auto kEdges = std::to_array<std::uint64_t>({0,
                                                                 1,
                                                                 2,
                                                                 0x7f,
                                                                 0x80,
                                                                 0xff,
                                                                 0x100,
                                                                 0x7fff,
                                                                 0x8000,
                                                                 0xffff,
                                                                 0x7fff'ffff,
                                                                 0x8000'0000,
                                                                 0xffff'ffff,
                                                                 0x1'0000'0000,
                                                                 0x7fff'ffff'ffff'ffff,
                                                                 0x8000'0000'0000'0000,
                                                                 0xffff'ffff'ffff'ffff,
                                                                 0xffff'ffff'8000'0000,
                                                                 0xffff'ffff'ffff'8000,
                                                                 0xffff'ffff'ffff'ff80,
                                                                 0x5555'5555'5555'5555,
                                                                 0x0123'4567'89ab'cdef});
    switch (below(4)) {
    case 0: return pick(kEdges);
    case 1: return bits() >> below(64);
    case 2: return std::uint64_t{0} - (bits() >> below(64));
    default: return bits();
    }
}

std::uint32_t Random::float32()
{
    static constexpr auto kEdges = std::to_array<std::uint32_t>(
        {0,          0x80000000, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0x7f800000, 0xff800000,
         0x7fc00000, 0xffc00000, 0x7f800001, 0xff812345, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
         0x80800000, 0x7f7fffff, 0xff7fffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x4effffff, 0x33800000});
    switch (below(4)) {
    case 0: return pick(kEdges);
    case 1: return static_cast<std::uint32_t>(bits());
    default: // around one, where additions and comparisons are of interest
        return static_cast<std::uint32_t>((bits() & 0x80000000) | (0x3b000000 + (bits() & 0x0bffffff)));
    }
}

std::uint64_t Random::float64()
{
    static constexpr auto kEdges = std::to_array<std::uint64_t>({0,
                                                                 0x8000000000000000,
                                                                 0x3ff0000000000000,
                                                                 0xbff0000000000000,
                                                                 0x4000000000000000,
                                                                 0x3fe0000000000000,
                                                                 0x7ff0000000000000,
                                                                 0xfff0000000000000,
                                                                 0x7ff8000000000000,
                                                                 0xfff8000000000000,
                                                                 0x7ff0000000000001,
                                                                 0xfff0123456789abc,
                                                                 0x0000000000000001,
                                                                 0x800fffffffffffff,
                                                                 0x0010000000000000,
                                                                 0x7fefffffffffffff,
                                                                 0x41e0000000000000,
                                                                 0xc1e0000000000000,
                                                                 0x43e0000000000000,
                                                                 0xc3e0000000000000,
                                                                 0x41dfffffffc00000,
                                                                 0x36a0000000000000,
                                                                 0x47efffffe0000000,
                                                                 0x380fffffffffffff});
    switch (below(4)) {
    case 0: return pick(kEdges);
    case 1: return bits();
    default: return (bits() & 0x8000000000000000) | (0x3fa0000000000000 + (bits() & 0x00bfffffffffffff));
    }
}

Random::Extended Random::float80()
{
    static constexpr auto kEdges = std::to_array<Extended>({{0, 0},
                                                            {0, 0x8000},
                                                            {0x8000000000000000, 0x3fff},
                                                            {0x8000000000000000, 0xbfff},
                                                            {0xc90fdaa22168c235, 0x4000},
                                                            {0x8000000000000000, 0x7fff},
                                                            {0x8000000000000000, 0xffff},
                                                            {0xc000000000000000, 0x7fff},
                                                            {0xc000000000000000, 0xffff},
                                                            {0xa000000000000000, 0x7fff},
                                                            {1, 0},
                                                            {0x7fffffffffffffff, 0x8000},
                                                            {0x8000000000000000, 0},
                                                            {0x8000000000000000, 1},
                                                            {0xffffffffffffffff, 0x7ffe},
                                                            {0xffffffffffffffff, 0xfffe},
                                                            {0x8000000000000000, 0x401e},
                                                            {0x8000000000000000, 0xc03e},
                                                            {0x4000000000000000, 0x3fff},
                                                            {0, 0x7fff},
                                                            {0, 0x4000},
                                                            {0x1234, 0x7fff}});
    switch (below(5)) {
    case 0: return pick(kEdges);
    case 1: return {bits() | 0x8000000000000000, static_cast<std::uint16_t>(bits())};
    case 2: return {bits(), static_cast<std::uint16_t>(bits())};
    default:
        return {(bits() << below(64)) | 0x8000000000000000,
                static_cast<std::uint16_t>((bits() & 0x8000) | (0x3fe0 + below(0x50)))};
    }
}

} // namespace windsor::conformance::comparison
