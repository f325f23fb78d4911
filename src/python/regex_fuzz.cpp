// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a pattern, the flags and a text to search.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "python/regex.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::python::Regex;
    if (size < 2) {
        return 0;
    }
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const auto split = std::min<std::size_t>(2 + data[1], size);
    const auto regex = Regex::compile(all.substr(2, split - 2), data[0] & 26U);
    if (!regex) {
        return 0;
    }
    const auto text = all.substr(split);
    for (const auto anchor : {Regex::Anchor::Anywhere, Regex::Anchor::Start, Regex::Anchor::Whole}) {
        std::uint64_t steps = 100'000;
        const auto match = regex->find(text, 0, anchor, steps);
        if (!match || !*match) {
            continue;
        }
        const auto& slots = (*match)->slots;
        const auto end = static_cast<std::int64_t>(text.size());
        if (slots.size() != (regex->group_count() + 1) * 2 || slots[0] < 0 || slots[1] < slots[0] || slots[1] > end) {
            std::abort();
        }
    }
    return 0;
}
