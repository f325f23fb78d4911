// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/reading.hpp"

#include <algorithm>
#include <concepts>

#include <fmt/ranges.h>

#include "config/value_types.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kLongestShown = 40; // characters of a value in a message

// Whether the value asks for nothing, or for what is there anyway.
bool asks_nothing(const KeyInfo& key, const Value& value)
{
    const auto* text = value.string();
    const auto otherwise = default_text(key);
    return !value.truth() || to_text(value) == otherwise ||
           (text != nullptr && (*text == otherwise || *text == "0" || *text == "none"));
}

void check_text(const KeyInfo& key, const Setting& setting, const std::string& text)
{
    if (text.find('\0') != std::string::npos) {
        complain(setting.value_at, "'{}' cannot contain a NUL character", key.name);
    }
    const auto words = allowed_words(key);
    if (!words.empty() && !text.empty() && std::ranges::find(words, std::string_view{text}) == words.end()) {
        complain(setting.value_at, "'{}' cannot be '{}'; it is one of: {}", key.name, text.substr(0, kLongestShown),
                 fmt::join(words, ", "));
    }
}

void check_range(const KeyInfo& key, const Setting& setting)
{
    const auto number = *as_integer(setting.value);
    if (number < key.least) {
        complain(setting.value_at, "'{}' must be {} or more, not {}", key.name, key.least, number);
    }
    if (number > key.most) {
        complain(setting.value_at, "'{}' must be {} or less, not {}", key.name, key.most, number);
    }
}

// Puts a value that has been checked into a member, one function for each type of member.
struct Assignment {
    const KeyInfo& key;
    const Setting& setting;
    Reading& reading;

    void operator()(const Field<Switch>& field) const
    {
        field.in(reading.config) = as_boolean(setting.value).value_or(false) ? Switch::On : Switch::Off;
    }
    template <std::integral T> void operator()(const Field<T>& field) const
    {
        field.in(reading.config) = static_cast<T>(*as_integer(setting.value));
    }
    void operator()(const Field<std::optional<int>>& field) const
    {
        field.in(reading.config) = static_cast<int>(*as_integer(setting.value));
    }
    void operator()(const Field<std::string>& field) const { field.in(reading.config) = text(); }
    void operator()(const Field<std::optional<std::string>>& field) const { field.in(reading.config) = text(); }
    void operator()(const Field<std::vector<std::string>>& field) const
    {
        std::vector<std::string> texts;
        for (const Value& item : *setting.value.items()) {
            texts.push_back(*item.string());
        }
        field.in(reading.config) = std::move(texts);
    }
    void operator()(const Choice& choice) const
    {
        const Word* word = find_word(choice.words, text());
        if (word == nullptr) {
            return; // an empty text; check_text() has refused all others
        }
        if (!word->reason.empty()) {
            reading.warn(setting.value_at, fmt::format("'{}' does what '{}' does: {}", word->text,
                                                       word_for(choice.words, word->value), word->reason));
        }
        choice.set(reading.config, word->value);
    }
    // These have functions of their own, or are only checked.
    void operator()(std::monostate) const {}
    template <typename Device> void operator()(const Field<std::vector<Device>>&) const {}

    std::string text() const
    {
        auto text = text_of(setting);
        if (key.check == nullptr) {
            return text;
        }
        auto checked = key.check(text);
        if (!checked) {
            complain(setting.value_at, "{}", checked.error());
        }
        return std::move(*checked);
    }
};

} // namespace

const Setting* Reading::find(std::string_view key) const
{
    const auto found = std::ranges::find_if(settings.entries, [&](const Setting& setting) {
        return canonical_key(setting.key) == key && !setting.value.is_none();
    });
    return found == settings.entries.end() ? nullptr : &*found;
}

std::optional<std::string> Reading::text(std::string_view key) const
{
    const auto* setting = find(key);
    return setting == nullptr ? std::nullopt : std::optional{text_of(*setting)};
}

std::optional<std::int64_t> Reading::integer(std::string_view key) const
{
    const auto* setting = find(key);
    return setting == nullptr ? std::nullopt : as_integer(setting->value);
}

bool Reading::is_on(std::string_view key) const
{
    const auto* setting = find(key);
    return setting != nullptr && as_boolean(setting->value).value_or(false);
}

std::string text_of(const Setting& setting)
{
    return setting.value.string() != nullptr ? *setting.value.string() : to_text(setting.value);
}

void check_setting(const KeyInfo& key, const Setting& setting, Reading& reading)
{
    if (key.dialect == KeyDialect::Option) {
        reading.warn(setting.key_at, fmt::format("'{}' has no effect here: {}", key.name, key.reason));
        return;
    }
    if (setting.value.is_none()) {
        return;
    }
    if (key.status == KeyStatus::Refused) {
        if (!asks_nothing(key, setting.value)) {
            complain(setting.key_at, "'{}' is refused: {}", key.name, key.reason);
        }
        return;
    }
    if (!has_type(setting.value, key.type)) {
        complain(setting.value_at, "'{}' must be {}, not {}", key.name, type_phrase(key.type),
                 setting.value.kind_name());
    }
    // xl takes numbers for some words of keys that have no effect here.
    const bool is_text = key.type == KeyType::String && key.status == KeyStatus::Implemented;
    if (is_text || setting.value.string() != nullptr) {
        check_text(key, setting, text_of(setting));
    }
    if (key.type == KeyType::Integer) {
        check_range(key, setting);
    }
    if (key.status == KeyStatus::Accepted && !asks_nothing(key, setting.value)) {
        reading.warn(setting.key_at, fmt::format("'{}' is accepted without effect: {}", key.name, key.reason));
    }
}

void read_setting(const KeyInfo& key, const Setting& setting, Reading& reading)
{
    if (key.read != nullptr) {
        key.read(key, setting, reading);
    } else if (key.check == nullptr || !text_of(setting).empty()) { // an empty text that is checked stands for none
        std::visit(Assignment{key, setting, reading}, key.member);
    }
}

} // namespace windsor::config
