// SPDX-License-Identifier: GPL-2.0-or-later
// The one table of what a domain configuration may say. A key's row has all that there is to know about it: how it is
// read and checked, where its value goes, how the listings of xm and xl and a saved state show it, and its help.
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
struct SxpNode;
struct XendState;

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

// Where a key stands in the listing of xend: `xm list -l` and `xm create -n`.
enum class XendPlace {
    None,
    Domain,  // (vm (KEY VALUE) …)
    Image,   // (image (hvm (KEY VALUE) …)), the machine
    Console, // at the end of the image, and in the device vfb as well
    Vif,     // network cards
    Vbd,     // disks
    Vfb,     // the screen
};

enum class XendWhen {
    Always,  // what the member is, unless it is an optional without a value; without a member as the file has it
    AsGiven, // as the file has it, and not at all if the file does not have it
};

using XendPrint = std::vector<SxpNode> (*)(const DomainConfig& config, const std::optional<XendState>& state);

struct XendEntry {
    constexpr XendEntry() = default;
    constexpr XendEntry(XendPlace where, std::string_view called = {}) : place{where}, name{called} {}
    constexpr XendEntry(XendPlace where, XendWhen condition) : place{where}, when{condition} {}
    constexpr XendEntry(XendPlace where, XendPrint printer) : place{where}, print{printer} {}

    XendPlace place = XendPlace::None;
    std::string_view name = {}; // if it is not the key's
    XendWhen when = XendWhen::Always;
    XendPrint print = nullptr; // instead of "(name value)"
};

enum class XlWhen {
    Always, // unless the value is an empty text, or an optional without a value
    UnlessDefault,
};

using XlPrint = nlohmann::ordered_json (*)(const KeyInfo& key, const DomainConfig& config); // null: left out

// Where a key stands in the listing of xl, `xl list -l` and `xl create -n`: a JSON pointer (RFC 6901) into what libxl
// calls a libxl_domain_config.
struct XlEntry {
    constexpr XlEntry() = default;
    constexpr XlEntry(std::string_view where, XlWhen condition = XlWhen::Always) : path{where}, when{condition} {}
    constexpr XlEntry(std::string_view where, XlPrint printer) : path{where}, print{printer} {}

    std::string_view path = {}; // empty: nowhere
    XlWhen when = XlWhen::Always;
    XlPrint print = nullptr; // instead of what the member is
};

// A saved state may be a stranger's: it can ask for more care than is usual, but not for less.
enum class SavedAs {
    Value,
    OnlyIfOn, // it can turn the switch on, but not off
    Never,    // it is no business of the guest's, and may be another where the domain is restored
};

// How a saved state has the key's member.
struct SavedEntry {
    std::string_view name = {}; // if it is not the key's
    SavedAs as = SavedAs::Value;
    std::uint32_t since = 1; // the version of the domain's record (docs/saved-state.md) that has it first
};

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
    XendEntry xend = {};
    XlEntry xl = {};
    SavedEntry saved = {};
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
