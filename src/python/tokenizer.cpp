// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace windsor::python {
namespace {

constexpr std::size_t kLargestText = 1 << 20;
constexpr std::size_t kDeepestIndentation = 100;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c)
{
    return is_name_start(c) || is_digit(c);
}

int hex_digit(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

class Tokenizer {
public:
    Tokenizer(std::string_view text, TokenizeMode mode, Position start) : text_{text}, mode_{mode}, at_{start} {}

    std::vector<Token> run()
    {
        if (text_.size() > kLargestText) {
            throw Refusal{at_, "the text is larger than 1 MiB"};
        }
        if (text_.starts_with("\xef\xbb\xbf")) {
            text_.remove_prefix(3);
        }
        bool line_start = mode_ == TokenizeMode::File;
        while (!text_.empty()) {
            if (line_start && brackets_.empty()) {
                line_start = false;
                if (!read_indentation()) {
                    line_start = true;
                    continue;
                }
            }
            line_start = read_one() || line_start;
        }
        finish();
        return std::move(tokens_);
    }

private:
    char peek(std::size_t ahead = 0) const { return ahead < text_.size() ? text_[ahead] : '\0'; }

    void advance(std::size_t count)
    {
        for (; count > 0 && !text_.empty(); --count) {
            if (text_.front() == '\n') {
                ++at_.line;
                at_.column = 1;
            } else {
                ++at_.column;
            }
            text_.remove_prefix(1);
        }
    }

    Token& add(TokenKind kind, Position at, std::string text = {})
    {
        Token token;
        token.kind = kind;
        token.text = std::move(text);
        token.at = at;
        token.end_column = at_.column;
        tokens_.push_back(std::move(token));
        return tokens_.back();
    }

    std::size_t newline_length() const
    {
        return peek() == '\n' ? 1 : peek() == '\r' && peek(1) == '\n' ? 2 : peek() == '\r' ? 1 : 0;
    }

    // Measures the white space at a line's start; false if the line is blank and has been skipped.
    bool read_indentation()
    {
        std::size_t width = 0;
        while (peek() == ' ' || peek() == '\t' || peek() == '\f') {
            width = peek() == '\t' ? (width / 8 + 1) * 8 : peek() == '\f' ? 0 : width + 1;
            advance(1);
        }
        if (peek() == '#') {
            skip_comment();
        }
        if (text_.empty()) {
            return true;
        }
        if (const auto length = newline_length()) {
            advance(length);
            return false;
        }
        if (width > indents_.back()) {
            if (indents_.size() > kDeepestIndentation) {
                throw Refusal{at_, "the indentation is too deep"};
            }
            indents_.push_back(width);
            add(TokenKind::Indent, at_);
        }
        while (width < indents_.back()) {
            indents_.pop_back();
            add(TokenKind::Dedent, at_);
        }
        if (width != indents_.back()) {
            throw Refusal{at_, "this line's indentation matches no line above it"};
        }
        return true;
    }

    void skip_comment() { advance(std::min(text_.find_first_of("\r\n"), text_.size())); }

    // Reads one token or skips something; true if a logical line ended.
    bool read_one()
    {
        const char c = peek();
        if (const auto length = newline_length()) {
            const auto at = at_;
            advance(length);
            if (!brackets_.empty() || mode_ == TokenizeMode::Expression) {
                return false;
            }
            add(TokenKind::Newline, at);
            return true;
        }
        if (c == ' ' || c == '\t' || c == '\f') {
            advance(1);
        } else if (c == '#') {
            skip_comment();
        } else if (c == '\\') {
            read_continuation();
        } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
            read_number();
        } else if (is_name_start(c) || c == '"' || c == '\'') {
            read_name_or_string();
        } else {
            read_operator();
        }
        return false;
    }

    void read_continuation()
    {
        const auto at = at_;
        advance(1);
        const auto length = newline_length();
        if (length == 0) {
            throw Refusal{at, "a backslash outside a string must be the last character of its line"};
        }
        advance(length);
    }

    void read_name_or_string()
    {
        std::size_t length = 0;
        while (is_name_part(peek(length))) {
            ++length;
        }
        const auto quote = peek(length);
        if (length <= 2 && (quote == '\'' || quote == '"')) {
            std::string prefix{text_.substr(0, length)};
            std::ranges::transform(prefix, prefix.begin(), [](char c) { return static_cast<char>(c | 0x20); });
            constexpr std::array<std::string_view, 9> kPrefixes{"", "r", "u", "b", "ur", "br", "rb", "f", "fr"};
            if (std::ranges::find(kPrefixes, prefix) != kPrefixes.end() || prefix == "rf") {
                read_string(prefix);
                return;
            }
        }
        const auto at = at_;
        std::string name{text_.substr(0, length)};
        advance(length);
        add(TokenKind::Name, at, std::move(name));
    }

    void read_string(std::string_view prefix)
    {
        const auto at = at_;
        const bool raw = prefix.find('r') != std::string_view::npos;
        const bool format = prefix.find('f') != std::string_view::npos;
        advance(prefix.size());
        const char quote = peek();
        const bool triple = peek(1) == quote && peek(2) == quote;
        const std::string closing(triple ? 3 : 1, quote);
        advance(closing.size());
        const auto inside_at = at_;
        std::string inside;
        while (!text_.starts_with(closing)) {
            if (text_.empty() || (!triple && newline_length() != 0)) {
                throw Refusal{at, "this string has no closing quote"};
            }
            if (peek() == '\\' && text_.size() > 1) {
                inside += '\\';
                advance(1);
            }
            take_character(inside);
        }
        advance(closing.size());
        if (format) {
            auto& token = add(TokenKind::FormatString, at, std::move(inside));
            token.raw = raw;
            return;
        }
        const auto escape = prefix.find('u') != std::string_view::npos ? ShortEscape::Character : ShortEscape::Byte;
        add(TokenKind::String, at, raw ? std::move(inside) : decode_escapes(inside, inside_at, escape));
    }

    // Line ends inside a string are one '\n', whatever the file has.
    void take_character(std::string& into)
    {
        if (const auto length = newline_length()) {
            into += '\n';
            advance(length);
            return;
        }
        into += peek();
        advance(1);
    }

    void read_number()
    {
        const auto at = at_;
        std::size_t length = 0;
        const bool prefixed =
            peek() == '0' && std::string_view{"xXoObB"}.find(peek(1)) != std::string_view::npos && peek(1) != '\0';
        if (prefixed) {
            length = 2;
            while (is_name_part(peek(length))) {
                ++length;
            }
        } else {
            length = decimal_length();
        }
        std::string text{text_.substr(0, length)};
        advance(length);
        std::erase(text, '_');
        if (!prefixed && text.find_first_of(".eE") != std::string::npos) {
            add_float(text, at);
            return;
        }
        add_integer(text, at);
    }

    std::size_t decimal_length() const
    {
        std::size_t length = 0;
        const auto digits = [&] {
            while (is_digit(peek(length)) || peek(length) == '_') {
                ++length;
            }
        };
        digits();
        if (peek(length) == '.') {
            ++length;
            digits();
        }
        const auto sign = peek(length + 1) == '+' || peek(length + 1) == '-' ? 1U : 0U;
        if ((peek(length) == 'e' || peek(length) == 'E') && is_digit(peek(length + 1 + sign))) {
            length += 1 + sign;
            digits();
        }
        while (is_name_part(peek(length))) {
            ++length;
        }
        return length;
    }

    void add_float(const std::string& text, Position at)
    {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc::result_out_of_range) {
            throw Refusal{at, fmt::format("{} is no possible floating-point number", text.substr(0, 40))};
        }
        if (error != std::errc{} || end != text.data() + text.size()) {
            throw Refusal{at, fmt::format("'{}' is not a number", text.substr(0, 40))};
        }
        add(TokenKind::Float, at, text).real = value;
    }

    void add_integer(const std::string& text, Position at)
    {
        std::string_view digits = text;
        if (digits.ends_with('L') || digits.ends_with('l')) {
            digits.remove_suffix(1);
        }
        int base = 10;
        if (digits.size() > 1 && digits[0] == '0') {
            const char letter = static_cast<char>(digits[1] | 0x20);
            base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
            digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
        }
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (error == std::errc::result_out_of_range) {
            throw Refusal{at, fmt::format("the integer {} does not fit in 64 bits", text.substr(0, 40))};
        }
        if (error != std::errc{} || end != digits.data() + digits.size()) {
            throw Refusal{at, fmt::format("'{}' is not a number", text.substr(0, 40))};
        }
        add(TokenKind::Integer, at, text).integer = value;
    }

    void read_operator()
    {
        constexpr std::array<std::string_view, 46> kOperators{
            "**=", "//=", "<<=", ">>=", "...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "<>", "+=", "-=",
            "*=",  "/=",  "%=",  "&=",  "|=",  "^=", "->", ":=", "+",  "-",  "*",  "/",  "%",  "&",  "|",  "^",
            "~",   "<",   ">",   "(",   ")",   "[",  "]",  "{",  "}",  ",",  ":",  ".",  ";",  "="};
        const auto found = std::ranges::find_if(kOperators, [&](auto op) { return text_.starts_with(op); });
        if (found == kOperators.end() && text_.front() != '@' && text_.front() != '`' && text_.front() != '!') {
            const auto byte = static_cast<unsigned char>(text_.front());
            throw Refusal{at_, byte >= 0x21 && byte < 0x7f
                                   ? fmt::format("the character '{}' has no meaning here", text_.front())
                                   : fmt::format("the byte 0x{:02x} has no meaning here", byte)};
        }
        const auto op = found == kOperators.end() ? text_.substr(0, 1) : *found;
        const auto at = at_;
        advance(op.size());
        if (op == "(" || op == "[" || op == "{") {
            brackets_.push_back({op.front(), at});
        } else if (op == ")" || op == "]" || op == "}") {
            const char opening = op == ")" ? '(' : op == "]" ? '[' : '{';
            if (brackets_.empty()) {
                throw Refusal{at, fmt::format("'{}' closes nothing", op)};
            }
            if (brackets_.back().first != opening) {
                throw Refusal{at, fmt::format("'{}' cannot close '{}'", op, brackets_.back().first)};
            }
            brackets_.pop_back();
        }
        add(TokenKind::Operator, at, std::string{op});
    }

    void finish()
    {
        if (!brackets_.empty()) {
            throw Refusal{brackets_.back().second, fmt::format("'{}' is never closed", brackets_.back().first)};
        }
        if (mode_ == TokenizeMode::File) {
            add(TokenKind::Newline, at_);
            for (; indents_.size() > 1; indents_.pop_back()) {
                add(TokenKind::Dedent, at_);
            }
        }
        add(TokenKind::End, at_);
    }

    std::string_view text_;
    TokenizeMode mode_;
    Position at_;
    std::vector<Token> tokens_;
    std::vector<std::size_t> indents_{0};
    std::vector<std::pair<char, Position>> brackets_;
};

