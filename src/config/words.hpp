// SPDX-License-Identifier: GPL-2.0-or-later
// The words by which a configuration names the values of an enumeration.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace windsor::config {

// Several words may name one value; the first of them is the one that listings print.
struct Word {
    template <typename Enumeration>
    constexpr Word(std::string_view word, Enumeration means, std::string_view why_so = {})
        : text{word}, value{static_cast<unsigned>(std::to_underlying(means))}, reason{why_so}
    {
    }

    std::string_view text;
    unsigned value;
    std::string_view reason; // why the word does no more than the first one of its value; empty: it need not be said
};

using Words = std::span<const Word>;

// Null if there is no such word.
constexpr const Word* find_word(Words words, std::string_view text)
{
    const auto found = std::ranges::find(words, text, &Word::text);
    return found == words.end() ? nullptr : &*found;
}

// The word that listings print for a value; each value has one.
constexpr std::string_view word_for(Words words, unsigned value)
{
    return std::ranges::find(words, value, &Word::value)->text;
}

constexpr unsigned last_value(Words words)
{
    return std::ranges::max(words, {}, &Word::value).value;
}

} // namespace windsor::config
