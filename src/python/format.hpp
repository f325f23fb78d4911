// SPDX-License-Identifier: GPL-2.0-or-later
// What the three kinds of formatting share: the format of one value, and how numbers and texts are written by it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "python/interpreter.hpp"

namespace windsor::python {

inline constexpr std::int64_t kWidest = 10'000;
inline constexpr std::int64_t kMostDigits = 100;

struct Specification {
    char fill = ' ';
    char align = 0; // '<', '>', '^', '=' or the type's own
    char sign = 0; // '+', '-', ' ' or none given
    bool alternate = false;
    bool zeros = false; // the width is filled with zeros by a flag, and not by an alignment
    char grouping = 0; // ',' or '_'
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char type = 0;
};

// Writes one value.
class Formatter {
public:
    Formatter(Interpreter& interpreter, const Specification& spec) : interpreter_{interpreter}, spec_{spec} {}

    std::string integer(std::int64_t value, char type);
    std::string real(double value, char type);
    std::string string(std::string text);

private:
    Interpreter& interpreter_;
    const Specification& spec_;
};

// Reads digits at the start of text; -1 if there are none.
std::int64_t take_number(const Interpreter& interpreter, std::string_view& text);
// Removes the character from the start of text, if it stands there.
bool take(std::string_view& text, char c);

bool is_float_type(char type);
double to_real(const Interpreter& interpreter, const Item& item);
void limit_digits(const Interpreter& interpreter, const Specification& spec);

} // namespace windsor::python
