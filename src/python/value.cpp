// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/value.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace windsor::python {
namespace {

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

} // namespace windsor::python
