// SPDX-License-Identifier: GPL-2.0-or-later
// The three kinds of formatting: '%' (Library Reference, "printf-style String Formatting"), str.format and f-strings
// ("Format Specification Mini-Language").
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

#include "python/interpreter.hpp"
#include "python/tokenizer.hpp"

namespace windsor::python {
namespace {

constexpr std::int64_t kWidest = 10'000;
constexpr std::int64_t kMostDigits = 100;

struct Specification {
    char fill = ' ';
    char align = 0; // '<', '>', '^', '=' or the type's own
    char sign = '-';
    bool alternate = false;
    char grouping = 0; // ',' or '_'
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char type = 0;
};

std::string digits_of(std::uint64_t value, unsigned base, bool upper)
{
    std::string text;
    do {
        text.insert(text.begin(), (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base]);
        value /= base;
    } while (value != 0);
    return text;
}

std::string float_digits(double value, char type, int precision, bool alternate)
{
    std::array<char, 512> buffer{};
    const auto print = [&](const char* plain, const char* alternative) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        std::snprintf(buffer.data(), buffer.size(), alternate ? alternative : plain, precision, value);
#pragma GCC diagnostic pop
    };
    switch (type) {
    case 'e': print("%.*e", "%#.*e"); break;
    case 'E': print("%.*E", "%#.*E"); break;
    case 'F': print("%.*F", "%#.*F"); break;
    case 'g': print("%.*g", "%#.*g"); break;
    case 'G': print("%.*G", "%#.*G"); break;
    default: print("%.*f", "%#.*f"); break;
    }
    return buffer.data();
}

std::string grouped(std::string digits, char separator, std::size_t group)
{
    const auto end = std::min(digits.find_first_of(".e"), digits.size());
    for (std::size_t place = end; place > group; place -= group) {
        digits.insert(place - group, 1, separator);
    }
    return digits;
}

// Puts a sign, a prefix and digits (or a text) into the width. Widths count characters, not bytes.
std::string aligned(const Specification& spec, const std::string& prefix, const std::string& body, char own_align)
{
    const auto characters =
        static_cast<std::int64_t>(prefix.size() + static_cast<std::size_t>(std::ranges::count_if(body, [](char c) {
                                      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                                  })));
    const auto padding = static_cast<std::size_t>(std::max<std::int64_t>(0, spec.width - characters));
    switch (spec.align == 0 ? own_align : spec.align) {
    case '<': return prefix + body + std::string(padding, spec.fill);
    case '^':
        return std::string(padding / 2, spec.fill) + prefix + body + std::string(padding - padding / 2, spec.fill);
    case '=': return prefix + std::string(padding, spec.fill) + body;
    default: return std::string(padding, spec.fill) + prefix + body;
    }
}

std::string sign_text(const Specification& spec, bool negative)
{
    return negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
}

class Formatter {
public:
    Formatter(Interpreter& interpreter, const Specification& spec) : interpreter_{interpreter}, spec_{spec} {}

    std::string integer(std::int64_t value, char type)
    {
        if (type == 'c') {
            if (value < 0 || value > 0x10ffff) {
                interpreter_.fail("{} is no character's number", value);
            }
            std::string character;
            append_utf8(character, static_cast<std::uint32_t>(value));
            return aligned(spec_, "", character, '<');
        }
        const unsigned base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
        const auto magnitude = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
        auto digits = digits_of(magnitude, base, type == 'X');
        if (spec_.precision > static_cast<std::int64_t>(digits.size())) {
            digits.insert(0, static_cast<std::size_t>(spec_.precision) - digits.size(), '0');
        }
        if (spec_.grouping != 0) {
            digits = grouped(std::move(digits), spec_.grouping, base == 10 ? 3 : 4);
        }
        auto prefix = sign_text(spec_, value < 0);
        if (spec_.alternate && base != 10) {
            prefix += type == 'x' ? "0x" : type == 'X' ? "0X" : type == 'o' ? "0o" : "0b";
        }
        return aligned(spec_, prefix, digits, '>');
    }

    std::string real(double value, char type)
    {
        const auto precision = static_cast<int>(spec_.precision < 0 ? 6 : spec_.precision);
        const bool negative = std::signbit(value) && !std::isnan(value);
        std::string digits;
        if (type == 0) {
            digits = spec_.precision < 0 ? float_text(std::fabs(value))
                                         : float_digits(std::fabs(value), 'g', std::max(precision, 1), spec_.alternate);
        } else if (type == '%') {
            digits = float_digits(std::fabs(value) * 100, 'f', precision, spec_.alternate) + "%";
        } else {
            digits = float_digits(std::fabs(value), type, precision, spec_.alternate);
        }
        if (spec_.grouping != 0) {
            digits = grouped(std::move(digits), spec_.grouping, 3);
        }
        return aligned(spec_, sign_text(spec_, negative), digits, '>');
    }

