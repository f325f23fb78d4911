// SPDX-License-Identifier: GPL-2.0-or-later
// What a value is, for those who work on it.
#pragma once

#include <cstdint>
#include <optional>

#include "python/interpreter.hpp"

namespace windsor::python {

template <typename T> const T* get(const Item& item)
{
    return std::get_if<T>(&item);
}

// Truth values are the integers 0 and 1.
inline std::optional<std::int64_t> as_integer(const Item& item)
{
    if (const auto* flag = std::get_if<bool>(&item)) {
        return *flag ? 1 : 0;
    }
    const auto* number = std::get_if<std::int64_t>(&item);
    return number == nullptr ? std::nullopt : std::optional{*number};
}

inline std::optional<double> as_real(const Item& item)
{
    if (const auto* number = std::get_if<double>(&item)) {
        return *number;
    }
    const auto whole = as_integer(item);
    return whole ? std::optional{static_cast<double>(*whole)} : std::nullopt;
}

} // namespace windsor::python
