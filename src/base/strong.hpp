// SPDX-License-Identifier: GPL-2.0-or-later
// Integers that cannot be mistaken for one another.
#pragma once

#include <compare>
#include <cstdint>

namespace windsor::base {

template <typename Tag, typename Raw> class Strong {
public:
    using RawType = Raw;

    constexpr Strong() = default;
    constexpr explicit Strong(Raw raw) : raw_{raw} {}

    constexpr Raw raw() const { return raw_; }
    constexpr auto operator<=>(const Strong&) const = default;

    constexpr Strong operator+(Raw offset) const { return Strong{static_cast<Raw>(raw_ + offset)}; }
    constexpr Strong operator-(Raw offset) const { return Strong{static_cast<Raw>(raw_ - offset)}; }
    constexpr Raw operator-(Strong other) const { return static_cast<Raw>(raw_ - other.raw_); }
    constexpr Strong& operator+=(Raw offset) { return *this = *this + offset; }
    // What an address wraps to.
    constexpr Strong operator&(Raw mask) const { return Strong{static_cast<Raw>(raw_ & mask)}; }
    constexpr Strong& operator&=(Raw mask) { return *this = *this & mask; }

    // Of the block of `size` bytes, a power of two, that an address lies in: its beginning, and the offset in it.
    constexpr Strong aligned_down(Raw size) const { return *this & static_cast<Raw>(~(size - 1)); }
    constexpr Raw offset_in(Raw size) const { return static_cast<Raw>(raw_ & (size - 1)); }

private:
    Raw raw_{};
};

// A guest-physical address, in bytes.
using GuestPhysical = Strong<struct GuestPhysicalTag, std::uint64_t>;
// An x86 I/O port number.
using Port = Strong<struct PortTag, std::uint16_t>;
// An interrupt vector, 0 to 255.
using Vector = Strong<struct VectorTag, std::uint8_t>;

} // namespace windsor::base
