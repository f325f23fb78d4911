// SPDX-License-Identifier: GPL-2.0-or-later
// From the key symbols of VNC clients to keys.
#pragma once

#include "backend/keyboard.hpp"
#include "display/keymap.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace windsor::display {

struct KeyEvent {
    KeyCode code{0};
    bool pressed{false};

    bool operator==(const KeyEvent&) const = default;
};

// The character of an X11 key symbol (X Window System Protocol, appendix A), dead keys as combining accents.
std::optional<char32_t> keysym_character(std::uint32_t keysym);
// The key of a symbol that is no character: Return, F1, Shift_L …
std::optional<KeyCode> keysym_key(std::uint32_t keysym);

// The key of an "XT key code" as QEMU's extended key event sends it: set 1, bit 7 for the E0h group.
std::optional<KeyCode> key_from_xt(std::uint32_t xt);

// Turns one client's key symbols into key events for a guest set to `keymap`. Where the client's layout
// needed other modifiers than the guest's, these are pressed or released around the key. Caps Lock stays
// with the client: its symbols already say which case is meant.
class KeysymTranslator {
public:
    // The keymap outlives the translator.
    explicit KeysymTranslator(const Keymap& keymap) : keymap_{keymap} {}

    // Empty for symbols that the keymap has not.
    std::vector<KeyEvent> key(std::uint32_t keysym, bool pressed);

private:
    using Held = std::map<std::uint32_t, KeyCode>;

    // The held key that the symbol stands for, too; end of pressed_ if there is none.
    Held::iterator held_by_another_name(std::uint32_t keysym);
    void press_character(char32_t character, std::uint32_t keysym, std::vector<KeyEvent>& events);
    void press(const Stroke& stroke, std::vector<KeyEvent>& events) const;

    const Keymap& keymap_;
    Held pressed_;                // which key a held symbol became
    std::set<KeyCode> modifiers_;              // Shift and AltGr keys the client holds
};

} // namespace windsor::display
