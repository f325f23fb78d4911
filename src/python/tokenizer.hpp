// SPDX-License-Identifier: GPL-2.0-or-later
// Python's lexical analysis: lines, indentation, quotes (Python 3 Language Reference, chapter 2; Python 2's numbers
// too).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "python/ast.hpp"

namespace windsor::python {

enum class TokenKind { Name, Integer, Float, String, FormatString, Operator, Newline, Indent, Dedent, End };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string text; // a name, an operator, a string's value, or a format string's undecoded inside
    std::int64_t integer = 0;
    double real = 0;
    bool raw = false; // of a format string: backslashes stand for themselves
    Position at;
    std::uint32_t end_column = 0;
};

enum class TokenizeMode { File, Expression };

// Splits a text into tokens; the last is End. In Expression mode line ends mean nothing.
// Throws Refusal (the evaluator's own exception, which never leaves this folder).
std::vector<Token> tokenize(std::string_view text, TokenizeMode mode, Position start = {1, 1});

// What \x and an octal escape stand for: a byte, or in a literal with the prefix u a character.
enum class ShortEscape { Byte, Character };

// Decodes the escapes of a string literal's inside.
std::string decode_escapes(std::string_view text, Position at, ShortEscape short_escape = ShortEscape::Byte);

// Appends a code point as UTF-8.
void append_utf8(std::string& text, std::uint32_t code_point);

} // namespace windsor::python
