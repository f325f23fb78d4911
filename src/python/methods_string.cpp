// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of strings (Library Reference, "String Methods"). Case is that of ASCII.
#include <algorithm>
#include <array>

#include "python/interpreter.hpp"

namespace windsor::python {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
char upper(char c)
{
    return is_lower(c) ? static_cast<char>(c - 0x20) : c;
}
char lower(char c)
{
    return is_upper(c) ? static_cast<char>(c + 0x20) : c;
}

// A search costs what it reads, and more for long needles, since std::string::find may compare each place at length.
void charge_search(Interpreter& interpreter, const std::string& text, const std::string& part)
{
    interpreter.step(text.size() / 256 + std::min(part.size(), text.size()) * text.size() / 4096);
}

template <typename Change> Item changed(Interpreter& interpreter, Arguments& arguments, Change change)
{
    arguments.expect(0, 0);
    std::string text = arguments.self_string();
    change(text);
    return interpreter.string(std::move(text));
}

Item call_upper(Interpreter& interpreter, Arguments& arguments)
{
    return changed(interpreter, arguments,
                   [](std::string& text) { std::ranges::transform(text, text.begin(), upper); });
}

Item call_lower(Interpreter& interpreter, Arguments& arguments)
{
    return changed(interpreter, arguments,
                   [](std::string& text) { std::ranges::transform(text, text.begin(), lower); });
}

Item call_capitalize(Interpreter& interpreter, Arguments& arguments)
{
    return changed(interpreter, arguments, [](std::string& text) {
        std::ranges::transform(text, text.begin(), lower);
        if (!text.empty()) {
            text[0] = upper(text[0]);
        }
    });
}

Item call_title(Interpreter& interpreter, Arguments& arguments)
{
    return changed(interpreter, arguments, [](std::string& text) {
        bool inside = false;
        for (auto& c : text) {
            c = inside ? lower(c) : upper(c);
            inside = is_lower(c) || is_upper(c);
        }
    });
}

Item call_swapcase(Interpreter& interpreter, Arguments& arguments)
{
    return changed(interpreter, arguments, [](std::string& text) {
        std::ranges::transform(text, text.begin(), [](char c) { return is_upper(c) ? lower(c) : upper(c); });
    });
}

Item stripped(Interpreter& interpreter, Arguments& arguments, bool left, bool right)
{
    arguments.expect(0, 1);
    std::string_view set = kBlanks;
    if (!arguments.positional.empty() && !std::holds_alternative<None>(arguments.positional[0])) {
        set = arguments.string(0);
    }
    std::string_view text = arguments.self_string();
    interpreter.step(std::min(set.size(), text.size()) * text.size() / 4096);
    if (left) {
        text.remove_prefix(std::min(text.find_first_not_of(set), text.size()));
    }
    if (right) {
        text = text.substr(0, text.find_last_not_of(set) + 1);
    }
    return interpreter.string(std::string{text});
}

Item call_strip(Interpreter& interpreter, Arguments& arguments)
{
    return stripped(interpreter, arguments, true, true);
}
Item call_lstrip(Interpreter& interpreter, Arguments& arguments)
{
    return stripped(interpreter, arguments, true, false);
}
Item call_rstrip(Interpreter& interpreter, Arguments& arguments)
{
    return stripped(interpreter, arguments, false, true);
}

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
        const auto end = last ? text.find_last_not_of(kBlanks) + 1 : std::min(text.find_first_of(kBlanks), text.size());
        parts.push_back(interpreter.string(std::string{text.substr(0, end)}));
        text.remove_prefix(last ? text.size() : end);
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

Item call_rsplit(Interpreter& interpreter, Arguments& arguments)
{
    const auto separator = arguments.optional(0, "sep");
    const auto limit = arguments.optional(1, "maxsplit");
    arguments.expect(0, 2);
    const auto most = limit ? interpreter.integer(*limit, "the limit of rsplit()") : -1;
    if (most < 0) {
        return call_split(interpreter, arguments);
    }
    if (!separator || std::holds_alternative<None>(*separator)) {
        interpreter.fail("rsplit() with a limit needs a separator");
    }
    const auto& sep = interpreter.text(*separator, "the separator of rsplit()");
    if (sep.empty()) {
        interpreter.fail("the separator of rsplit() cannot be empty");
    }
    charge_search(interpreter, arguments.self_string(), sep);
    std::string_view text = arguments.self_string();
    Items parts;
    while (static_cast<std::int64_t>(parts.size()) < most) {
        const auto place = text.rfind(sep);
        if (place == std::string_view::npos) {
            break;
        }
        parts.push_back(interpreter.string(std::string{text.substr(place + sep.size())}));
        text = text.substr(0, place);
    }
    parts.push_back(interpreter.string(std::string{text}));
    std::ranges::reverse(parts);
    return interpreter.list(std::move(parts));
}

Item call_splitlines(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    std::string_view text = arguments.self_string();
    Items parts;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        parts.push_back(interpreter.string(std::string{text.substr(0, end)}));
        text.remove_prefix(end);
        text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
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

Item call_replace(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 3);
    const auto& text = arguments.self_string();
    const auto& old_part = arguments.string(0);
    const auto& new_part = arguments.string(1);
    auto most = arguments.positional.size() > 2 ? arguments.integer(2) : -1;
    if (old_part.empty()) {
        interpreter.fail("replace() cannot look for an empty string");
    }
    charge_search(interpreter, text, old_part);
    const auto limit = interpreter.environment().limits.text;
    std::string result;
    std::size_t start = 0;
    for (; most != 0; --most) {
        const auto place = text.find(old_part, start);
        if (place == std::string::npos) {
            break;
        }
        result.append(text, start, place - start);
        result += new_part;
        start = place + old_part.size();
        if (result.size() > limit) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
    }
    result.append(text, start);
    return interpreter.string(std::move(result));
}

bool has_affix(Interpreter& interpreter, const std::string& text, const Item& affix, bool at_start)
{
    if (const auto* several = std::get_if<const TupleObject*>(&affix)) {
        const Interpreter::Nested nested{interpreter};
        interpreter.step((*several)->items.size());
        return std::ranges::any_of((*several)->items,
                                   [&](const Item& one) { return has_affix(interpreter, text, one, at_start); });
    }
    const auto& part =
        interpreter.text(affix, at_start ? "the argument of startswith()" : "the argument of endswith()");
    return at_start ? text.starts_with(part) : text.ends_with(part);
}

Item call_startswith(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return has_affix(interpreter, arguments.self_string(), arguments.positional[0], true);
}
Item call_endswith(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return has_affix(interpreter, arguments.self_string(), arguments.positional[0], false);
}

std::int64_t found_at(Interpreter& interpreter, Arguments& arguments, bool from_right)
{
    arguments.expect(1, 2);
    const auto& text = arguments.self_string();
    const auto& part = arguments.string(0);
    charge_search(interpreter, text, part);
    const auto size = static_cast<std::int64_t>(text.size());
    auto start = arguments.positional.size() > 1 ? arguments.integer(1) : 0;
    start = start < 0 ? std::max<std::int64_t>(0, start < -size ? 0 : start + size) : start;
    if (start > size) {
        return -1;
    }
    const auto place = from_right ? text.rfind(part) : text.find(part, static_cast<std::size_t>(start));
    return place == std::string::npos || static_cast<std::int64_t>(place) < start ? -1
                                                                                  : static_cast<std::int64_t>(place);
}

Item call_find(Interpreter& interpreter, Arguments& arguments)
{
    return found_at(interpreter, arguments, false);
}
Item call_rfind(Interpreter& interpreter, Arguments& arguments)
{
    return found_at(interpreter, arguments, true);
}
Item checked_place(Interpreter& interpreter, Arguments& arguments, std::string_view name, std::int64_t place)
{
    if (place < 0) {
        interpreter.fail("{}() finds no {} in the string", name, python_quoted(arguments.string(0).substr(0, 40)));
    }
    return place;
}

Item call_index(Interpreter& interpreter, Arguments& arguments)
{
    return checked_place(interpreter, arguments, "index", found_at(interpreter, arguments, false));
}
Item call_rindex(Interpreter& interpreter, Arguments& arguments)
{
    return checked_place(interpreter, arguments, "rindex", found_at(interpreter, arguments, true));
}

Item call_removeprefix(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& text = arguments.self_string();
    const auto& part = arguments.string(0);
    return interpreter.string(text.starts_with(part) ? text.substr(part.size()) : text);
}
Item call_removesuffix(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& text = arguments.self_string();
    const auto& part = arguments.string(0);
    return interpreter.string(text.ends_with(part) ? text.substr(0, text.size() - part.size()) : text);
}

Item call_count(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& text = arguments.self_string();
    const auto& part = arguments.string(0);
    charge_search(interpreter, text, part);
    if (part.empty()) {
        return static_cast<std::int64_t>(text.size() + 1);
    }
    std::int64_t count = 0;
    for (auto place = text.find(part); place != std::string::npos; place = text.find(part, place + part.size())) {
        ++count;
    }
    return count;
}

Item padded(Interpreter& interpreter, Arguments& arguments, char align)
{
    arguments.expect(1, 2);
    const auto width = std::clamp<std::int64_t>(arguments.integer(0), 0, interpreter.environment().limits.text);
    const auto fill = arguments.positional.size() > 1 ? arguments.string(1) : std::string{" "};
    if (fill.size() != 1) {
        interpreter.fail("{}() fills with one character", arguments.function);
    }
    const auto& text = arguments.self_string();
    const auto padding =
        static_cast<std::size_t>(width) > text.size() ? static_cast<std::size_t>(width) - text.size() : 0;
    const auto left = align == '<' ? 0 : align == '>' ? padding : padding / 2;
    return interpreter.string(std::string(left, fill[0]) + text + std::string(padding - left, fill[0]));
}

Item call_ljust(Interpreter& interpreter, Arguments& arguments)
{
    return padded(interpreter, arguments, '<');
}
Item call_rjust(Interpreter& interpreter, Arguments& arguments)
{
    return padded(interpreter, arguments, '>');
}
Item call_center(Interpreter& interpreter, Arguments& arguments)
{
    return padded(interpreter, arguments, '^');
}

Item call_zfill(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto width = std::clamp<std::int64_t>(arguments.integer(0), 0, interpreter.environment().limits.text);
    auto text = arguments.self_string();
    const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    if (static_cast<std::size_t>(width) > text.size()) {
        text.insert(sign, static_cast<std::size_t>(width) - text.size(), '0');
    }
    return interpreter.string(std::move(text));
}

template <typename Test> Item every(Arguments& arguments, Test test)
{
    arguments.expect(0, 0);
    return !arguments.self_string().empty() && std::ranges::all_of(arguments.self_string(), test);
}

Item call_isdigit(Interpreter&, Arguments& arguments)
{
    return every(arguments, is_digit);
}
Item call_isalpha(Interpreter&, Arguments& arguments)
{
    return every(arguments, [](char c) { return is_lower(c) || is_upper(c); });
}
Item call_isalnum(Interpreter&, Arguments& arguments)
{
    return every(arguments, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); });
}
Item call_isspace(Interpreter&, Arguments& arguments)
{
    return every(arguments, [](char c) { return kBlanks.find(c) != std::string_view::npos; });
}
Item call_isupper(Interpreter&, Arguments& arguments)
{
    return every(arguments, [](char c) { return !is_lower(c); }) == Item{true} &&
           std::ranges::any_of(arguments.self_string(), is_upper);
}
Item call_islower(Interpreter&, Arguments& arguments)
{
    return every(arguments, [](char c) { return !is_upper(c); }) == Item{true} &&
           std::ranges::any_of(arguments.self_string(), is_lower);
}

