// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic and the operators of sequences and sets, with Python 2's rules for numbers.
#include <algorithm>
#include <cmath>

#include "python/item_access.hpp"

namespace windsor::python {
namespace {

constexpr std::string_view op_name(BinaryOp op)
{
    constexpr std::string_view kNames[] = {"+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"};
    return kNames[static_cast<std::size_t>(op)];
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

[[noreturn]] void overflow(const Interpreter& interpreter, BinaryOp op)
{
    interpreter.fail("the result of '{}' does not fit in 64 bits", op_name(op));
}

std::int64_t integer_power(const Interpreter& interpreter, std::int64_t base, std::int64_t exponent)
{
    std::int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) {
            overflow(interpreter, BinaryOp::Power);
        }
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
            overflow(interpreter, BinaryOp::Power);
        }
    }
    return result;
}

std::int64_t shift(const Interpreter& interpreter, BinaryOp op, std::int64_t a, std::int64_t b)
{
    if (b < 0) {
        interpreter.fail("a shift by a negative number is not possible");
    }
    if (op == BinaryOp::ShiftRight) {
        return a >> std::min<std::int64_t>(b, 63);
    }
    std::int64_t result = 0;
    if (a == 0) {
        return 0;
    }
    if (b > 62 || __builtin_mul_overflow(a, std::int64_t{1} << b, &result)) {
        overflow(interpreter, op);
    }
    return result;
}

