// SPDX-License-Identifier: GPL-2.0-or-later
// The builtin functions and types of numbers and characters.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "python/builtins.hpp"
#include "python/tokenizer.hpp"

namespace windsor::python {
namespace {

Item call_abs(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& item = arguments.positional[0];
    const auto* real = std::get_if<double>(&item);
    if (real != nullptr) {
        return std::fabs(*real);
    }
    if (std::holds_alternative<const StringObject*>(item)) {
        interpreter.fail("abs() takes a number, not a value of type 'str'");
    }
    const auto number = arguments.integer(0);
    return number < 0 ? interpreter.unary(UnaryOp::Minus, number) : Item{number};
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n\f\v";
    const auto start = text.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

// Digits of a base as a number with a sign.
std::optional<std::int64_t> signed_number(std::string_view digits, bool negative, std::int64_t base)
{
    if (digits.empty() || digits[0] == '-') {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, static_cast<int>(base));
    const auto largest = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0);
    if (error != std::errc{} || stop != end || value > largest) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(negative ? ~value + 1 : value);
}

enum class LongSuffix { Refused, Allowed };

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base, LongSuffix suffix)
{
    text = trimmed(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    const auto prefix = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
    const std::int64_t prefix_base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (prefix_base != 0 && (base == 0 || base == prefix_base)) {
        base = prefix_base;
        text.remove_prefix(2);
    } else if (base == 0) {
        base = text.size() > 1 && text[0] == '0' ? 8 : 10;
    }
    if (suffix == LongSuffix::Allowed && base <= 21 && (text.ends_with('L') || text.ends_with('l'))) {
        text.remove_suffix(1);
    }
    return signed_number(text, negative, base);
}

Item call_int(Interpreter& interpreter, Arguments& arguments)
{
    const auto base_item = arguments.optional(1, "base");
    arguments.expect(0, 2);
    if (arguments.positional.empty()) {
        return std::int64_t{0};
    }
    const auto& item = arguments.positional[0];
    if (base_item && !std::holds_alternative<const StringObject*>(item)) {
        interpreter.fail("int() takes a base only with a string");
    }
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        const auto base = base_item ? interpreter.integer(*base_item, "the base of int()") : 10;
        if (base != 0 && (base < 2 || base > 36)) {
            interpreter.fail("the base of int() must be 0 or from 2 to 36");
        }
        const auto value = parse_integer((*object)->text, base,
                                         arguments.function == "long" ? LongSuffix::Allowed : LongSuffix::Refused);
        if (!value) {
            interpreter.fail("{} is no integer in 64 bits", python_quoted((*object)->text.substr(0, 40)));
        }
        return *value;
    }
    if (const auto* real = std::get_if<double>(&item)) {
        if (!(std::fabs(*real) < 9.2e18)) {
            interpreter.fail("{} does not fit in 64 bits", float_text(*real));
        }
        return static_cast<std::int64_t>(*real);
    }
    return arguments.integer(0);
}

std::optional<double> parse_real(std::string_view text)
{
    text = trimmed(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    if (text.empty() || text[0] == '-' || text.find('(') != std::string_view::npos) {
        return std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return negative ? -value : value;
}

Item call_float(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    if (arguments.positional.empty()) {
        return 0.0;
    }
    const auto& item = arguments.positional[0];
    if (const auto* real = std::get_if<double>(&item)) {
        return *real;
    }
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        const auto value = parse_real((*object)->text);
        if (!value) {
            interpreter.fail("{} is no number", python_quoted((*object)->text.substr(0, 40)));
        }
        return *value;
    }
    return static_cast<double>(arguments.integer(0));
}

Item call_chr(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto number = arguments.integer(0);
    if (number < 0 || number > 0x10ffff) {
        interpreter.fail("{} is no character's number", number);
    }
    std::string text;
    append_utf8(text, static_cast<std::uint32_t>(number));
    return interpreter.string(std::move(text));
}

// The number of the only character of a text: a byte, or several that are one character in UTF-8.
std::optional<std::int64_t> lone_character(std::string_view text)
{
    if (text.size() == 1) {
        return static_cast<unsigned char>(text[0]);
    }
    if (text.empty() || text.size() > 4) {
        return std::nullopt;
    }
    // The first of n bytes has n ones, a zero, and the highest bits of the character; each other has six bits.
    std::uint32_t value = static_cast<unsigned char>(text[0]) & (0x7fU >> text.size());
    for (const char c : text.substr(1)) {
        value = value << 6 | (static_cast<unsigned char>(c) & 0x3f);
    }
    std::string encoded;
    append_utf8(encoded, value);
    return encoded == text ? std::optional<std::int64_t>{value} : std::nullopt;
}

Item call_ord(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& text = arguments.string(0);
    if (const auto character = lone_character(text)) {
        return *character;
    }
    interpreter.fail("ord() takes a string of one character, and this has {} bytes", text.size());
}

// Rounds to a number of decimal digits, halves away from zero. The product with the power of ten is made exact by its
// error term, since 2.675 is a little less than it looks and must become 2.67.
double rounded(double value, std::int64_t digits)
{
    constexpr std::int64_t kMostExact = 22; // the highest power of ten that a double holds exactly
    if (digits > kMostExact || !std::isfinite(value)) {
        return value;
    }
    if (digits < 0) {
        const auto unit = std::pow(10.0, static_cast<double>(std::min<std::int64_t>(-digits, 300)));
        return std::round(value / unit) * unit;
    }
    const auto scale = std::pow(10.0, static_cast<double>(digits));
    const auto scaled = std::fabs(value) * scale;
    if (!(scaled < 4503599627370496.0)) { // 2 ** 52: there is nothing behind the point
        return value;
    }
    const auto error = std::fma(std::fabs(value), scale, -scaled);
    const auto whole = std::floor(scaled);
    const auto rest = scaled - whole;
    const bool up = rest > 0.5 || (rest == 0.5 && error >= 0);
    return std::copysign((whole + (up ? 1 : 0)) / scale, value);
}

Item call_round(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const auto& item = arguments.positional[0];
    const auto* real = std::get_if<double>(&item);
    const auto value = real != nullptr ? *real : static_cast<double>(arguments.integer(0));
    if (arguments.positional.size() == 2) {
        return rounded(value, arguments.integer(1));
    }
    const auto whole = std::round(value);
    if (!(std::fabs(whole) < 9.2e18)) {
        interpreter.fail("{} does not fit in 64 bits", float_text(value));
    }
    return static_cast<std::int64_t>(whole);
}

// hex(), oct() and bin() write the sign before the prefix.
Item in_base(Interpreter& interpreter, Arguments& arguments, std::string_view format)
{
    arguments.expect(1, 1);
    return interpreter.string(interpreter.format_value(arguments.integer(0), format));
}

Item call_hex(Interpreter& interpreter, Arguments& arguments)
{
    return in_base(interpreter, arguments, "#x");
}

Item call_bin(Interpreter& interpreter, Arguments& arguments)
{
    return in_base(interpreter, arguments, "#b");
}

// As Python 2 writes it, with a plain zero in front.
Item call_oct(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto number = arguments.integer(0);
    auto digits = interpreter.format_value(number, "o");
    if (number != 0) {
        digits.insert(number < 0 ? 1 : 0, 1, '0');
    }
    return interpreter.string(std::move(digits));
}

Item call_divmod(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    const auto& a = arguments.positional[0];
    const auto& b = arguments.positional[1];
    const auto quotient = interpreter.binary(BinaryOp::FloorDivide, a, b);
    return interpreter.tuple({quotient, interpreter.binary(BinaryOp::Modulo, a, b)});
}

Item call_pow(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    return interpreter.binary(BinaryOp::Power, arguments.positional[0], arguments.positional[1]);
}

Item call_cmp(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    const auto& a = arguments.positional[0];
    const auto& b = arguments.positional[1];
    return std::int64_t{interpreter.equal(a, b) ? 0 : interpreter.less(a, b) ? -1 : 1};
}

constexpr std::array kNumberBuiltins{
    Builtin{"abs", call_abs},       Builtin{"bin", call_bin},
    Builtin{"chr", call_chr},       Builtin{"cmp", call_cmp},
    Builtin{"divmod", call_divmod}, Builtin{"float", call_float, Role::Type},
    Builtin{"hex", call_hex},       Builtin{"int", call_int, Role::Type},
    Builtin{"oct", call_oct},       Builtin{"long", call_int, Role::Type},
    Builtin{"ord", call_ord},       Builtin{"pow", call_pow},
    Builtin{"round", call_round},   Builtin{"unichr", call_chr},
};

} // namespace

std::span<const Builtin> number_builtins()
{
    return kNumberBuiltins;
}

} // namespace windsor::python
