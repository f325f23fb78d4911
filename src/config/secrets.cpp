// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/secrets.hpp"

#include <algorithm>

namespace windsor::config {

namespace {

constexpr std::string_view kSuffixes[] = {"passwd", "password"};

bool names_secret(std::string_view key)
{
    return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return key.ends_with(suffix); });
}

// The end of the first such key in the text from there on; npos: there is none.
std::size_t next_key_end(const std::string& text, std::size_t from)
{
    std::size_t end = std::string::npos;
    for (const std::string_view suffix : kSuffixes) {
        const std::size_t at = text.find(suffix, from);
        end = at == std::string::npos ? end : std::min(end, at + suffix.size());
    }
    return end;
}

// "vnc=1, vncpasswd=secret, vnclisten=…": what follows each key up to the next comma.
std::string hide_in_text(const std::string& text)
{
    std::string shown;
    std::size_t from = 0;
    for (;;) {
        const std::size_t key_end = next_key_end(text, from);
        const std::size_t equals = key_end == std::string::npos ? key_end : text.find_first_not_of(' ', key_end);
        if (equals == std::string::npos) {
            return shown + text.substr(from);
        }
        const std::size_t end = std::min(text.find(',', equals), text.size());
        const bool given = text[equals] == '=' && end > equals + 1;
        const std::size_t keep = given ? equals + 1 : key_end;
        shown += text.substr(from, keep - from);
        shown += given ? kHidden : "";
        from = given ? end : keep;
    }
}

Value hide_everywhere(const Value& value)
{
    if (const std::string* text = value.string()) {
        return text->empty() ? value : Value{std::string{kHidden}};
    }
    return value.is_none() ? value : Value{std::string{kHidden}};
}

Value::List hide_in_items(const Value::List& items)
{
    Value::List shown;
    std::ranges::transform(items, std::back_inserter(shown),
                           [](const Value& item) { return without_secrets("", item); });
    return shown;
}

} // namespace

Value without_secrets(std::string_view key, const Value& value)
{
    if (names_secret(key)) {
        return hide_everywhere(value);
    }
    if (const std::string* text = value.string()) {
        return hide_in_text(*text);
    }
    if (const Value::Dict* dict = value.dict()) {
        Value::Dict shown;
        for (const auto& [name, item] : *dict) {
            shown.emplace_back(name, without_secrets(name, item));
        }
        return shown;
    }
    if (const Value::List* items = value.items()) {
        return hide_in_items(*items);
    }
    return value;
}

} // namespace windsor::config
