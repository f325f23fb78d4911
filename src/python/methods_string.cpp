// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of strings (Library Reference, "String Methods") about case, kinds of characters and width; and the table
// of all. Case is that of ASCII.
#include <algorithm>
#include <array>

#include "python/methods.hpp"

namespace windsor::python {
namespace {

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

// The width that a method is given, which is never larger than a string may be.
std::int64_t width_of(Interpreter& interpreter, const Arguments& arguments)
{
    const auto width = arguments.integer(0);
    const auto limit = interpreter.environment().limits.text;
    if (width > static_cast<std::int64_t>(limit)) {
        interpreter.fail("a string grows longer than {} bytes", limit);
    }
    return std::max<std::int64_t>(width, 0);
}

Item padded(Interpreter& interpreter, Arguments& arguments, char align)
{
    arguments.expect(1, 2);
    const auto width = width_of(interpreter, arguments);
    const auto fill = arguments.positional.size() > 1 ? arguments.string(1) : std::string{" "};
    if (fill.size() != 1) {
        interpreter.fail("{}() fills with one character", arguments.function);
    }
    const auto& text = arguments.self_string();
    const auto padding =
        static_cast<std::size_t>(width) > text.size() ? static_cast<std::size_t>(width) - text.size() : 0;
    // An odd place more goes to the left in a string of even length, as CPython does it.
    const auto centred = padding / 2 + (padding & static_cast<std::size_t>(width) & 1);
    const auto left = align == '<' ? 0 : align == '>' ? padding : centred;
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
    const auto width = width_of(interpreter, arguments);
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

Item call_expandtabs(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    const auto limit = interpreter.environment().limits.text;
    const auto width = static_cast<std::size_t>(arguments.positional.empty() ? 8 : width_of(interpreter, arguments));
    std::string result;
    std::size_t column = 0;
    for (const char c : arguments.self_string()) {
        const auto blanks = width == 0 ? 0 : width - column % width;
        result += c == '\t' ? std::string(blanks, ' ') : std::string(1, c);
        column = c == '\n' || c == '\r' ? 0 : column + (c == '\t' ? blanks : 1);
        if (result.size() > limit) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
    }
    return interpreter.string(std::move(result));
}

// Python 2's: a table of 256 bytes, as string.maketrans() makes it, and the bytes to leave out.
Item call_translate(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const bool table_given = !std::holds_alternative<None>(arguments.positional[0]);
    const std::string table = table_given ? arguments.string(0) : std::string{};
    const std::string left_out = arguments.positional.size() > 1 ? arguments.string(1) : std::string{};
    if (table_given && table.size() != 256) {
        interpreter.fail("translate() takes a table of 256 bytes, as string.maketrans() makes it");
    }
    std::array<bool, 256> dropped{};
    for (const char c : left_out) {
        dropped[static_cast<unsigned char>(c)] = true;
    }
    std::string result;
    for (const char c : arguments.self_string()) {
        const auto byte = static_cast<unsigned char>(c);
        if (!dropped[byte]) {
            result += table_given ? table[byte] : c;
        }
    }
    return interpreter.string(std::move(result));
}

Item call_istitle(Interpreter&, Arguments& arguments)
{
    arguments.expect(0, 0);
    bool inside = false;
    bool found = false;
    for (const char c : arguments.self_string()) {
        if ((is_upper(c) && inside) || (is_lower(c) && !inside)) {
            return false;
        }
        inside = is_upper(c) || is_lower(c);
        found = found || inside;
    }
    return found;
}

constexpr std::array kMethods{
    Method{"capitalize", call_capitalize}, Method{"center", call_center},     Method{"casefold", call_lower},
    Method{"decode", call_recode},         Method{"encode", call_recode},     Method{"expandtabs", call_expandtabs},
    Method{"format", call_format},         Method{"isalnum", call_isalnum},   Method{"isalpha", call_isalpha},
    Method{"isdecimal", call_isdigit},     Method{"isdigit", call_isdigit},   Method{"islower", call_islower},
    Method{"isnumeric", call_isdigit},     Method{"isspace", call_isspace},   Method{"istitle", call_istitle},
    Method{"isupper", call_isupper},       Method{"ljust", call_ljust},       Method{"lower", call_lower},
    Method{"rjust", call_rjust},           Method{"swapcase", call_swapcase}, Method{"title", call_title},
    Method{"translate", call_translate},   Method{"upper", call_upper},       Method{"zfill", call_zfill},
};

} // namespace

BuiltinCall find_string_method(std::string_view name)
{
    for (const auto table : {std::span<const Method>{kMethods}, string_search_methods(), string_split_methods()}) {
        if (const auto found = look_up(table, name); found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

} // namespace windsor::python