// Reads up to `most` digits of a base from text at index, and moves index behind them.
std::uint32_t read_digits(std::string_view text, std::size_t& index, std::size_t most, int base)
{
    std::uint32_t value = 0;
    for (std::size_t count = 0; count < most && index < text.size(); ++count, ++index) {
        const int digit = hex_digit(text[index]);
        if (digit < 0 || digit >= base) {
            break;
        }
        value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    }
    return value;
}

} // namespace

void append_utf8(std::string& text, std::uint32_t code_point)
{
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xc0 | (code_point >> 6));
        put(0x80 | (code_point & 0x3f));
    } else if (code_point < 0x10000) {
        put(0xe0 | (code_point >> 12));
        put(0x80 | ((code_point >> 6) & 0x3f));
        put(0x80 | (code_point & 0x3f));
    } else {
        put(0xf0 | (code_point >> 18));
        put(0x80 | ((code_point >> 12) & 0x3f));
        put(0x80 | ((code_point >> 6) & 0x3f));
        put(0x80 | (code_point & 0x3f));
    }
}

std::string decode_escapes(std::string_view text, Position at, ShortEscape short_escape)
{
    const auto put_short = [&](std::string& into, std::uint32_t value) {
        if (short_escape == ShortEscape::Character) {
            append_utf8(into, value);
        } else {
            into += static_cast<char>(static_cast<unsigned char>(value & 0xff));
        }
    };
    std::string result;
    result.reserve(text.size());
    std::size_t index = 0;
    while (index < text.size()) {
        const char c = text[index++];
        if (c != '\\' || index == text.size()) {
            result += c;
            continue;
        }
        const char escape = text[index++];
        constexpr std::string_view kLetters = "abfnrtv\\'\"";
        constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
        if (const auto simple = kLetters.find(escape); simple != std::string_view::npos) {
            result += kMeanings[simple];
        } else if (escape == '\n') {
            continue;
        } else if (escape >= '0' && escape <= '7') {
            --index;
            put_short(result, read_digits(text, index, 3, 8));
        } else if (escape == 'x' || escape == 'u' || escape == 'U') {
            const std::size_t wanted = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
            const auto start = index;
            const auto value = read_digits(text, index, wanted, 16);
            if (index != start + wanted || value > 0x10ffff) {
                throw Refusal{
                    at, fmt::format("'\\{}' must be followed by {} hexadecimal digits of a character", escape, wanted)};
            }
            if (escape == 'x') {
                put_short(result, value);
            } else {
                append_utf8(result, value);
            }
        } else {
            result += '\\';
            result += escape;
        }
    }
    return result;
}

std::vector<Token> tokenize(std::string_view text, TokenizeMode mode, Position start)
{
    return Tokenizer{text, mode, start}.run();
}

} // namespace windsor::python
