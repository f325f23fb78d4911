// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/key_names.hpp"

#include "display/codepage437.hpp"
#include "display/keymap.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

namespace windsor::display {

namespace {

constexpr std::size_t kMostChords = 1000;
constexpr std::size_t kMostKeysInChord = 8;

constexpr auto kNames = std::to_array<std::pair<std::string_view, KeyCode>>({
    {"ctrl", 0x1d},        {"control", 0x1d},    {"lctrl", 0x1d},       {"rctrl", 0xe01d},   {"alt", 0x38},
    {"lalt", 0x38},        {"ralt", 0xe038},     {"altgr", 0xe038},     {"shift", 0x2a},     {"lshift", 0x2a},
    {"rshift", 0x36},      {"win", 0xe05b},      {"super", 0xe05b},     {"meta", 0xe05b},    {"rwin", 0xe05c},
    {"menu", 0xe05d},      {"esc", 0x01},        {"escape", 0x01},      {"tab", 0x0f},       {"enter", 0x1c},
    {"return", 0x1c},      {"ret", 0x1c},        {"space", 0x39},       {"spc", 0x39},       {"backspace", 0x0e},
    {"bksp", 0x0e},        {"delete", 0xe053},   {"del", 0xe053},       {"insert", 0xe052},  {"ins", 0xe052},
    {"home", 0xe047},      {"end", 0xe04f},      {"pgup", 0xe049},      {"pageup", 0xe049},  {"pgdn", 0xe051},
    {"pagedown", 0xe051},  {"up", 0xe048},       {"down", 0xe050},      {"left", 0xe04b},    {"right", 0xe04d},
    {"f1", 0x3b},          {"f2", 0x3c},         {"f3", 0x3d},          {"f4", 0x3e},        {"f5", 0x3f},
    {"f6", 0x40},          {"f7", 0x41},         {"f8", 0x42},          {"f9", 0x43},        {"f10", 0x44},
    {"f11", 0x57},         {"f12", 0x58},        {"capslock", 0x3a},    {"caps", 0x3a},      {"numlock", 0x45},
    {"scrolllock", 0x46},  {"print", 0xe037},    {"printscreen", 0xe037}, {"sysrq", 0xe037}, {"pause", 0xe11d},
    {"break", 0xe11d},     {"minus", 0x0c},      {"plus", 0x0d},        {"equal", 0x0d},     {"comma", 0x33},
    {"dot", 0x34},         {"period", 0x34},     {"slash", 0x35},       {"backslash", 0x2b}, {"semicolon", 0x27},
    {"apostrophe", 0x28},  {"quote", 0x28},      {"grave", 0x29},       {"backquote", 0x29}, {"kp0", 0x52},
    {"kp1", 0x4f},         {"kp2", 0x50},        {"kp3", 0x51},         {"kp4", 0x4b},       {"kp5", 0x4c},
    {"kp6", 0x4d},         {"kp7", 0x47},        {"kp8", 0x48},         {"kp9", 0x49},       {"kpenter", 0xe01c},
    {"kpplus", 0x4e},      {"kpminus", 0x4a},    {"kpmultiply", 0x37},  {"kpdivide", 0xe035}, {"kpdot", 0x53},
});

std::string lower(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    return result;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string_view nearest(std::string_view name)
{
    return std::ranges::min_element(kNames, {}, [&](const auto& entry) { return distance(name, entry.first); })->first;
}

// Splits at hyphens and pluses; one that stands where a name should begin is a key itself ("ctrl--").
std::vector<std::string_view> split_chord(std::string_view chord)
{
    std::vector<std::string_view> names;
    while (!chord.empty()) {
        const std::size_t end = std::min(chord.find_first_of("-+", 1), chord.size());
        names.push_back(chord.substr(0, end));
        chord.remove_prefix(end);
        if (chord.size() == 1) {
            names.push_back({}); // "ctrl-": a name is missing
        }
        chord.remove_prefix(std::min<std::size_t>(1, chord.size()));
    }
    return names;
}

base::Status add_key(std::string_view name, const Keymap& us, Chord& chord)
{
    if (name.empty()) {
        return base::fail("a key is missing after the last hyphen; the hyphen's own key is \"minus\"");
    }
    const std::string lowered = lower(name);
    const auto known = std::ranges::find(kNames, lowered, &std::pair<std::string_view, KeyCode>::first);
    if (known != kNames.end()) {
        chord.push_back(known->second);
        return {};
    }
    const std::optional<Stroke> stroke =
        lowered.size() == 1 ? us.stroke(static_cast<unsigned char>(lowered[0])) : std::nullopt;
    if (!stroke) {
        constexpr std::size_t kLongest = 40;
        return base::fail("there is no key \"{}\"; did you mean \"{}\"?", name.substr(0, kLongest),
                          nearest(std::string_view{lowered}.substr(0, kLongest)));
    }
    if (stroke->shift) {
        chord.push_back(key::kLeftShift);
    }
    chord.push_back(stroke->code);
    return {};
}

} // namespace

base::Result<std::vector<Chord>> parse_keys(std::string_view text)
{
    const Keymap us = WINDSOR_TRY(Keymap::find("en-us"));
    std::vector<Chord> chords;
    constexpr std::string_view kBlanks = " \t\r\n";
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        if (text.empty()) {
            break;
        }
        const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
        text.remove_prefix(word.size());
        Chord chord;
        for (const std::string_view name : split_chord(word)) {
            WINDSOR_TRY(add_key(name, us, chord));
        }
        if (chord.size() > kMostKeysInChord) {
            return base::fail("\"{}\" is more than {} keys at once", word.substr(0, 40), kMostKeysInChord);
        }
        chords.push_back(std::move(chord));
        if (chords.size() > kMostChords) {
            return base::fail("these are more than {} keys", kMostChords);
        }
    }
    if (chords.empty()) {
        return base::fail("no key is named; try \"ctrl-alt-delete\"");
    }
    return chords;
}

} // namespace windsor::display
