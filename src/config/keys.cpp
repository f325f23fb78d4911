// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/diagnostic.hpp"
#include "config/value_types.hpp"

namespace windsor::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kAliases{
    {{"mem", "memory"}, {"vnc_password", "vncpasswd"}, {"vnc_listen", "vnclisten"}, {"cpu_count", "vcpus"}}};

std::string_view dialect_text(KeyDialect dialect)
{
    switch (dialect) {
    case KeyDialect::Xm: return "xm";
    case KeyDialect::Xl: return "xl";
    case KeyDialect::Both: return "xm and xl";
    case KeyDialect::Windsor: return "Windsor's own";
    case KeyDialect::Option: break;
    }
    return "an option inside another key's strings";
}

// "destroy, restart or preserve"
std::string choice_list(std::span<const std::string_view> words)
{
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        text += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

std::string status_sentence(const KeyInfo& key)
{
    switch (key.status) {
    case KeyStatus::Implemented: return {};
    case KeyStatus::Accepted: return fmt::format("Accepted without effect: {}.", key.reason);
    case KeyStatus::Silent:
        return key.reason.empty() ? "Accepted without effect."
                                  : fmt::format("Accepted without effect: {}.", key.reason);
    case KeyStatus::Refused: break;
    }
    return fmt::format("Refused: {}.", key.reason);
}

std::string value_sentence(const KeyInfo& key)
{
    std::string text{type_phrase(key.type)};
    if (const auto words = allowed_words(key); !words.empty()) {
        text += ": " + choice_list(words);
    }
    if (const auto otherwise = default_text(key); !otherwise.empty()) {
        text += fmt::format(" (default: {})", otherwise);
    }
    return text;
}

// Escapes what troff would take as its own.
std::string troff(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '\\': result += "\\e"; break;
        case '-': result += "\\-"; break;
        case '\'': result += "\\(aq"; break;
        default: result += c; break;
        }
    }
    return result.starts_with('.') ? "\\&" + result : result;
}

std::string man_entry(const KeyInfo& key)
{
    auto text = fmt::format(".TP\n.B {}\n{}\n", troff(key.name), troff(key.help));
    if (const auto status = status_sentence(key); !status.empty()) {
        text += troff(status) + "\n";
    }
    return text + fmt::format(".br\nValue: {}. In {}.\n", troff(value_sentence(key)), troff(dialect_text(key.dialect)));
}

std::string man_group(std::string_view heading, std::string_view introduction, KeyStatus status)
{
    auto text = fmt::format(".SS {}\n{}\n", heading, introduction);
    for (const auto& key : all_keys()) {
        if (key.status == status && key.dialect != KeyDialect::Option) {
            text += man_entry(key);
        }
    }
    return text;
}

constexpr std::string_view kManHead = R"(.TH WINDSOR.CFG 5 "" "Windsor" "Windsor"
.SH NAME
windsor.cfg \- configuration of a Windsor domain
.SH SYNOPSIS
.B xm create
.I FILE
.RI [ KEY = VALUE " ...]"
.SH DESCRIPTION
A domain configuration says what a virtual machine consists of.
It is read in either of two forms.
.SS "The classic form"
A text in a small subset of Python, as
.BR xm (1)
has always read it: assignments of values to keys, and whatever helps to compute them.
It may import
.BR os ", " re ", " socket ", " string ", " sys " and " time
for what they tell of names, paths and the time,
use conditions, loops, functions, comprehensions and all kinds of formatting, and print notes.
Integers divide as in Python 2, and have 64 bits.
It can reach neither files, apart from asking whether they exist, nor the network nor other programs.
It may ask for environment variables by name, but not for those whose names tell of a secret.
Steps, memory and nesting are limited.
What is outside the subset is refused by name, with its line.
.SS "The plain form"
Lines of
.IR KEY = VALUE ,
as
.BR xl.cfg (5)
describes them: numbers, quoted strings, and lists in square brackets.
.B +=
appends to a list or a string.
.PP
In both forms
.B #
begins a comment, and a key with hyphens is read with underscores instead.
A key that is not known gets a warning with the nearest known name, unless the file itself uses the variable.
.PP
.IR KEY = VALUE
on the command line has the last word.
The value is evaluated as an expression; if it is none, it is taken as a string.
.SH KEYS
)";

