// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/value.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace windsor::config {
namespace {

// The length of the well-formed UTF-8 sequence at the start of text, or 0 (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text)
{
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                               : lead >= 0xe0 && lead <= 0xef ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t index = 1; index < length; ++index) {
        if ((byte(index) & 0xc0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = byte(1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool outside = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
    return overlong || outside ? 0 : length;
}

template <typename Sequence, typename Write>
std::string joined(const Sequence& items, std::string_view separator, Write write)
{
    std::string text;
    for (const auto& item : items) {
        if (!text.empty()) {
            text += separator;
        }
        text += write(item);
    }
    return text;
}

} // namespace

const Value::List* Value::items() const
{
    if (const auto* tuple = std::get_if<Tuple>(&data_)) {
        return &tuple->items;
    }
    return std::get_if<List>(&data_);
}

bool Value::truth() const
{
    if (const auto* list = items()) {
        return !list->empty();
    }
    if (const auto* entries = dict()) {
        return !entries->empty();
    }
    if (const auto* text = string()) {
        return !text->empty();
    }
    if (const auto* number = integer()) {
        return *number != 0;
    }
    if (const auto* number = real()) {
        return *number != 0.0;
    }
    const auto* flag = boolean();
    return flag != nullptr && *flag;
}

std::string_view Value::kind_name() const
{
    constexpr std::string_view kNames[] = {"None",     "a boolean", "an integer", "a floating-point number",
                                           "a string", "a list",    "a tuple",    "a dictionary"};
    return kNames[data_.index()];
}

bool Value::append(Value other)
{
    if (auto* text = std::get_if<std::string>(&data_); text != nullptr && other.string() != nullptr) {
        *text += *other.string();
        return true;
    }
    auto* mine = std::get_if<List>(&data_);
    auto* theirs = std::get_if<List>(&other.data_);
    if (mine == nullptr || theirs == nullptr) {
        return false;
    }
    std::ranges::move(*theirs, std::back_inserter(*mine));
    return true;
}

bool Value::operator==(const Value& other) const
{
    if (data_.index() != other.data_.index()) {
        return false;
    }
    if (const auto* list = items()) {
        return *list == *other.items();
    }
    if (const auto* entries = dict()) {
        return *entries == *other.dict();
    }
    return boolean() != nullptr   ? *boolean() == *other.boolean()
           : integer() != nullptr ? *integer() == *other.integer()
           : real() != nullptr    ? *real() == *other.real()
           : string() != nullptr  ? *string() == *other.string()
                                  : true;
}

nlohmann::ordered_json to_json(const Value& value)
{
    if (const auto* list = value.items()) {
        auto array = nlohmann::ordered_json::array();
        for (const auto& item : *list) {
            array.push_back(to_json(item));
        }
        return array;
    }
    if (const auto* entries = value.dict()) {
        auto object = nlohmann::ordered_json::object();
        for (const auto& [key, item] : *entries) {
            object[valid_utf8(key)] = to_json(item);
        }
        return object;
    }
    if (const auto* text = value.string()) {
        return valid_utf8(*text);
    }
    if (const auto* number = value.integer()) {
        return *number;
    }
    if (const auto* number = value.real()) {
        return std::isfinite(*number) ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
    }
    if (const auto* flag = value.boolean()) {
        return *flag;
    }
    return nullptr;
}

std::string to_sxp(const Value& value)
{
    if (const auto* list = value.items()) {
        return "(" + joined(*list, " ", [](const Value& item) { return to_sxp(item); }) + ")";
    }
    if (const auto* entries = value.dict()) {
        return "(" +
               joined(
                   *entries, " ",
                   [](const auto& entry) { return "(" + sxp_atom(entry.first) + " " + to_sxp(entry.second) + ")"; }) +
               ")";
    }
    if (const auto* text = value.string()) {
        return sxp_atom(*text);
    }
    if (const auto* flag = value.boolean()) {
        return *flag ? "1" : "0";
    }
    return value.is_none() ? "()" : to_text(value);
}

std::string to_text(const Value& value)
{
    if (const auto* entries = value.dict()) {
        return "{" +
               joined(*entries, ", ",
                      [](const auto& entry) { return python_quoted(entry.first) + ": " + to_text(entry.second); }) +
               "}";
    }
    if (const auto* list = value.items()) {
        const auto text = joined(*list, ", ", [](const Value& item) { return to_text(item); });
        return value.kind_name() == "a tuple" ? "(" + text + (list->size() == 1 ? ",)" : ")") : "[" + text + "]";
    }
    if (const auto* text = value.string()) {
        return python_quoted(*text);
    }
    if (const auto* number = value.integer()) {
        return std::to_string(*number);
    }
    if (const auto* number = value.real()) {
        return float_text(*number);
    }
    const auto* flag = value.boolean();
    return flag == nullptr ? "None" : *flag ? "True" : "False";
}

std::string valid_utf8(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto length = sequence_length(text);
        result += length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

std::string sxp_atom(std::string_view text)
{
    const auto bare = [](char c) {
        return c > ' ' && c < 0x7f && std::string_view{"()'\"\\#"}.find(c) == std::string_view::npos;
    };
    if (!text.empty() && std::ranges::all_of(text, bare)) {
        return std::string{text};
    }
    std::string result = "'";
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\'' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + "'";
}

std::string float_text(double value)
{
    auto text = fmt::format("{}", value);
    if (text.find_first_of(".eni") == std::string::npos) {
        text += ".0";
    }
    return text;
}

std::string python_quoted(std::string_view text)
{
    const bool use_double = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
    const char quote = use_double ? '"' : '\'';
    std::string result(1, quote);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == quote || c == '\\') {
            result += '\\';
            result += c;
        } else if (c == '\n' || c == '\t' || c == '\r') {
            result += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
        } else if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\x{:02x}", byte);
        } else {
            result += c;
        }
    }
    return result + quote;
}

} // namespace windsor::config
