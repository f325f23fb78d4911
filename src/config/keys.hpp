// SPDX-License-Identifier: GPL-2.0-or-later
// The one table of what a domain configuration may say. A key's row says how it is read and checked, where its value
// goes, and its help.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/member.hpp"

namespace windsor::config {

struct KeyInfo;
struct Reading;
struct Setting;

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

// A text's usual spelling, or a sentence that says what is wrong with it.
using CheckText = std::expected<std::string, std::string> (*)(std::string_view text);
// Reads a setting that is not None. A mistake of the user's is thrown as a Complaint.
using ReadKey = void (*)(const KeyInfo& key, const Setting& setting, Reading& reading);
// Runs after all keys have been read, whether the key is given or not: for what depends on several keys.
using SettleKey = void (*)(Reading& reading);

struct KeyInfo {
    std::string_view name;
    KeyType type = KeyType::String;
    KeyStatus status = KeyStatus::Implemented;
    KeyDialect dialect = KeyDialect::Both;
    std::string_view default_text = {}; // if it is not what the member is in a fresh DomainConfig
    std::string_view help = {};         // one paragraph
    std::string_view reason = {};       // why it is refused, or what is missing; a clause after "… : "
    std::string_view choices = {};      // the allowed words, separated by blanks, if the member has none of its own
    std::int64_t least = 0;
    std::int64_t most = INT64_MAX;
    Member member = {};
    CheckText check = nullptr; // of a member that is a text
    ReadKey read = nullptr;    // instead of an assignment to the member
    SettleKey settle = nullptr;
};

// All keys, sorted by name.
std::span<const KeyInfo> all_keys();

// Finds a key by its name or an alias; null if there is none.
const KeyInfo* find_key(std::string_view name);

// The name that an alias stands for, or the name itself.
std::string_view canonical_key(std::string_view name);

// The nearest known name to a misspelt one, or empty.
std::string_view nearest_key(std::string_view name);

// The words that the key's value may be; none if it may be any.
std::vector<std::string_view> allowed_words(const KeyInfo& key);

// What a domain has whose configuration does not say it, for people.
std::string default_text(const KeyInfo& key);

// What `windsor help KEY` prints; for an unknown key one sentence with the nearest name.
std::string help_for_key(std::string_view name);

// The manual page windsor.cfg(5) in man(7) troff.
std::string man_page_cfg();

} // namespace windsor::config