constexpr std::string_view kManTail = R"(.SH EXAMPLES
.nf
.RS
builder = \(aqhvm\(aq
name = \(aqfalstaff\(aq
memory = 512
disk = [ \(aqfile:/opt/images/falstaff.img,hda,w\(aq,
         \(aqfile:/opt/images/install.iso,hdc:cdrom,r\(aq ]
boot = \(aqd\(aq
vnc = 1
.RE
.fi
.PP
The same disks in the newer form:
.PP
.nf
.RS
disk = [ \(aq/opt/images/falstaff.img,raw,hda,rw\(aq,
         \(aqformat=raw, vdev=hdc, access=ro, devtype=cdrom, target=/opt/images/install.iso\(aq ]
.RE
.fi
.SH SEE ALSO
.BR windsor (1),
.BR xm (1)
)";

} // namespace

std::string_view canonical_key(std::string_view name)
{
    const auto alias = std::ranges::find_if(kAliases, [&](const auto& entry) { return entry.first == name; });
    return alias == kAliases.end() ? name : alias->second;
}

const KeyInfo* find_key(std::string_view name)
{
    const auto wanted = canonical_key(name);
    const auto keys = all_keys();
    const auto found = std::ranges::lower_bound(keys, wanted, {}, &KeyInfo::name);
    return found != keys.end() && found->name == wanted ? &*found : nullptr;
}

std::string_view nearest_key(std::string_view name)
{
    std::vector<std::string_view> names;
    for (const auto& key : all_keys()) {
        if (key.dialect != KeyDialect::Option) {
            names.push_back(key.name);
        }
    }
    return nearest_name(name, names);
}

std::vector<std::string_view> allowed_words(const KeyInfo& key)
{
    std::vector<std::string_view> words;
    if (const auto* chosen = std::get_if<Choice>(&key.member); chosen != nullptr && key.read == nullptr) {
        std::ranges::transform(chosen->words, std::back_inserter(words), &Word::text);
        return words;
    }
    for (auto rest = key.choices; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return words;
}

std::string default_text(const KeyInfo& key)
{
    return key.default_text.empty() ? member_text(key.member, DomainConfig{}).value_or("")
                                    : std::string{key.default_text};
}

std::string help_for_key(std::string_view name)
{
    std::string underscored{name};
    std::ranges::replace(underscored, '-', '_');
    const auto* key = find_key(underscored);
    if (key == nullptr) {
        const auto nearest = nearest_key(underscored);
        return nearest.empty()
                   ? fmt::format("'{}' is no key of a domain configuration.\n", name)
                   : fmt::format("'{}' is no key of a domain configuration; the nearest is '{}'.\n", name, nearest);
    }
    auto text = fmt::format("{}: {}\n\n{}\n", key->name, value_sentence(*key), key->help);
    if (const auto status = status_sentence(*key); !status.empty()) {
        text += status + "\n";
    }
    return text + fmt::format("In {}.\n", dialect_text(key->dialect));
}

std::string man_page_cfg()
{
    std::string text{kManHead};
    text += man_group("\"Keys with effect\"", "These do what they say.", KeyStatus::Implemented);
    text += man_group("\"Keys accepted with a warning\"",
                      "These are known and have no effect; a warning says so unless the value asks for nothing.",
                      KeyStatus::Accepted);
    text += man_group("\"Keys accepted in silence\"",
                      "These are known and have no effect, and nothing is lost by that.", KeyStatus::Silent);
    text += man_group("\"Keys refused\"", "A domain is not started if one of these asks for something.",
                      KeyStatus::Refused);
    return text + std::string{kManTail};
}

} // namespace windsor::config
