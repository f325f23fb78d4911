// SPDX-License-Identifier: GPL-2.0-or-later
// What a person would do at the keyboard, with pauses in between, for what a guest has to be asked by keys.
#pragma once

#include "base/result.hpp"
#include "display/key_names.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace windsor::display {

// Keys to press, or a text to type, after a pause since what came before.
struct KeyStep {
    std::chrono::milliseconds pause{0};
    Chord keys{};
    std::string text{}; // UTF-8; only if there are no keys
};
using KeyScript = std::vector<KeyStep>;

constexpr std::size_t kMostScriptLines = 100;
constexpr std::size_t kLongestScriptLine = 200;
constexpr std::chrono::seconds kLongestPause{60};
constexpr std::chrono::seconds kLongestScript{600}; // of all pauses

// The one script that has a name: shuts down Windows in English.
constexpr std::string_view kWindowsScript = "windows";

// Lines that are keys as parse_keys() reads them, "wait SECONDS", "type TEXT", or "windows" for what that stands for.
// The error is a sentence. Takes anything.
base::Result<KeyScript> parse_key_script(std::span<const std::string> lines);

} // namespace windsor::display
