// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <string>

namespace windsor::toolstack {

// Ctrl-], which leaves a console.
constexpr char kEscapeKey = 0x1d;

// What ended it.
enum class ConsoleEnd { Left, Hangup, Signal };

// Joins `input` and `output` to the terminal device at `path` until the user types Ctrl-], the line is hung
// up, or SIGTERM, SIGHUP or SIGINT arrives. A terminal as input is in raw mode meanwhile. The end of an input
// that is no terminal ends only the typing.
base::Result<ConsoleEnd> join_console(const std::string& path, int input, int output);

} // namespace windsor::toolstack