Item call_format(Interpreter& interpreter, Arguments& arguments)
{
    return interpreter.string(interpreter.format_method(arguments.self_string(), arguments));
}

// encode() and decode(): strings are bytes here, so UTF-8 and its subset change nothing.
Item call_recode(Interpreter&, Arguments& arguments)
{
    arguments.expect(0, 2);
    return arguments.self;
}

constexpr std::array<std::pair<std::string_view, BuiltinCall>, 40> kMethods{{
    {"capitalize", call_capitalize},
    {"center", call_center},
    {"count", call_count},
    {"decode", call_recode},
    {"encode", call_recode},
    {"endswith", call_endswith},
    {"find", call_find},
    {"format", call_format},
    {"index", call_index},
    {"isalnum", call_isalnum},
    {"isalpha", call_isalpha},
    {"isdigit", call_isdigit},
    {"islower", call_islower},
    {"isspace", call_isspace},
    {"isupper", call_isupper},
    {"join", call_join},
    {"ljust", call_ljust},
    {"lower", call_lower},
    {"lstrip", call_lstrip},
    {"partition", call_partition},
    {"replace", call_replace},
    {"removeprefix", call_removeprefix},
    {"removesuffix", call_removesuffix},
    {"rfind", call_rfind},
    {"rindex", call_rindex},
    {"rjust", call_rjust},
    {"rpartition", call_rpartition},
    {"rsplit", call_rsplit},
    {"rstrip", call_rstrip},
    {"split", call_split},
    {"splitlines", call_splitlines},
    {"startswith", call_startswith},
    {"strip", call_strip},
    {"swapcase", call_swapcase},
    {"title", call_title},
    {"upper", call_upper},
    {"zfill", call_zfill},
    {"isdecimal", call_isdigit},
    {"isnumeric", call_isdigit},
    {"casefold", call_lower},
}};

} // namespace

BuiltinCall find_string_method(std::string_view name)
{
    const auto found = std::ranges::find_if(kMethods, [&](const auto& entry) { return entry.first == name; });
    return found == kMethods.end() ? nullptr : found->second;
}

} // namespace windsor::python
