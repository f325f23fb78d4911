// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/numbers.hpp"

#include <charconv>

namespace windsor::toolstack {

base::Result<int> parse_integer(const std::string& text, std::string_view what, int least, int most)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        return base::fail("{} must be a number from {} to {}, not '{}'", what, least, most, text);
    }
    return value;
}

base::Result<double> parse_seconds(const std::string& text, double most)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= most)) {
        return base::fail("a time is a number of seconds from 0 on, not '{}'", text);
    }
    return value;
}

base::Result<int> parse_buttons(const std::string& text)
{
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
        return parse_integer(text, "the set of buttons", 0, 7);
    }
    int buttons = 0;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find('+', from), text.size());
        const std::string name = text.substr(from, end - from);
        const int bit = name == "left" ? 1 : name == "right" ? 2 : name == "middle" ? 4 : name == "none" ? 0 : -1;
        if (bit < 0) {
            return base::fail("'{}' is no mouse button; left, right, middle and none are, joined by +", name);
        }
        buttons |= bit;
        from = end + 1;
    }
    return buttons;
}

} // namespace windsor::toolstack
