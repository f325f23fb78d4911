// SPDX-License-Identifier: GPL-2.0-or-later
// Keys by name, as users type them.
#pragma once

#include "base/result.hpp"
#include "backend/keyboard.hpp"

#include <string_view>
#include <vector>

namespace windsor::display {

// Keys to press in this order and to release in the opposite one.
using Chord = std::vector<backend::KeyCode>;

// Reads "ctrl-alt-delete", or several such separated by blanks: "alt-f2 down enter". Names are those of
// the keys (esc, f1, pgup …) and the characters of a US keyboard; case does not matter in names.
// An unknown name fails with the nearest known one.
base::Result<std::vector<Chord>> parse_keys(std::string_view text);

} // namespace windsor::display