// The rest has the sign of the divisor, also where it is zero.
double real_modulo(double a, double b)
{
    const double rest = std::fmod(a, b);
    if (rest == 0.0) {
        return std::copysign(0.0, b);
    }
    return (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

// The quotient is taken from the exact rest: 1.0 // 0.1 is 9, although 1.0 / 0.1 rounds to 10.
double real_floor_divide(double a, double b)
{
    const double rest = std::fmod(a, b);
    const double quotient = (a - rest) / b - (rest != 0.0 && (rest < 0.0) != (b < 0.0) ? 1.0 : 0.0);
    if (quotient == 0.0) {
        return std::copysign(0.0, a / b);
    }
    const double floored = std::floor(quotient);
    return quotient - floored > 0.5 ? floored + 1.0 : floored;
}

double real_power(const Interpreter& interpreter, double a, double b)
{
    if (a == 0.0 && b < 0.0) {
        interpreter.fail("this divides by zero");
    }
    const double result = std::pow(a, b);
    if (std::isnan(result) && !std::isnan(a) && !std::isnan(b)) {
        interpreter.fail("a negative number has no real power of this kind");
    }
    if (std::isinf(result) && std::isfinite(a) && std::isfinite(b)) {
        interpreter.fail("the result of '**' is larger than any floating-point number");
    }
    return result;
}

std::optional<double> real_arithmetic(const Interpreter& interpreter, BinaryOp op, double a, double b)
{
    const bool divides = op == BinaryOp::Divide || op == BinaryOp::FloorDivide || op == BinaryOp::Modulo;
    if (divides && b == 0.0) {
        interpreter.fail("this divides by zero");
    }
    switch (op) {
    case BinaryOp::Add: return a + b;
    case BinaryOp::Subtract: return a - b;
    case BinaryOp::Multiply: return a * b;
    case BinaryOp::Divide: return a / b;
    case BinaryOp::FloorDivide: return real_floor_divide(a, b);
    case BinaryOp::Modulo: return real_modulo(a, b);
    case BinaryOp::Power: return real_power(interpreter, a, b);
    default: return std::nullopt;
    }
}

Item integer_arithmetic(const Interpreter& interpreter, BinaryOp op, std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    bool overflows = false;
    switch (op) {
    case BinaryOp::Add: overflows = __builtin_add_overflow(a, b, &result); break;
    case BinaryOp::Subtract: overflows = __builtin_sub_overflow(a, b, &result); break;
    case BinaryOp::Multiply: overflows = __builtin_mul_overflow(a, b, &result); break;
    case BinaryOp::Divide:
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo:
        if (b == 0) {
            interpreter.fail("this divides by zero");
        }
        if (b == -1) {
            overflows = op != BinaryOp::Modulo && __builtin_sub_overflow(std::int64_t{0}, a, &result);
            break;
        }
        result = op == BinaryOp::Modulo ? a - floor_divide(a, b) * b : floor_divide(a, b);
        break;
    case BinaryOp::Power:
        if (b < 0) {
            return real_arithmetic(interpreter, op, static_cast<double>(a), static_cast<double>(b)).value_or(0.0);
        }
        result = integer_power(interpreter, a, b);
        break;
    case BinaryOp::ShiftLeft:
    case BinaryOp::ShiftRight: result = shift(interpreter, op, a, b); break;
    case BinaryOp::And: result = a & b; break;
    case BinaryOp::Or: result = a | b; break;
    case BinaryOp::Xor: result = a ^ b; break;
    }
    if (overflows) {
        overflow(interpreter, op);
    }
    return result;
}

template <typename Sequence> Items repeated(Interpreter& interpreter, const Sequence& items, std::int64_t count)
{
    const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
    if (items.empty() || times == 0) {
        return {};
    }
    interpreter.charge(times > (std::uint64_t{1} << 32) ? ~std::uint64_t{0} : 0);
    interpreter.charge_items(items.size() * times);
    Items result;
    result.reserve(items.size() * times);
    for (std::uint64_t i = 0; i < times; ++i) {
        result.insert(result.end(), items.begin(), items.end());
    }
    return result;
}

std::string repeated_text(const Interpreter& interpreter, const std::string& text, std::int64_t count)
{
    const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
    const auto limit = interpreter.environment().limits.text;
    if (!text.empty() && times > limit / text.size()) {
        interpreter.fail("a string grows longer than {} bytes", limit);
    }
    std::string result;
    result.reserve(text.size() * times);
    for (std::uint64_t i = 0; i < times && !text.empty(); ++i) {
        result += text;
    }
    return result;
}

Items concatenated(const Items& a, const Items& b)
{
    Items result = a;
    result.insert(result.end(), b.begin(), b.end());
    return result;
}

// Concatenation and repetition; nothing if the operands are no such pair.
std::optional<Item> sequence_operation(Interpreter& interpreter, BinaryOp op, const Item& a, const Item& b)
{
    if (op == BinaryOp::Multiply) {
        const bool swap = as_integer(a).has_value();
        const auto& sequence = swap ? b : a;
        const auto count = as_integer(swap ? a : b);
        if (!count) {
            return std::nullopt;
        }
        if (const auto* text = get<const StringObject*>(sequence)) {
            return interpreter.string(repeated_text(interpreter, (*text)->text, *count));
        }
        if (const auto* list = get<ListObject*>(sequence)) {
            return interpreter.list(repeated(interpreter, (*list)->items, *count));
        }
        if (const auto* tuple = get<const TupleObject*>(sequence)) {
            return interpreter.tuple(repeated(interpreter, (*tuple)->items, *count));
        }
        return std::nullopt;
    }
    if (op != BinaryOp::Add || a.index() != b.index()) {
        return std::nullopt;
    }
    if (const auto* text = get<const StringObject*>(a)) {
        return interpreter.string((*text)->text + (*get<const StringObject*>(b))->text);
    }
    if (const auto* list = get<ListObject*>(a)) {
        return interpreter.list(concatenated((*list)->items, (*get<ListObject*>(b))->items));
    }
    if (const auto* tuple = get<const TupleObject*>(a)) {
        return interpreter.tuple(concatenated((*tuple)->items, (*get<const TupleObject*>(b))->items));
    }
    return std::nullopt;
}

std::optional<Item> set_operation(Interpreter& interpreter, BinaryOp op, const Item& a, const Item& b)
{
    const auto* left = get<SetObject*>(a);
    const auto* right = get<SetObject*>(b);
    if (left == nullptr || right == nullptr) {
        return std::nullopt;
    }
    if (op != BinaryOp::Or && op != BinaryOp::And && op != BinaryOp::Subtract && op != BinaryOp::Xor) {
        return std::nullopt;
    }
    auto* result = interpreter.make<SetObject>();
    for (const auto& item : (*left)->items) {
        const bool shared = op != BinaryOp::Or && interpreter.contains(b, item);
        if (op == BinaryOp::Or || shared == (op == BinaryOp::And)) {
            interpreter.add(*result, item);
        }
    }
    for (const auto& item : (*right)->items) {
        if (op == BinaryOp::Or || (op == BinaryOp::Xor && !interpreter.contains(a, item))) {
            interpreter.add(*result, item);
        }
    }
    return result;
}

} // namespace

Item Interpreter::binary(BinaryOp op, const Item& a, const Item& b)
{
    const auto left = as_integer(a);
    const auto right = as_integer(b);
    if (left && right) {
        const bool both_flags = get<bool>(a) != nullptr && get<bool>(b) != nullptr;
        const auto result = integer_arithmetic(*this, op, *left, *right);
        if (both_flags && (op == BinaryOp::And || op == BinaryOp::Or || op == BinaryOp::Xor)) {
            return truth(result);
        }
        return result;
    }
    if (op == BinaryOp::Modulo && get<const StringObject*>(a) != nullptr) {
        return string(percent_format(std::get<const StringObject*>(a)->text, b));
    }
    const auto left_real = as_real(a);
    const auto right_real = as_real(b);
    if (left_real && right_real) {
        if (const auto result = real_arithmetic(*this, op, *left_real, *right_real)) {
            return *result;
        }
    }
    if (const auto result = sequence_operation(*this, op, a, b)) {
        return *result;
    }
    if (const auto result = set_operation(*this, op, a, b)) {
        return *result;
    }
    fail("'{}' cannot be applied to values of type '{}' and '{}'", op_name(op), type_name(a), type_name(b));
}

Item Interpreter::unary(UnaryOp op, const Item& a)
{
    if (op == UnaryOp::Not) {
        return !truth(a);
    }
    if (const auto number = as_integer(a)) {
        if (op == UnaryOp::Invert) {
            return ~*number;
        }
        return op == UnaryOp::Minus ? integer_arithmetic(*this, BinaryOp::Subtract, 0, *number) : Item{*number};
    }
    const auto* real = get<double>(a);
    if (real == nullptr || op == UnaryOp::Invert) {
        fail("'{}' cannot be applied to a value of type '{}'",
             op == UnaryOp::Minus  ? "-"
             : op == UnaryOp::Plus ? "+"
                                   : "~",
             type_name(a));
    }
    return op == UnaryOp::Minus ? -*real : *real;
}

} // namespace windsor::python
