// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/value_types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace windsor::config {

std::optional<std::int64_t> as_integer(const Value& value)
{
    if (const auto* number = value.integer()) {
        return *number;
    }
    if (const auto* flag = value.boolean()) {
        return *flag ? 1 : 0;
    }
    // A whole number that happens to be floating-point, such as 1024 * 0.5, will do.
    if (const auto* real = value.real(); real != nullptr && std::fabs(*real) < 1e15 && std::floor(*real) == *real) {
        return static_cast<std::int64_t>(*real);
    }
    if (const auto* text = value.string(); text != nullptr && !text->empty()) {
        std::int64_t number = 0;
        const bool hex = text->starts_with("0x");
        const auto* start = text->data() + (hex ? 2 : 0);
        const auto [end, error] = std::from_chars(start, text->data() + text->size(), number, hex ? 16 : 10);
        if (error == std::errc{} && end == text->data() + text->size()) {
            return number;
        }
    }
    return std::nullopt;
}

std::optional<bool> as_boolean(const Value& value)
{
    if (const auto* text = value.string()) {
        constexpr std::array<std::string_view, 4> kYes{"yes", "on", "true", "True"};
        constexpr std::array<std::string_view, 5> kNo{"no", "off", "false", "False", ""};
        if (std::ranges::find(kYes, *text) != kYes.end()) {
            return true;
        }
        if (std::ranges::find(kNo, *text) != kNo.end()) {
            return false;
        }
    }
    if (value.is_none()) {
        return false;
    }
    const auto number = as_integer(value);
    return number && (*number == 0 || *number == 1) ? std::optional{*number == 1} : std::nullopt;
}

static bool is_strings(const Value& value)
{
    return value.items() != nullptr &&
           std::ranges::all_of(*value.items(), [](const Value& item) { return item.string() != nullptr; });
}

bool has_type(const Value& value, KeyType type)
{
    const bool text = value.string() != nullptr;
    switch (type) {
    case KeyType::String: return text || as_integer(value).has_value();
    case KeyType::Integer: return as_integer(value).has_value();
    case KeyType::Boolean: return as_boolean(value).has_value();
    case KeyType::Strings: return is_strings(value);
    case KeyType::StringOrStrings: return text || is_strings(value);
    case KeyType::IntegerOrString: return text || as_integer(value).has_value();
    case KeyType::BooleanOrString: return text || as_boolean(value).has_value();
    case KeyType::Any: break;
    }
    return true;
}

std::string_view type_phrase(KeyType type)
{
    constexpr std::string_view kPhrases[] = {"a string",
                                             "an integer",
                                             "0 or 1",
                                             "a list of strings",
                                             "a string or a list of strings",
                                             "an integer or a string",
                                             "0, 1 or a string",
                                             "a value"};
    return kPhrases[static_cast<std::size_t>(type)];
}

} // namespace windsor::config
