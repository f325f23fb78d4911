// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <string>

namespace windsor::toolstack {

// Ctrl-], which leaves a console.
constexpr char kEscapeKey = 0x1d;

// What ended it.
enum class ConsoleEnd { Left, Hangup, Signal };

// Joins `input` and `output` to the terminal device at `path` until the user types the escape key, the input ends, the
// line is hung up, or SIGTERM, SIGHUP or SIGINT arrives. A terminal as input is in raw mode meanwhile. What the line
// says to the end of an input is still shown, until it is silent for a moment.
base::Result<ConsoleEnd> join_console(const std::string& path, int input, int output, char escape_key = kEscapeKey);

// The key that "^x", "^]" or a single character names.
base::Result<char> escape_key(const std::string& name);

} // namespace windsor::toolstack
