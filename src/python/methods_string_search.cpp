// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of strings that look for a part, replace it or remove it.
#include <algorithm>
#include <array>

#include "python/methods.hpp"

namespace windsor::python {

// A search costs what it reads, and more for long needles, since std::string::find may compare each place at length.
void charge_search(Interpreter& interpreter, const std::string& text, const std::string& part)
{
    interpreter.step(text.size() / 256 + std::min(part.size(), text.size()) * text.size() / 4096);
}

namespace {

// The part of the text that the optional start and end in the arguments leave, by the rules of slices.
struct Range {
    std::size_t start = 0;
    std::size_t end = 0;
    bool valid = false; // false if start lies behind the end, where not even the empty string is found
};

Range range_of(Interpreter& interpreter, const Arguments& arguments)
{
    const auto size = static_cast<std::int64_t>(arguments.self_string().size());
    const auto bound = [&](std::size_t index, std::int64_t otherwise) {
        if (arguments.positional.size() <= index || std::holds_alternative<None>(arguments.positional[index])) {
            return otherwise;
        }
        const auto value = interpreter.integer(arguments.positional[index], "the bound of a search");
        return value < 0 ? std::max<std::int64_t>(0, value < -size ? 0 : value + size) : value;
    };
    const auto start = bound(1, 0);
    const auto end = std::min(bound(2, size), size);
    if (start > end) {
        return {};
    }
    return {static_cast<std::size_t>(start), static_cast<std::size_t>(end), true};
}

std::string_view part_of(const std::string& text, const Range& range)
{
    return std::string_view{text}.substr(range.start, range.end - range.start);
}

bool has_affix(Interpreter& interpreter, std::string_view text, const Item& affix, bool at_start)
{
    if (const auto* several = std::get_if<const TupleObject*>(&affix)) {
        const Interpreter::Nested nested{interpreter};
        interpreter.step((*several)->items.size());
        return std::ranges::any_of((*several)->items,
                                   [&](const Item& one) { return has_affix(interpreter, text, one, at_start); });
    }
    const auto& part =
        interpreter.text(affix, at_start ? "the argument of startswith()" : "the argument of endswith()");
    interpreter.step(part.size() <= text.size() ? part.size() / 256 : 0);
    return at_start ? text.starts_with(part) : text.ends_with(part);
}

Item call_startswith(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 3);
    const auto range = range_of(interpreter, arguments);
    return has_affix(interpreter, part_of(arguments.self_string(), range), arguments.positional[0], true) &&
           range.valid;
}

Item call_endswith(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 3);
    const auto range = range_of(interpreter, arguments);
    return has_affix(interpreter, part_of(arguments.self_string(), range), arguments.positional[0], false) &&
           range.valid;
}

enum class From { Left, Right };

std::int64_t found_at(Interpreter& interpreter, Arguments& arguments, From from)
{
    arguments.expect(1, 3);
    const auto& part = arguments.string(0);
    charge_search(interpreter, arguments.self_string(), part);
    const auto range = range_of(interpreter, arguments);
    const auto text = part_of(arguments.self_string(), range);
    const auto place = from == From::Right ? text.rfind(part) : text.find(part);
    return place == std::string_view::npos || !range.valid ? -1 : static_cast<std::int64_t>(range.start + place);
}

Item call_find(Interpreter& interpreter, Arguments& arguments)
{
    return found_at(interpreter, arguments, From::Left);
}

Item call_rfind(Interpreter& interpreter, Arguments& arguments)
{
    return found_at(interpreter, arguments, From::Right);
}

Item checked_place(Interpreter& interpreter, Arguments& arguments, std::int64_t place)
{
    if (place < 0) {
        interpreter.fail("{}() finds no {} in the string", arguments.function,
                         python_quoted(arguments.string(0).substr(0, 40)));
    }
    return place;
}

Item call_index(Interpreter& interpreter, Arguments& arguments)
{
    return checked_place(interpreter, arguments, found_at(interpreter, arguments, From::Left));
}

Item call_rindex(Interpreter& interpreter, Arguments& arguments)
{
    return checked_place(interpreter, arguments, found_at(interpreter, arguments, From::Right));
}

Item call_count(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 3);
    const auto& part = arguments.string(0);
    charge_search(interpreter, arguments.self_string(), part);
    const auto range = range_of(interpreter, arguments);
    const auto text = part_of(arguments.self_string(), range);
    if (part.empty()) {
        return static_cast<std::int64_t>(range.valid ? text.size() + 1 : 0);
    }
    std::int64_t count = 0;
    for (auto place = text.find(part); place != std::string_view::npos; place = text.find(part, place + part.size())) {
        ++count;
    }
    return count;
}

// replace() with nothing to look for puts the new part around every character.
std::string interspersed(const std::string& text, const std::string& part, std::int64_t most)
{
    std::string result;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool inside_character = i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
        if (most != 0 && !inside_character) {
            result += part;
            --most;
        }
        result += i < text.size() ? text.substr(i, 1) : "";
    }
    return result;
}

Item call_replace(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 3);
    const auto& text = arguments.self_string();
    const auto& old_part = arguments.string(0);
    const auto& new_part = arguments.string(1);
    const auto limit = interpreter.environment().limits.text;
    auto most = arguments.positional.size() > 2 ? arguments.integer(2) : -1;
    if (old_part.empty()) {
        if (new_part.size() > limit / (text.size() + 1)) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
        interpreter.step(text.size() / 16);
        return interpreter.string(interspersed(text, new_part, most));
    }
    charge_search(interpreter, text, old_part);
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

constexpr std::array kSearchMethods{
    Method{"count", call_count},
    Method{"endswith", call_endswith},
    Method{"find", call_find},
    Method{"index", call_index},
    Method{"lstrip", call_lstrip},
    Method{"removeprefix", call_removeprefix},
    Method{"removesuffix", call_removesuffix},
    Method{"replace", call_replace},
    Method{"rfind", call_rfind},
    Method{"rindex", call_rindex},
    Method{"rstrip", call_rstrip},
    Method{"startswith", call_startswith},
    Method{"strip", call_strip},
};

} // namespace

std::span<const Method> string_search_methods()
{
    return kSearchMethods;
}

} // namespace windsor::python