    std::string string(std::string text)
    {
        if (spec_.precision >= 0 && static_cast<std::size_t>(spec_.precision) < text.size()) {
            text.resize(static_cast<std::size_t>(spec_.precision));
        }
        return aligned(spec_, "", text, '<');
    }

private:
    Interpreter& interpreter_;
    const Specification& spec_;
};

// Reads digits at the start of text; -1 if there are none.
std::int64_t take_number(const Interpreter& interpreter, std::string_view& text)
{
    std::int64_t value = -1;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        value = (value < 0 ? 0 : value) * 10 + (text.front() - '0');
        if (value > kWidest) {
            interpreter.fail("a width or precision of more than {} is not available", kWidest);
        }
        text.remove_prefix(1);
    }
    return value;
}

bool take(std::string_view& text, char c)
{
    const bool found = text.starts_with(c);
    text.remove_prefix(found ? 1 : 0);
    return found;
}

Specification parse_specification(const Interpreter& interpreter, std::string_view text)
{
    Specification spec;
    constexpr std::string_view kAligns = "<>^=";
    const auto whole = text;
    if (text.size() > 1 && kAligns.find(text[1]) != std::string_view::npos) {
        spec.fill = text[0];
        spec.align = text[1];
        text.remove_prefix(2);
    } else if (!text.empty() && kAligns.find(text[0]) != std::string_view::npos) {
        spec.align = text[0];
        text.remove_prefix(1);
    }
    if (!text.empty() && std::string_view{"+- "}.find(text[0]) != std::string_view::npos) {
        spec.sign = text[0];
        text.remove_prefix(1);
    }
    spec.alternate = take(text, '#');
    if (text.starts_with('0') && spec.align == 0) {
        spec.fill = '0';
        spec.align = '=';
    }
    spec.width = std::max<std::int64_t>(0, take_number(interpreter, text));
    spec.grouping = take(text, ',') ? ',' : take(text, '_') ? '_' : '\0';
    if (take(text, '.')) {
        spec.precision = take_number(interpreter, text);
        if (spec.precision < 0) {
            interpreter.fail("the format '{}' lacks digits after its '.'", whole.substr(0, 40));
        }
    }
    if (!text.empty()) {
        spec.type = text[0];
        text.remove_prefix(1);
    }
    if (!text.empty()) {
        interpreter.fail("'{}' is no format specification", whole.substr(0, 40));
    }
    return spec;
}

bool is_float_type(char type)
{
    return type != 0 && std::string_view{"eEfFgG%"}.find(type) != std::string_view::npos;
}

bool is_integer_type(char type)
{
    return type != 0 && std::string_view{"dxXobcn"}.find(type) != std::string_view::npos;
}

double to_real(const Interpreter& interpreter, const Item& item)
{
    if (const auto* real = std::get_if<double>(&item)) {
        return *real;
    }
    return static_cast<double>(interpreter.integer(item, "a formatted number"));
}

void limit_digits(const Interpreter& interpreter, const Specification& spec)
{
    if (spec.precision > kMostDigits) {
        interpreter.fail("a precision of more than {} digits is not available", kMostDigits);
    }
}

} // namespace

std::string Interpreter::format_value(const Item& item, std::string_view specification)
{
    auto spec = parse_specification(*this, specification);
    Formatter formatter{*this, spec};
    const bool numeric = std::holds_alternative<std::int64_t>(item) || std::holds_alternative<double>(item) ||
                         std::holds_alternative<bool>(item);
    if (numeric && (is_float_type(spec.type) || (std::holds_alternative<double>(item) && spec.type == 0))) {
        limit_digits(*this, spec);
        return formatter.real(to_real(*this, item), spec.type);
    }
    const bool plain_flag = std::holds_alternative<bool>(item) && spec.type == 0;
    if (numeric && !plain_flag && !std::holds_alternative<double>(item) &&
        (is_integer_type(spec.type) || spec.type == 0)) {
        if (spec.precision >= 0) {
            fail("an integer's format takes no precision");
        }
        return formatter.integer(integer(item, "a formatted number"),
                                 spec.type == 0 || spec.type == 'n' ? 'd' : spec.type);
    }
    if (spec.type != 0 && spec.type != 's') {
        fail("the format type '{}' is not for a value of type '{}'", spec.type, type_name(item));
    }
    if (spec.align == '=') {
        spec.align = '<';
    }
    return formatter.string(str(item));
}

namespace {

// The values of one '%' operation, taken one after the other or by name.
class PercentValues {
public:
    PercentValues(Interpreter& interpreter, const Item& values) : interpreter_{interpreter}, values_{values} {}

