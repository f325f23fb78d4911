// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "python/parser_core.hpp"

namespace windsor::python {
namespace {

constexpr std::pair<std::string_view, std::string_view> kLeftOut[] = {
    {"*", "unpacking with '*'"}, {"**", "unpacking with '**'"}, {":=", "assignment by ':='"}, {"...", "'...'"}};

struct BinaryToken {
    std::string_view text;
    BinaryOp op;
    int strength;
};

constexpr std::array kBinaryTokens{
    BinaryToken{"|", BinaryOp::Or, 1},          BinaryToken{"^", BinaryOp::Xor, 2},
    BinaryToken{"&", BinaryOp::And, 3},         BinaryToken{"<<", BinaryOp::ShiftLeft, 4},
    BinaryToken{">>", BinaryOp::ShiftRight, 4}, BinaryToken{"+", BinaryOp::Add, 5},
    BinaryToken{"-", BinaryOp::Subtract, 5},    BinaryToken{"*", BinaryOp::Multiply, 6},
    BinaryToken{"/", BinaryOp::Divide, 6},      BinaryToken{"//", BinaryOp::FloorDivide, 6},
    BinaryToken{"%", BinaryOp::Modulo, 6},
};

constexpr std::array<std::string_view, 33> kKeywords{
    "and",    "as",       "assert", "async",   "await", "break", "class",  "continue", "def",    "del",  "elif",
    "else",   "except",   "exec",   "finally", "for",   "from",  "global", "if",       "import", "in",   "is",
    "lambda", "nonlocal", "not",    "or",      "pass",  "raise", "return", "try",      "while",  "with", "yield"};

} // namespace

bool Parser::at_operator(std::string_view text, std::size_t ahead) const
{
    return peek(ahead).kind == TokenKind::Operator && peek(ahead).text == text;
}

bool Parser::at_word(std::string_view text, std::size_t ahead) const
{
    return peek(ahead).kind == TokenKind::Name && peek(ahead).text == text;
}

bool Parser::take_operator(std::string_view text)
{
    const bool found = at_operator(text);
    if (found) {
        next();
    }
    return found;
}

bool Parser::take_word(std::string_view text)
{
    const bool found = at_word(text);
    if (found) {
        next();
    }
    return found;
}

void Parser::fail_here(std::string_view wanted) const
{
    const auto& token = peek();
    std::string found;
    // Python that is left out, by name, rather than a word about what would have to stand in its place.
    if (token.kind == TokenKind::Operator) {
        for (const auto& [text, name] : kLeftOut) {
            if (token.text == text) {
                throw Refusal{token.at, fmt::format("{} is not available in the xm language", name)};
            }
        }
    }
    switch (token.kind) {
    case TokenKind::Newline: found = "the line ends"; break;
    case TokenKind::End: found = "the text ends"; break;
    case TokenKind::Indent: throw Refusal{token.at, "this line is indented, but nothing above it opens a block"};
    case TokenKind::Dedent: found = "the block ends"; break;
    case TokenKind::String:
    case TokenKind::FormatString: found = "there is a string"; break;
    default: found = fmt::format("there is '{}'", token.text.substr(0, 40)); break;
    }
    throw Refusal{token.at, fmt::format("{} is expected here, but {}", wanted, found)};
}

void Parser::expect_operator(std::string_view text, std::string_view purpose)
{
    if (!take_operator(text)) {
        fail_here(fmt::format("'{}' {}", text, purpose));
    }
}

std::string Parser::expect_name(std::string_view purpose)
{
    if (peek().kind != TokenKind::Name || std::ranges::find(kKeywords, peek().text) != kKeywords.end()) {
        fail_here(purpose);
    }
    return next().text;
}

const Expr* Parser::parse_lone_expression()
{
    const auto* expr = expression_list();
    if (peek().kind != TokenKind::End) {
        fail_here("the end of the expression");
    }
    return expr;
}

const Expr* Parser::expression_list()
{
    const auto at = peek().at;
    const auto* first = expression();
    if (!at_operator(",")) {
        return first;
    }
    Exprs items{first};
    while (take_operator(",")) {
        if (at_statement_end() || at_operator("=") || at_operator(")") || at_operator("]") || at_operator(":")) {
            break;
        }
        items.push_back(expression());
    }
    return make(at, Display{DisplayKind::Tuple, std::move(items)});
}

const Expr* Parser::expression()
{
    const Nested nested{*this};
    if (at_word("lambda")) {
        return lambda();
    }
    const auto at = peek().at;
    const auto* value = logical_or();
    if (!at_word("if")) {
        return value;
    }
    next();
    const auto* test = logical_or();
    if (!take_word("else")) {
        fail_here("'else' of a conditional expression");
    }
    return make(at, Conditional{test, value, expression()});
}

const Expr* Parser::logical_or()
{
    const auto at = peek().at;
    Exprs operands{logical_and()};
    while (take_word("or")) {
        operands.push_back(logical_and());
    }
    return operands.size() == 1 ? operands.front() : make(at, Logical{BoolOp::Or, std::move(operands)});
}

const Expr* Parser::logical_and()
{
    const auto at = peek().at;
    Exprs operands{logical_not()};
    while (take_word("and")) {
        operands.push_back(logical_not());
    }
    return operands.size() == 1 ? operands.front() : make(at, Logical{BoolOp::And, std::move(operands)});
}

const Expr* Parser::logical_not()
{
    const auto at = peek().at;
    if (!take_word("not")) {
        return comparison();
    }
    const Nested nested{*this};
    return make(at, Unary{UnaryOp::Not, logical_not()});
}

std::optional<CompareOp> Parser::take_comparison()
{
    if (at_word("not") && at_word("in", 1)) {
        next();
        next();
        return CompareOp::NotIn;
    }
    if (!no_in_ && take_word("in")) {
        return CompareOp::In;
    }
    if (take_word("is")) {
        return take_word("not") ? CompareOp::IsNot : CompareOp::Is;
    }
    constexpr std::array<std::pair<std::string_view, CompareOp>, 7> kTokens{{{"==", CompareOp::Equal},
                                                                             {"!=", CompareOp::NotEqual},
                                                                             {"<>", CompareOp::NotEqual},
                                                                             {"<=", CompareOp::LessEqual},
                                                                             {">=", CompareOp::GreaterEqual},
                                                                             {"<", CompareOp::Less},
                                                                             {">", CompareOp::Greater}}};
    for (const auto& [text, op] : kTokens) {
        if (take_operator(text)) {
            return op;
        }
    }
    return std::nullopt;
}

const Expr* Parser::comparison()
{
    const auto at = peek().at;
    const auto* first = binary(1);
    std::vector<std::pair<CompareOp, const Expr*>> rest;
    while (const auto op = take_comparison()) {
        rest.emplace_back(*op, binary(1));
    }
    return rest.empty() ? first : make(at, Compare{first, std::move(rest)});
}

const Expr* Parser::binary(int lowest)
{
    const auto* left = unary();
    for (std::size_t length = 0;; ++length) {
        const auto& token = peek();
        const auto found = std::ranges::find_if(kBinaryTokens, [&](const auto& entry) {
            return token.kind == TokenKind::Operator && entry.text == token.text && entry.strength >= lowest;
        });
        if (found == kBinaryTokens.end()) {
            return left;
        }
        const auto at = next().at;
        if (length >= kLongestChain) {
            throw Refusal{at, fmt::format("this expression has more than {} operators in a row", kLongestChain)};
        }
        const Nested nested{*this};
        left = make(at, Binary{found->op, left, binary(found->strength + 1)});
    }
}

const Expr* Parser::unary()
{
    const auto at = peek().at;
    const auto op = at_operator("-") ? UnaryOp::Minus : at_operator("+") ? UnaryOp::Plus : UnaryOp::Invert;
    if (!at_operator("-") && !at_operator("+") && !at_operator("~")) {
        return power();
    }
    const Nested nested{*this};
    next();
    return make(at, Unary{op, unary()});
}

const Expr* Parser::power()
{
    const auto* base = postfix(atom());
    const auto at = peek().at;
    if (!take_operator("**")) {
        return base;
    }
    const Nested nested{*this};
    return make(at, Binary{BinaryOp::Power, base, unary()});
}

const Expr* Parser::postfix(const Expr* object)
{
    for (std::size_t length = 0;; ++length) {
        if (length >= kLongestChain) {
            throw Refusal{peek().at, fmt::format("this expression has more than {} operators in a row", kLongestChain)};
        }
        if (at_operator("(")) {
            object = call(object);
        } else if (at_operator("[")) {
            object = subscript(object);
        } else if (at_operator(".")) {
            next();
            const auto at = peek().at;
            object = make(at, Attribute{object, expect_name("the name of an attribute")});
        } else {
            return object;
        }
    }
}

const Expr* Parser::call(const Expr* function)
{
    const Nested nested{*this};
    Call node{function, {}, {}};
    const auto at = function->at;
    next();
    while (!at_operator(")")) {
        if (at_operator("*") || at_operator("**")) {
            throw Refusal{peek().at, "unpacking of arguments with '*' is not available in the xm language"};
        }
        if (peek().kind == TokenKind::Name && at_operator("=", 1)) {
            auto name = expect_name("the name of an argument");
            next();
            node.keywords.emplace_back(std::move(name), expression());
        } else {
            const auto start = peek().at;
            const auto* value = expression();
            if (at_word("for")) {
                value = make(start, Comprehension{DisplayKind::List, value, nullptr, comprehension_clauses()});
            }
            node.arguments.push_back(value);
        }
        if (!take_operator(",")) {
            break;
        }
    }
    expect_operator(")", "or ',' after an argument");
    return make(at, std::move(node));
}

const Expr* Parser::subscript(const Expr* object)
{
    const Nested nested{*this};
    const auto at = next().at;
    const auto bound = [&]() -> const Expr* {
        return at_operator(":") || at_operator("]") ? nullptr : expression_list();
    };
    const auto* start = bound();
    if (!at_operator(":")) {
        if (start == nullptr) {
            fail_here("an index");
        }
        expect_operator("]", "after an index");
        return make(at, Subscript{object, start});
    }
    next();
    const auto* stop = bound();
    const auto* step = take_operator(":") ? bound() : nullptr;
    expect_operator("]", "after a slice");
    return make(at, Subscript{object, make(at, Slice{start, stop, step})});
}

const Expr* Parser::atom()
{
    const auto& token = peek();
    switch (token.kind) {
    case TokenKind::Integer: return make(token.at, Constant{next().integer});
    case TokenKind::Float: return make(token.at, Constant{next().real});
    case TokenKind::String:
    case TokenKind::FormatString: return strings();
    case TokenKind::Name: return name_atom();
    default: break;
    }
    if (at_operator("(")) {
        return parenthesised();
    }
    if (at_operator("[")) {
        return list_display();
    }
    if (at_operator("{")) {
        return brace_display();
    }
    if (at_operator("`")) {
        throw Refusal{token.at, "backquotes are not available in the xm language; write repr(…) or '%r' % …"};
    }
    fail_here("a value");
}

const Expr* Parser::name_atom()
{
    const auto at = peek().at;
    const auto& word = peek().text;
    if (word == "True" || word == "False") {
        return make(at, Constant{next().text == "True"});
    }
    if (word == "None") {
        next();
        return make(at, Constant{});
    }
    if (word == "yield" || word == "await") {
        refuse_keyword();
    }
    auto name = expect_name("a value");
    if (tree_.names_read.insert(name).second) {
        read_order_.push_back(name);
    }
    return make(at, Name{std::move(name)});
}

// The target of a `for`: names are assigned there, not read.
const Expr* Parser::target_list()
{
    const auto mark = read_order_.size();
    const bool outer = std::exchange(no_in_, true);
    const auto* target = [&]() -> const Expr* {
        const auto at = peek().at;
        const auto* first = binary(1);
        if (!at_operator(",")) {
            return first;
        }
        Exprs items{first};
        while (take_operator(",") && !at_word("in")) {
            items.push_back(binary(1));
        }
        return make(at, Display{DisplayKind::Tuple, std::move(items)});
    }();
    no_in_ = outer;
    check_target(target);
    forget_reads(mark);
    return target;
}

// What has been parsed since the mark turns out to be assigned, and not read.
void Parser::forget_reads(std::size_t mark)
{
    for (; read_order_.size() > mark; read_order_.pop_back()) {
        tree_.names_read.erase(read_order_.back());
    }
}

void Parser::check_target(const Expr* target) const
{
    if (const auto* display = std::get_if<Display>(&target->node);
        display != nullptr && display->kind != DisplayKind::Set) {
        for (const auto* item : display->items) {
            check_target(item);
        }
        return;
    }
    if (std::holds_alternative<Name>(target->node)) {
        return;
    }
    if (const auto* subscript = std::get_if<Subscript>(&target->node)) {
        if (!std::holds_alternative<Slice>(subscript->index->node)) {
            return;
        }
        throw Refusal{target->at, "assignment to a slice is not available in the xm language"};
    }
    if (std::holds_alternative<Attribute>(target->node)) {
        throw Refusal{target->at, "assignment to an attribute is not available in the xm language"};
    }
    throw Refusal{target->at, "this cannot be assigned to; a key and its value are written KEY = VALUE"};
}

const Expr* parse_expression(Tree& tree, std::string_view text, Position start)
{
    Parser parser{tree, tokenize(text, TokenizeMode::Expression, start)};
    return parser.parse_lone_expression();
}

} // namespace windsor::python
