// SPDX-License-Identifier: GPL-2.0-or-later
// The format of one value, as str.format and f-strings take it (Library Reference, "Format Specification
// Mini-Language").
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "python/format.hpp"
#include "python/tokenizer.hpp"

namespace windsor::python {
namespace {

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

// A number in as many digits as are asked for, where neither its type nor an exponent is: as 'g' writes it, but with a
// digit behind the point at least, and with an exponent where no such digit is left.
std::string short_digits(double value, int precision, bool alternate)
{
    if (!std::isfinite(value)) {
        return float_digits(value, 'g', precision, false);
    }
    std::string digits = float_digits(value, 'e', precision - 1, alternate);
    const auto end = digits.find('e');
    const int exponent = std::atoi(digits.c_str() + end + 1);
    if (exponent >= -4 && exponent < precision - 1) {
        digits = float_digits(value, 'g', precision, alternate);
        return digits.find('.') == std::string::npos ? digits + ".0" : digits;
    }
    auto mantissa = digits.substr(0, end);
    if (!alternate && mantissa.find('.') != std::string::npos) {
        mantissa.resize(mantissa.find_last_not_of('0') + 1);
        mantissa.resize(mantissa.find_last_not_of('.') + 1);
    }
    return mantissa + digits.substr(end);
}

// A floating-point number of no type and no precision; the alternate form has a point in any case.
std::string plain_digits(double value, bool alternate)
{
    std::string digits = float_text(value);
    if (alternate && std::isfinite(value) && digits.find('.') == std::string::npos) {
        digits.insert(std::min(digits.find('e'), digits.size()), 1, '.');
    }
    return digits;
}

// Puts separators between the digits before the point. Zeros that fill the width belong to the digits, and the first
// character is none of the separators, even if the width is exceeded by that.
std::string grouped(std::string digits, const Specification& spec, std::size_t prefix, std::size_t group)
{
    constexpr std::size_t kThousands = 3; // other groups are of other bases, and of whole numbers
    const auto end =
        group != kThousands ? digits.size() : std::min(digits.find_first_not_of("0123456789"), digits.size());
    if (end == 0) {
        return digits; // infinity, or no number
    }
    auto whole = end;
    if (spec.fill == '0' && spec.align == '=') {
        const auto rest = digits.size() - end + prefix;
        while (whole + (whole - 1) / group + rest < static_cast<std::size_t>(spec.width)) {
            ++whole;
        }
    }
    digits.insert(0, whole - end, '0');
    for (std::size_t place = whole; place > group; place -= group) {
        digits.insert(place - group, 1, spec.grouping);
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
    return negative ? "-" : spec.sign == '+' || spec.sign == ' ' ? std::string(1, spec.sign) : "";
}

} // namespace

std::string Formatter::integer(std::int64_t value, char type)
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
    auto prefix = sign_text(spec_, value < 0);
    if (spec_.alternate && base != 10) {
        prefix += type == 'x' ? "0x" : type == 'X' ? "0X" : type == 'o' ? "0o" : "0b";
    }
    if (spec_.grouping != 0) {
        digits = grouped(std::move(digits), spec_, prefix.size(), base == 10 ? 3 : 4);
    }
    return aligned(spec_, prefix, digits, '>');
}

std::string Formatter::real(double value, char type)
{
    const auto precision = static_cast<int>(spec_.precision < 0 ? 6 : spec_.precision);
    const bool negative = std::signbit(value) && !std::isnan(value);
    const auto sign = sign_text(spec_, negative);
    std::string digits;
    if (type == 0) {
        digits = spec_.precision < 0 ? plain_digits(std::fabs(value), spec_.alternate)
                                     : short_digits(std::fabs(value), std::max(precision, 1), spec_.alternate);
    } else if (type == '%') {
        digits = float_digits(std::fabs(value) * 100, 'f', precision, spec_.alternate) + "%";
    } else {
        digits = float_digits(std::fabs(value), type, precision, spec_.alternate);
    }
    if (spec_.grouping != 0) {
        digits = grouped(std::move(digits), spec_, sign.size(), 3);
    }
    return aligned(spec_, sign, digits, '>');
}

std::string Formatter::string(std::string text)
{
    if (spec_.precision >= 0 && static_cast<std::size_t>(spec_.precision) < text.size()) {
        text.resize(static_cast<std::size_t>(spec_.precision));
    }
    return aligned(spec_, "", text, '<');
}

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

bool is_float_type(char type)
{
    return type != 0 && std::string_view{"eEfFgG%"}.find(type) != std::string_view::npos;
}

double to_real(const Interpreter& interpreter, const Item& item)
{
    if (const auto* real = std::get_if<double>(&item)) {
        return *real;
    }
    if (!std::holds_alternative<std::int64_t>(item) && !std::holds_alternative<bool>(item)) {
        interpreter.fail("this format is for a number, not for a value of type '{}'", Interpreter::type_name(item));
    }
    return static_cast<double>(interpreter.integer(item, "a formatted number"));
}

void limit_digits(const Interpreter& interpreter, const Specification& spec)
{
    if (spec.precision > kMostDigits) {
        interpreter.fail("a precision of more than {} digits is not available", kMostDigits);
    }
}

namespace {

bool is_integer_type(char type)
{
    return type != 0 && std::string_view{"dxXobcn"}.find(type) != std::string_view::npos;
}

Specification parse_specification(const Interpreter& interpreter, std::string_view text)
{
    Specification spec;
    constexpr std::string_view kAligns = "<>^=";
    const auto whole = text;
    bool fill_given = false;
    if (text.size() > 1 && kAligns.find(text[1]) != std::string_view::npos) {
        spec.fill = text[0];
        spec.align = text[1];
        fill_given = true;
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
    if (text.starts_with('0') && !fill_given) {
        spec.fill = '0';
        spec.align = spec.align == 0 ? '=' : spec.align;
        spec.zeros = true;
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

// Thousands are parted with ',' in decimal numbers only, characters and the locale's numbers not at all.
void check_grouping(const Interpreter& interpreter, const Specification& spec)
{
    const std::string_view types = spec.grouping == ',' ? "boxXcn" : "cn";
    if (spec.grouping != 0 && spec.type != 0 && types.find(spec.type) != std::string_view::npos) {
        interpreter.fail("the format type '{}' takes no '{}'", spec.type, spec.grouping);
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
        check_grouping(*this, spec);
        return formatter.integer(integer(item, "a formatted number"),
                                 spec.type == 0 || spec.type == 'n' ? 'd' : spec.type);
    }
    if (spec.type != 0 && spec.type != 's') {
        fail("the format type '{}' is not for a value of type '{}'", spec.type, type_name(item));
    }
    if (spec.sign != 0 || spec.alternate || spec.grouping != 0 || (spec.align == '=' && !spec.zeros)) {
        fail("the format '{}' is for numbers, not for a value of type '{}'", specification.substr(0, 40),
             type_name(item));
    }
    if (spec.align == '=') {
        spec.align = '<';
    }
    return formatter.string(str(item));
}

} // namespace windsor::python