    Item next()
    {
        const auto* tuple = std::get_if<const TupleObject*>(&values_);
        const auto count = tuple != nullptr ? (*tuple)->items.size() : 1;
        if (used_ >= count) {
            interpreter_.fail("the format asks for more values than the {} given", count);
        }
        const auto index = used_++;
        return tuple != nullptr ? (*tuple)->items[index] : values_;
    }

    Item named(const std::string& name)
    {
        named_ = true;
        const auto* dict = std::get_if<DictObject*>(&values_);
        if (dict == nullptr) {
            interpreter_.fail("the format asks for '{}' by name, but its values are no dictionary", name.substr(0, 40));
        }
        return interpreter_.index(values_, interpreter_.string(name));
    }

    void finish() const
    {
        const auto* tuple = std::get_if<const TupleObject*>(&values_);
        const auto count = tuple != nullptr                               ? (*tuple)->items.size()
                           : std::holds_alternative<DictObject*>(values_) ? used_
                                                                          : 1;
        if (!named_ && used_ < count) {
            interpreter_.fail("the format uses {} of the {} values given", used_, count);
        }
    }

private:
    Interpreter& interpreter_;
    const Item& values_;
    std::size_t used_ = 0;
    bool named_ = false;
};

void take_flags(std::string_view& text, Specification& spec, bool& zero)
{
    for (;; text.remove_prefix(1)) {
        switch (text.empty() ? '\0' : text.front()) {
        case '-': spec.align = '<'; break;
        case '+': spec.sign = '+'; break;
        case ' ': spec.sign = spec.sign == '+' ? '+' : ' '; break;
        case '#': spec.alternate = true; break;
        case '0': zero = true; break;
        default: return;
        }
    }
}

// The value of a name in parentheses, if there is one.
std::optional<Item> take_named(Interpreter& interpreter, std::string_view& text, PercentValues& values)
{
    if (!take(text, '(')) {
        return std::nullopt;
    }
    const auto end = text.find(')');
    if (end == std::string_view::npos) {
        interpreter.fail("a '%(' in the format has no ')'");
    }
    const Item named = values.named(std::string{text.substr(0, end)});
    text.remove_prefix(end + 1);
    return named;
}

// Flags, width, precision and type.
Specification take_specification(Interpreter& interpreter, std::string_view& text, PercentValues& values)
{
    Specification spec;
    spec.align = '>';
    bool zero = false;
    take_flags(text, spec, zero);
    const auto number = [&] {
        return take(text, '*') ? std::min(interpreter.integer(values.next(), "a width"), kWidest)
                               : take_number(interpreter, text);
    };
    const auto width = number();
    if (width < -1) {
        spec.align = '<';
    }
    spec.width = width < 0 ? (width == -1 ? 0 : std::min(width == INT64_MIN ? kWidest : -width, kWidest)) : width;
    if (take(text, '.')) {
        spec.precision = std::max<std::int64_t>(0, number());
    }
    while (take(text, 'l') || take(text, 'h') || take(text, 'L')) {
    }
    if (text.empty()) {
        interpreter.fail("the format ends in an incomplete '%'");
    }
    spec.type = text.front();
    text.remove_prefix(1);
    if (zero && spec.align != '<' && spec.type != 's' && spec.type != 'r') {
        spec.fill = '0';
        spec.align = '=';
    }
    return spec;
}

std::string percent_integer(Interpreter& interpreter, const Specification& spec, const Item& value)
{
    const auto* real = std::get_if<double>(&value);
    if (real != nullptr && !(std::fabs(*real) < 9.2e18)) {
        interpreter.fail("{} does not fit in 64 bits", float_text(*real));
    }
    limit_digits(interpreter, spec);
    return Formatter{interpreter, spec}.integer(real != nullptr ? static_cast<std::int64_t>(*real)
                                                                : interpreter.integer(value, "a formatted number"),
                                                spec.type);
}

// Formats one conversion whose '%' has been taken.
std::string percent_conversion(Interpreter& interpreter, std::string_view& text, PercentValues& values)
{
    const std::optional<Item> named = take_named(interpreter, text, values);
    const Specification spec = take_specification(interpreter, text, values);
    if (spec.type == '%') {
        return "%";
    }
    const auto value = named ? *named : values.next();
    Formatter formatter{interpreter, spec};
    switch (spec.type) {
    case 's': return formatter.string(interpreter.str(value));
    case 'r': return formatter.string(interpreter.repr(value));
    case 'c':
        if (std::holds_alternative<const StringObject*>(value)) {
            return formatter.string(interpreter.str(value));
        }
        return formatter.integer(interpreter.integer(value, "a character"), 'c');
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o': return percent_integer(interpreter, spec, value);
    default: break;
    }
    if (!is_float_type(spec.type)) {
        interpreter.fail("'%{}' is no conversion of the '%' operator", spec.type);
    }
    limit_digits(interpreter, spec);
    return formatter.real(to_real(interpreter, value), spec.type);
}

} // namespace

