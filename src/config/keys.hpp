// SPDX-License-Identifier: GPL-2.0-or-later
// The one table of what a domain configuration may say. It drives parsing, validation, `windsor help KEY`
// and the manual page windsor.cfg(5).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::config {

enum class KeyType {
    String,
    Integer,
    Boolean,
    Strings, // a list of strings
    StringOrStrings,
    IntegerOrString,
    BooleanOrString,
    Any,
};

enum class KeyStatus {
    Implemented,
    Accepted, // without effect; a warning says so unless the value asks for what is there anyway
    Silent,   // without effect and without a warning, since nothing is lost
    Refused,  // unless the value asks for nothing
};

enum class KeyDialect { Xm, Xl, Both, Windsor, Option }; // Option: valid only inside another key's strings

struct KeyInfo {
    std::string_view name;
    KeyType type;
    KeyStatus status;
    KeyDialect dialect;
    std::string_view default_text;
    std::string_view help;         // one paragraph
    std::string_view reason = {};  // why it is refused, or what is missing; a clause after "… : "
    std::string_view choices = {}; // the allowed values, separated by blanks
    std::int64_t least = 0;
    std::int64_t most = INT64_MAX;
};

// All keys, sorted by name.
std::span<const KeyInfo> all_keys();

// Finds a key by its name or an alias; null if there is none.
const KeyInfo* find_key(std::string_view name);

// The name that an alias stands for, or the name itself.
std::string_view canonical_key(std::string_view name);

// The nearest known name to a misspelt one, or empty.
std::string_view nearest_key(std::string_view name);

// What `windsor help KEY` prints; for an unknown key one sentence with the nearest name.
std::string help_for_key(std::string_view name);

// The manual page windsor.cfg(5) in man(7) troff.
std::string man_page_cfg();

} // namespace windsor::config
