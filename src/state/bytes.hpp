// SPDX-License-Identifier: GPL-2.0-or-later
// Little-endian integers in and out of byte sequences.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::state {

template <std::unsigned_integral T> void put(std::vector<std::uint8_t>& to, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        to.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
}

// Takes from the front, never more than there is.
class Cursor {
public:
    explicit Cursor(std::span<const std::uint8_t> bytes) : left_{bytes} {}

    std::size_t left() const { return left_.size(); }

    template <std::unsigned_integral T> std::optional<T> take()
    {
        const auto bytes = take(sizeof(T));
        if (!bytes) {
            return std::nullopt;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            value |= std::uint64_t{(*bytes)[i]} << (8 * i);
        }
        return static_cast<T>(value);
    }

    std::optional<std::span<const std::uint8_t>> take(std::size_t count)
    {
        if (count > left_.size()) {
            return std::nullopt;
        }
        const auto taken = left_.first(count);
        left_ = left_.subspan(count);
        return taken;
    }

private:
    std::span<const std::uint8_t> left_;
};

} // namespace windsor::state