std::string Interpreter::percent_format(const std::string& format, const Item& values)
{
    PercentValues source{*this, values};
    std::string result;
    std::string_view text = format;
    while (!text.empty()) {
        const auto literal = std::min(text.find('%'), text.size());
        result += text.substr(0, literal);
        text.remove_prefix(literal);
        if (take(text, '%')) {
            result += percent_conversion(*this, text, source);
        }
        step();
        if (result.size() > environment_.limits.text) {
            fail("a string grows longer than {} bytes", environment_.limits.text);
        }
    }
    source.finish();
    return result;
}

namespace {

class FormatMethod {
public:
    FormatMethod(Interpreter& interpreter, const Arguments& arguments)
        : interpreter_{interpreter}, arguments_{arguments}
    {
    }

    std::string run(std::string_view text, int level)
    {
        std::string result;
        while (!text.empty()) {
            const char c = text.front();
            if (c != '{' && c != '}') {
                result += c;
                text.remove_prefix(1);
                continue;
            }
            if (text.size() > 1 && text[1] == c && level == 0) {
                result += c;
                text.remove_prefix(2);
                continue;
            }
            const auto end = c == '{' ? field_end(text) : std::string_view::npos;
            if (end == std::string_view::npos || level > 1) {
                interpreter_.fail("a single '{}' in a format must be doubled or closed", c);
            }
            result += field(text.substr(1, end - 1), level);
            text.remove_prefix(end + 1);
            interpreter_.step();
            if (result.size() > interpreter_.environment().limits.text) {
                interpreter_.fail("a string grows longer than {} bytes", interpreter_.environment().limits.text);
            }
        }
        return result;
    }

private:
    static std::size_t field_end(std::string_view text)
    {
        int depth = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return std::string_view::npos;
    }

    std::string field(std::string_view inside, int level)
    {
        const auto colon = std::min(inside.find(':'), inside.size());
        auto name = inside.substr(0, colon);
        const auto specification = colon < inside.size() ? run(inside.substr(colon + 1), level + 1) : std::string{};
        char conversion = 0;
        if (const auto bang = name.find('!'); bang != std::string_view::npos) {
            const auto word = name.substr(bang + 1);
            if (word != "r" && word != "s") {
                interpreter_.fail("after '!' a format takes 'r' or 's' only");
            }
            conversion = word[0];
            name = name.substr(0, bang);
        }
        auto value = lookup(name);
        if (conversion != 0) {
            value = interpreter_.string(conversion == 'r' ? interpreter_.repr(value) : interpreter_.str(value));
        }
        return interpreter_.format_value(value, specification);
    }

    Item lookup(std::string_view name)
    {
        const auto end = std::min(name.find_first_of(".["), name.size());
        auto value = base(name.substr(0, end));
        name.remove_prefix(end);
        while (!name.empty()) {
            if (take(name, '.')) {
                const auto stop = std::min(name.find_first_of(".["), name.size());
                value = interpreter_.attribute(value, name.substr(0, stop));
                name.remove_prefix(stop);
                continue;
            }
            const auto stop = name.find(']');
            if (!name.starts_with('[') || stop == std::string_view::npos) {
                interpreter_.fail("a field name in a format is not well-formed");
            }
            auto key = name.substr(1, stop - 1);
            const auto number = take_number(interpreter_, key);
            value = interpreter_.index(value, key.empty() && number >= 0
                                                  ? Item{number}
                                                  : interpreter_.string(std::string{name.substr(1, stop - 1)}));
            name.remove_prefix(stop + 1);
        }
        return value;
    }

    Item base(std::string_view name)
    {
        auto rest = name;
        const auto number = name.empty() ? static_cast<std::int64_t>(automatic_++) : take_number(interpreter_, rest);
        if (number >= 0 && (name.empty() || rest.empty())) {
            if (static_cast<std::size_t>(number) >= arguments_.positional.size()) {
                interpreter_.fail("the format asks for value {}, and {} are given", number,
                                  arguments_.positional.size());
            }
            return arguments_.positional[static_cast<std::size_t>(number)];
        }
        const auto found =
            std::ranges::find_if(arguments_.keywords, [&](const auto& entry) { return entry.first == name; });
        if (found == arguments_.keywords.end()) {
            interpreter_.fail("the format asks for '{}', which is not given", name.substr(0, 40));
        }
        return found->second;
    }

    Interpreter& interpreter_;
    const Arguments& arguments_;
    std::size_t automatic_ = 0;
};

} // namespace

std::string Interpreter::format_method(const std::string& format, const Arguments& arguments)
{
    return FormatMethod{*this, arguments}.run(format, 0);
}

} // namespace windsor::python
