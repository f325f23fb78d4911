// SPDX-License-Identifier: GPL-2.0-or-later
// Strings, f-strings, displays, comprehensions and lambdas.
#include <algorithm>

#include "python/parser_core.hpp"

namespace windsor::python {

const Expr* Parser::strings()
{
    const auto at = peek().at;
    std::string plain;
    Formatted formatted;
    while (peek().kind == TokenKind::String || peek().kind == TokenKind::FormatString) {
        const auto& token = next();
        if (token.kind == TokenKind::String) {
            plain += token.text;
            continue;
        }
        formatted.parts.push_back(FormatPart{.literal = std::move(plain)});
        plain.clear();
        format_parts(formatted, token.text, token, 0);
    }
    if (formatted.parts.empty()) {
        return make(at, Constant{std::move(plain)});
    }
    formatted.parts.push_back(FormatPart{.literal = std::move(plain)});
    return make(at, std::move(formatted));
}

// Splits the inside of an f-string into literal text and replacement fields (Language Reference 2.4.3).
void Parser::format_parts(Formatted& formatted, std::string_view text, const Token& token, int level)
{
    std::string literal;
    const auto flush = [&] {
        formatted.parts.push_back(FormatPart{.literal = token.raw ? literal : decode_escapes(literal, token.at)});
        literal.clear();
    };
    while (!text.empty()) {
        const char c = text.front();
        if ((c == '{' || c == '}') && level == 0 && text.size() > 1 && text[1] == c) {
            literal += c;
            text.remove_prefix(2);
        } else if (c == '{') {
            flush();
            text.remove_prefix(replacement_field(formatted, text, token, level));
        } else if (c == '}') {
            throw Refusal{token.at, "a single '}' in an f-string must be doubled"};
        } else {
            literal += c;
            text.remove_prefix(1);
        }
    }
    flush();
}

// Reads one {expression!conversion:specification} at the start of text and returns its length.
std::size_t Parser::replacement_field(Formatted& formatted, std::string_view text, const Token& token, int level)
{
    if (level > 1) {
        throw Refusal{token.at, "the fields of this f-string are nested too deep"};
    }
    int brackets = 0;
    char quote = 0;
    std::size_t colon = std::string_view::npos;
    std::size_t bang = std::string_view::npos;
    std::size_t index = 1;
    for (; index < text.size(); ++index) {
        const char c = text[index];
        if (quote != 0) {
            quote = c == quote ? '\0' : quote;
        } else if ((c == '\'' || c == '"') && colon == std::string_view::npos) {
            quote = c;
        } else if (c == '(' || c == '[' || c == '{') {
            ++brackets;
        } else if (c == '}' && brackets == 0) {
            break;
        } else if (c == ')' || c == ']' || c == '}') {
            --brackets;
        } else if (brackets == 0 && colon == std::string_view::npos && c == ':') {
            colon = index;
        } else if (brackets == 0 && colon == std::string_view::npos && bang == std::string_view::npos && c == '!' &&
                   index + 1 < text.size() && text[index + 1] != '=') {
            bang = index;
        }
    }
    if (index >= text.size()) {
        throw Refusal{token.at, "a '{' in this f-string is never closed"};
    }
    FormatPart part;
    const auto inside = text.substr(1, std::min({colon, bang, index}) - 1);
    if (bang != std::string_view::npos) {
        part.conversion = text[bang + 1];
        if (std::min(colon, index) != bang + 2 || (part.conversion != 'r' && part.conversion != 's')) {
            throw Refusal{token.at, "after '!' an f-string takes 'r' or 's' only"};
        }
    }
    Parser inner{tree_, tokenize(inside, TokenizeMode::Expression, token.at), depth_ + 1};
    const Nested nested{*this};
    part.value = inner.parse_lone_expression();
    if (colon != std::string_view::npos) {
        Formatted specification;
        format_parts(specification, text.substr(colon + 1, index - colon - 1), token, level + 1);
        part.specification = make(token.at, std::move(specification));
    }
    formatted.parts.push_back(std::move(part));
    return index + 1;
}

Exprs Parser::items_until(std::string_view closing, const Expr* first)
{
    Exprs items{first};
    while (take_operator(",")) {
        if (at_operator(closing)) {
            break;
        }
        items.push_back(expression());
    }
    expect_operator(closing, "or ',' after an element");
    return items;
}

const Expr* Parser::parenthesised()
{
    const Nested nested{*this};
    const bool outer = std::exchange(no_in_, false);
    const auto at = next().at;
    const Expr* result = nullptr;
    if (take_operator(")")) {
        result = make(at, Display{DisplayKind::Tuple, {}});
    } else {
        const auto* first = expression();
        if (at_word("for")) {
            result = make(at, Comprehension{DisplayKind::List, first, nullptr, comprehension_clauses()});
            expect_operator(")", "after a generator");
        } else if (at_operator(",")) {
            result = make(at, Display{DisplayKind::Tuple, items_until(")", first)});
        } else {
            expect_operator(")", "after an expression");
            result = first;
        }
    }
    no_in_ = outer;
    return result;
}

const Expr* Parser::list_display()
{
    const Nested nested{*this};
    const bool outer = std::exchange(no_in_, false);
    const auto at = next().at;
    const Expr* result = nullptr;
    if (take_operator("]")) {
        result = make(at, Display{DisplayKind::List, {}});
    } else {
        const auto* first = expression();
        if (at_word("for")) {
            result = make(at, Comprehension{DisplayKind::List, first, nullptr, comprehension_clauses()});
            expect_operator("]", "after a list comprehension");
        } else {
            result = make(at, Display{DisplayKind::List, items_until("]", first)});
        }
    }
    no_in_ = outer;
    return result;
}

const Expr* Parser::brace_display()
{
    const Nested nested{*this};
    const bool outer = std::exchange(no_in_, false);
    const auto at = next().at;
    const Expr* result = nullptr;
    if (take_operator("}")) {
        no_in_ = outer;
        return make(at, DictDisplay{});
    }
    const auto* first = expression();
    if (!take_operator(":")) {
        if (at_word("for")) {
            result = make(at, Comprehension{DisplayKind::Set, first, nullptr, comprehension_clauses()});
            expect_operator("}", "after a set comprehension");
        } else {
            result = make(at, Display{DisplayKind::Set, items_until("}", first)});
        }
        no_in_ = outer;
        return result;
    }
    const auto* value = expression();
    if (at_word("for")) {
        result = make(at, Comprehension{DisplayKind::Set, first, value, comprehension_clauses()});
    } else {
        DictDisplay dict{{{first, value}}};
        while (take_operator(",") && !at_operator("}")) {
            const auto* key = expression();
            expect_operator(":", "after a dictionary's key");
            dict.entries.emplace_back(key, expression());
        }
        result = make(at, std::move(dict));
    }
    expect_operator("}", "or ',' after a dictionary's value");
    no_in_ = outer;
    return result;
}

std::vector<ComprehensionClause> Parser::comprehension_clauses()
{
    std::vector<ComprehensionClause> clauses;
    while (take_word("for")) {
        ComprehensionClause clause{target_list(), nullptr, {}};
        if (!take_word("in")) {
            fail_here("'in'");
        }
        clause.iterable = logical_or();
        while (take_word("if")) {
            clause.conditions.push_back(logical_or());
        }
        clauses.push_back(std::move(clause));
        if (clauses.size() > 8) {
            throw Refusal{peek().at, "a comprehension can have 8 'for' clauses at most"};
        }
    }
    return clauses;
}

const Expr* Parser::lambda()
{
    const auto at = next().at;
    auto list = parameters(":");
    expect_operator(":", "after a lambda's parameters");
    return make(at, Lambda{std::move(list), expression()});
}

std::vector<Parameter> Parser::parameters(std::string_view closing)
{
    std::vector<Parameter> list;
    while (!at_operator(closing)) {
        if (at_operator("*") || at_operator("**")) {
            throw Refusal{peek().at, "parameters with '*' are not available in the xm language"};
        }
        const auto at = peek().at;
        Parameter parameter{expect_name("the name of a parameter"), nullptr};
        if (take_operator("=")) {
            parameter.default_value = expression();
        } else if (!list.empty() && list.back().default_value != nullptr) {
            throw Refusal{
                at, fmt::format("parameter '{}' needs a default, since the one before it has one", parameter.name)};
        }
        list.push_back(std::move(parameter));
        if (!take_operator(",")) {
            break;
        }
    }
    return list;
}

} // namespace windsor::python
