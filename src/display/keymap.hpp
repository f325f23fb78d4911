// SPDX-License-Identifier: GPL-2.0-or-later
// Keyboard layouts: which keys a guest set to a layout needs to see for a character.
#pragma once

#include "base/result.hpp"
#include "backend/keyboard.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::display {

using backend::KeyCode;

namespace key {
constexpr KeyCode kEscape = 0x01;
constexpr KeyCode kBackspace = 0x0e;
constexpr KeyCode kTab = 0x0f;
constexpr KeyCode kEnter = 0x1c;
constexpr KeyCode kLeftCtrl = 0x1d;
constexpr KeyCode kLeftShift = 0x2a;
constexpr KeyCode kRightShift = 0x36;
constexpr KeyCode kLeftAlt = 0x38;
constexpr KeyCode kSpace = 0x39;
constexpr KeyCode kRightCtrl = 0xe01d;
constexpr KeyCode kRightAlt = 0xe038; // AltGr
constexpr KeyCode kDelete = 0xe053;
} // namespace key

// One key with the modifiers that select a character on it.
struct Stroke {
    KeyCode code{0};
    bool shift{false};
    bool alt_gr{false};

    bool operator==(const Stroke&) const = default;
};

// Immutable once made; may be shared by threads.
class Keymap {
public:
    // By xm's names: "en-us", "de", "fr" … An unknown name fails with the list of those that exist.
    static base::Result<Keymap> find(std::string_view name);
    static std::vector<std::string_view> names();

    std::string_view name() const { return name_; }

    // The key that gives `character` at once. Combining accents stand for dead keys.
    std::optional<Stroke> stroke(char32_t character) const;
    // The keys that give `character`, by way of a dead key if need be; empty if the layout has it not.
    std::vector<Stroke> strokes(char32_t character) const;

private:
    std::string_view name_;
    std::map<char32_t, Stroke> by_character_;
};

// The rows of a layout: the characters of one level from the row's first key to its last; a space where
// there is none.
struct LayoutRow {
    std::u32string_view plain;
    std::u32string_view shift;
    std::u32string_view alt_gr{};
    std::u32string_view shift_alt_gr{};
};

// Rows as kRowKeys has them.
struct Layout {
    std::string_view name;
    std::array<LayoutRow, 5> rows;
};

std::span<const Layout> layouts();

} // namespace windsor::display
