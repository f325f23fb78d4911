// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/value.hpp"

#include <algorithm>
#include <cmath>

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

} // namespace

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

} // namespace windsor::config
