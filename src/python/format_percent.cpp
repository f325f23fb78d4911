// SPDX-License-Identifier: GPL-2.0-or-later
// The '%' operator of strings (Library Reference, "printf-style String Formatting").
#include <algorithm>
#include <cmath>

#include "python/format.hpp"

namespace windsor::python {
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

// A width or a precision that a '*' takes from the values.
std::int64_t starred(Interpreter& interpreter, PercentValues& values)
{
    const auto number = interpreter.integer(values.next(), "a width");
    if (number > kWidest || number < -kWidest) {
        interpreter.fail("a width or precision of more than {} is not available", kWidest);
    }
    return number;
}

// Flags, width, precision and type.
Specification take_specification(Interpreter& interpreter, std::string_view& text, PercentValues& values)
{
    Specification spec;
    spec.align = '>';
    bool zero = false;
    take_flags(text, spec, zero);
    const auto number = [&] { return take(text, '*') ? starred(interpreter, values) : take_number(interpreter, text); };
    const auto width = number();
    if (width < -1) {
        spec.align = '<';
    }
    spec.width = width == -1 ? 0 : std::abs(width);
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
    if (zero && spec.align != '<' && spec.type != 's' && spec.type != 'r' && spec.type != 'c') {
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

// A precision has no meaning for a character.
std::string aligned_character(Interpreter& interpreter, Specification spec, const std::string& text)
{
    spec.precision = -1;
    return Formatter{interpreter, spec}.string(text);
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
        if (const auto* letter = std::get_if<const StringObject*>(&value)) {
            return aligned_character(interpreter, spec, (*letter)->text);
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

} // namespace windsor::python
