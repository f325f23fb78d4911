// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/keymap.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace windsor::display {

namespace {

// The character keys of a 105-key keyboard row by row, then those that only Japanese keyboards have.
constexpr std::array<KeyCode, 13> kRow1{0x29, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d};
constexpr std::array<KeyCode, 12> kRow2{0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b};
constexpr std::array<KeyCode, 12> kRow3{0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2b};
constexpr std::array<KeyCode, 11> kRow4{0x56, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35};
constexpr std::array<KeyCode, 2> kRow5{0x73, 0x7d};
constexpr std::array<std::span<const KeyCode>, 5> kRowKeys{kRow1, kRow2, kRow3, kRow4, kRow5};

// Characters made of an accent and a letter.
struct Composed {
    char32_t accent;
    std::u32string_view letters;
    std::u32string_view results;
};
constexpr std::array<Composed, 5> kComposed{{
    {U'\u0300', U"aeiouAEIOU ", U"àèìòùÀÈÌÒÙ`"},
    {U'\u0301', U"aeiouyAEIOUY ", U"áéíóúýÁÉÍÓÚÝ´"},
    {U'\u0302', U"aeiouAEIOU ", U"âêîôûÂÊÎÔÛ^"},
    {U'\u0303', U"anoANO ", U"ãñõÃÑÕ~"},
    {U'\u0308', U"aeiouyAEIOU ", U"äëïöüÿÄËÏÖÜ¨"},
}};

} // namespace

std::vector<std::string_view> Keymap::names()
{
    std::vector<std::string_view> names;
    for (const Layout& layout : layouts()) {
        names.push_back(layout.name);
    }
    return names;
}

base::Result<Keymap> Keymap::find(std::string_view name)
{
    const auto found = std::ranges::find(layouts(), name, &Layout::name);
    if (found == layouts().end()) {
        return base::fail("there is no keymap \"{}\"; there are {}", name, fmt::join(names(), ", "));
    }
    Keymap keymap;
    keymap.name_ = found->name;
    keymap.by_character_ = {{U' ', {.code = key::kSpace}},
                            {U'\n', {.code = key::kEnter}},
                            {U'\r', {.code = key::kEnter}},
                            {U'\t', {.code = key::kTab}},
                            {U'\b', {.code = key::kBackspace}},
                            {U'\x1b', {.code = key::kEscape}}};
    // Plainer levels first: the first key that has a character is the one to press.
    for (const bool alt_gr : {false, true}) {
        for (const bool shift : {false, true}) {
            for (std::size_t row = 0; row < kRowKeys.size(); ++row) {
                const LayoutRow& r = found->rows[row];
                const std::u32string_view level =
                    alt_gr ? (shift ? r.shift_alt_gr : r.alt_gr) : (shift ? r.shift : r.plain);
                for (std::size_t i = 0; i < std::min(level.size(), kRowKeys[row].size()); ++i) {
                    keymap.by_character_.try_emplace(level[i], Stroke{kRowKeys[row][i], shift, alt_gr});
                }
            }
        }
    }
    return keymap;
}

std::optional<Stroke> Keymap::stroke(char32_t character) const
{
    const auto found = by_character_.find(character);
    return found == by_character_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<Stroke> Keymap::strokes(char32_t character) const
{
    if (const std::optional<Stroke> direct = stroke(character)) {
        return {*direct};
    }
    for (const Composed& composed : kComposed) {
        const std::size_t at = composed.results.find(character);
        const std::optional<Stroke> accent = stroke(composed.accent);
        if (at != std::u32string_view::npos && accent) {
            if (const std::optional<Stroke> letter = stroke(composed.letters[at])) {
                return {*accent, *letter};
            }
        }
    }
    return {};
}

} // namespace windsor::display
