// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of strings that take one apart or join several.
#include <algorithm>
#include <array>

#include "python/methods.hpp"

namespace windsor::python {
namespace {

Item split_at(Interpreter& interpreter, std::string_view text, const std::string& separator, std::int64_t most)
{
    if (separator.empty()) {
        interpreter.fail("the separator of split() cannot be empty");
    }
    Items parts;
    for (;;) {
        const auto place =
            most == static_cast<std::int64_t>(parts.size()) ? std::string_view::npos : text.find(separator);
        parts.push_back(interpreter.string(std::string{text.substr(0, place)}));
        if (place == std::string_view::npos) {
            return interpreter.list(std::move(parts));
        }
        text.remove_prefix(place + separator.size());
    }
}

Item split_at_blanks(Interpreter& interpreter, std::string_view text, std::int64_t most)
{
    Items parts;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        if (text.empty()) {
            return interpreter.list(std::move(parts));
        }
        const bool last = most == static_cast<std::int64_t>(parts.size());
        const auto end = last ? text.size() : std::min(text.find_first_of(kBlanks), text.size());
        parts.push_back(interpreter.string(std::string{text.substr(0, end)}));
        text.remove_prefix(end);
    }
}

Item call_split(Interpreter& interpreter, Arguments& arguments)
{
    const auto separator = arguments.optional(0, "sep");
    const auto limit = arguments.optional(1, "maxsplit");
    arguments.expect(0, 2);
    const auto most = limit ? interpreter.integer(*limit, "the limit of split()") : -1;
    if (!separator || std::holds_alternative<None>(*separator)) {
        return split_at_blanks(interpreter, arguments.self_string(), most);
    }
    const auto& text = interpreter.text(*separator, "the separator of split()");
    charge_search(interpreter, arguments.self_string(), text);
    return split_at(interpreter, arguments.self_string(), text, most);
}

// The parts from the right, and at last what the limit leaves.
Items split_from_right(Interpreter& interpreter, std::string_view text, const std::string& separator, std::int64_t most)
{
    Items parts;
    while (static_cast<std::int64_t>(parts.size()) < most) {
        const auto place = text.rfind(separator);
        if (place == std::string_view::npos) {
            break;
        }
        parts.push_back(interpreter.string(std::string{text.substr(place + separator.size())}));
        text = text.substr(0, place);
    }
    parts.push_back(interpreter.string(std::string{text}));
    std::ranges::reverse(parts);
    return parts;
}

Items split_from_right_at_blanks(Interpreter& interpreter, std::string_view text, std::int64_t most)
{
    Items parts;
    for (;;) {
        text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
        if (text.empty()) {
            break;
        }
        const bool last = most == static_cast<std::int64_t>(parts.size());
        const auto start = last ? 0 : text.find_last_of(kBlanks) + 1;
        parts.push_back(interpreter.string(std::string{text.substr(start)}));
        text = text.substr(0, start);
    }
    std::ranges::reverse(parts);
    return parts;
}

Item call_rsplit(Interpreter& interpreter, Arguments& arguments)
{
    const auto separator = arguments.optional(0, "sep");
    const auto limit = arguments.optional(1, "maxsplit");
    arguments.expect(0, 2);
    const auto most = limit ? interpreter.integer(*limit, "the limit of rsplit()") : -1;
    const auto& text = arguments.self_string();
    if (!separator || std::holds_alternative<None>(*separator)) {
        return most < 0 ? split_at_blanks(interpreter, text, most)
                        : interpreter.list(split_from_right_at_blanks(interpreter, text, most));
    }
    const auto& mark = interpreter.text(*separator, "the separator of rsplit()");
    if (mark.empty()) {
        interpreter.fail("the separator of rsplit() cannot be empty");
    }
    charge_search(interpreter, text, mark);
    return interpreter.list(split_from_right(interpreter, text, mark, most < 0 ? INT64_MAX : most));
}

Item call_splitlines(Interpreter& interpreter, Arguments& arguments)
{
    const auto keep = arguments.optional(0, "keepends");
    arguments.expect(0, 1);
    const bool keeps_ends = keep && interpreter.truth(*keep);
    std::string_view text = arguments.self_string();
    Items parts;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        const auto behind = end + (text.substr(end).starts_with("\r\n") ? 2U : end < text.size() ? 1U : 0U);
        parts.push_back(interpreter.string(std::string{text.substr(0, keeps_ends ? behind : end)}));
        text.remove_prefix(behind);
    }
    return interpreter.list(std::move(parts));
}

Item partitioned(Interpreter& interpreter, Arguments& arguments, bool from_right)
{
    arguments.expect(1, 1);
    const auto& text = arguments.self_string();
    const auto& separator = arguments.string(0);
    if (separator.empty()) {
        interpreter.fail("the separator of {}() cannot be empty", arguments.function);
    }
    charge_search(interpreter, text, separator);
    const auto place = from_right ? text.rfind(separator) : text.find(separator);
    if (place == std::string::npos) {
        const auto whole = interpreter.string(text);
        const auto nothing = interpreter.string("");
        return from_right ? interpreter.tuple({nothing, nothing, whole}) : interpreter.tuple({whole, nothing, nothing});
    }
    return interpreter.tuple({interpreter.string(text.substr(0, place)), interpreter.string(separator),
                              interpreter.string(text.substr(place + separator.size()))});
}

Item call_partition(Interpreter& interpreter, Arguments& arguments)
{
    return partitioned(interpreter, arguments, false);
}
Item call_rpartition(Interpreter& interpreter, Arguments& arguments)
{
    return partitioned(interpreter, arguments, true);
}

Item call_join(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto limit = interpreter.environment().limits.text;
    std::string text;
    bool first = true;
    for (const auto& item : interpreter.iterate(arguments.positional[0])) {
        text += first ? "" : arguments.self_string();
        first = false;
        text += interpreter.text(item, "each element that join() takes");
        if (text.size() > limit) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
    }
    return interpreter.string(std::move(text));
}

constexpr std::array kSplitMethods{
    Method{"join", call_join},     Method{"partition", call_partition}, Method{"rpartition", call_rpartition},
    Method{"rsplit", call_rsplit}, Method{"split", call_split},         Method{"splitlines", call_splitlines},
};

} // namespace

std::span<const Method> string_split_methods()
{
    return kSplitMethods;
}

} // namespace windsor::python
