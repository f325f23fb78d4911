// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "python/parser_core.hpp"

namespace windsor::python {
namespace {

constexpr std::array<std::pair<std::string_view, BinaryOp>, 12> kAugmented{{{"+=", BinaryOp::Add},
                                                                            {"-=", BinaryOp::Subtract},
                                                                            {"*=", BinaryOp::Multiply},
                                                                            {"/=", BinaryOp::Divide},
                                                                            {"//=", BinaryOp::FloorDivide},
                                                                            {"%=", BinaryOp::Modulo},
                                                                            {"**=", BinaryOp::Power},
                                                                            {"<<=", BinaryOp::ShiftLeft},
                                                                            {">>=", BinaryOp::ShiftRight},
                                                                            {"&=", BinaryOp::And},
                                                                            {"|=", BinaryOp::Or},
                                                                            {"^=", BinaryOp::Xor}}};

constexpr std::array<std::string_view, 11> kRefusedKeywords{"async",    "await", "class", "except", "exec", "finally",
                                                            "nonlocal", "raise", "try",   "with",   "yield"};

} // namespace

void Parser::parse_file()
{
    while (peek().kind != TokenKind::End) {
        if (peek().kind == TokenKind::Newline) {
            next();
            continue;
        }
        statement(tree_.body);
    }
}

bool Parser::at_statement_end() const
{
    return peek().kind == TokenKind::Newline || peek().kind == TokenKind::End || at_operator(";");
}

void Parser::refuse_keyword() const
{
    const auto& word = peek();
    if (word.kind == TokenKind::Name && std::ranges::find(kRefusedKeywords, word.text) != kRefusedKeywords.end()) {
        throw Refusal{word.at, fmt::format("'{}' is not available in the xm language", word.text)};
    }
}

void Parser::statement(Block& into)
{
    const Nested nested{*this};
    refuse_keyword();
    if (at_operator("@")) {
        throw Refusal{peek().at, "decorators are not available in the xm language"};
    }
    if (at_word("if")) {
        into.push_back(if_statement());
    } else if (at_word("for")) {
        into.push_back(for_statement());
    } else if (at_word("while")) {
        into.push_back(while_statement());
    } else if (at_word("def")) {
        into.push_back(def_statement());
    } else {
        simple_statements(into);
    }
}

void Parser::simple_statements(Block& into)
{
    for (;;) {
        refuse_keyword();
        into.push_back(simple_statement());
        if (!take_operator(";")) {
            break;
        }
        if (peek().kind == TokenKind::Newline) {
            break;
        }
    }
    if (peek().kind != TokenKind::Newline) {
        fail_here("the end of the statement");
    }
    next();
}

const Stmt* Parser::simple_statement()
{
    const auto& token = peek();
    if (token.kind == TokenKind::Name) {
        if (token.text == "pass") {
            return jump_statement(Jump::Pass);
        }
        if (token.text == "break" || token.text == "continue") {
            return jump_statement(token.text == "break" ? Jump::Break : Jump::Continue);
        }
        if (token.text == "import") {
            return import_statement();
        }
        if (token.text == "from") {
            return from_statement();
        }
        if (token.text == "return") {
            return return_statement();
        }
        if (token.text == "assert") {
            return assert_statement();
        }
        if (token.text == "global") {
            return global_statement();
        }
        if (token.text == "del") {
            return delete_statement();
        }
        if (token.text == "print" && print_is_statement()) {
            return print_statement();
        }
        if (hyphenated_length() > 0) {
            return hyphenated_assignment();
        }
    }
    return expression_statement();
}

const Stmt* Parser::return_statement()
{
    const auto at = peek().at;
    if (!in_function_) {
        throw Refusal{at, "'return' stands outside a function"};
    }
    next();
    return make_stmt(at, Return{at_statement_end() ? nullptr : expression_list()});
}

const Stmt* Parser::jump_statement(Jump jump)
{
    const auto at = next().at;
    if (jump != Jump::Pass && loops_ == 0) {
        throw Refusal{at, fmt::format("'{}' stands outside a loop", jump == Jump::Break ? "break" : "continue")};
    }
    return make_stmt(at, jump);
}

const Stmt* Parser::expression_statement()
{
    const auto at = peek().at;
    const bool target = peek().kind == TokenKind::Name && (at_operator("=", 1) || at_operator(",", 1));
    const auto mark = read_order_.size();
    const auto* first = expression_list();
    if (at_operator("=")) {
        if (target) {
            forget_reads(mark);
        }
        return assignment(at, first);
    }
    for (const auto& [text, op] : kAugmented) {
        if (take_operator(text)) {
            if (std::holds_alternative<Display>(first->node)) {
                throw Refusal{at, fmt::format("'{}' takes one target", text)};
            }
            check_target(first);
            return make_stmt(at, AugmentedAssign{first, op, expression_list()});
        }
    }
    if (at_operator(":")) {
        throw Refusal{peek().at, "':' is not expected here; a key and its value are written KEY = VALUE"};
    }
    return make_stmt(at, Evaluate{first});
}

const Stmt* Parser::assignment(Position at, const Expr* first)
{
    Assign node{{first}, nullptr};
    check_target(first);
    while (take_operator("=")) {
        const auto* value = expression_list();
        if (at_operator("=")) {
            check_target(value);
            node.targets.push_back(value);
        }
        node.value = value;
    }
    return make_stmt(at, std::move(node));
}

// The number of tokens in NAME-NAME[-NAME...] written without blanks before '=', or 0.
std::size_t Parser::hyphenated_length() const
{
    std::size_t length = 1;
    while (at_operator("-", length) && peek(length + 1).kind == TokenKind::Name &&
           peek(length).at.column == peek(length - 1).end_column &&
           peek(length + 1).at.column == peek(length).end_column) {
        length += 2;
    }
    return length > 1 && at_operator("=", length) ? length : 0;
}

const Stmt* Parser::hyphenated_assignment()
{
    const auto at = peek().at;
    std::string written;
    for (auto length = hyphenated_length(); length > 0; --length) {
        written += next().text;
    }
    std::string name = written;
    std::ranges::replace(name, '-', '_');
    tree_.notes.push_back({at, fmt::format("the key '{}' is read as '{}'; a name cannot have hyphens", written, name)});
    next();
    const auto* value = expression_list();
    return make_stmt(at, Assign{{make(at, Name{std::move(name)})}, value});
}

Block Parser::suite()
{
    expect_operator(":", "before a block");
    Block block;
    if (peek().kind != TokenKind::Newline) {
        simple_statements(block);
        return block;
    }
    next();
    if (peek().kind != TokenKind::Indent) {
        throw Refusal{peek().at, "an indented block is expected here"};
    }
    next();
    while (peek().kind != TokenKind::Dedent && peek().kind != TokenKind::End) {
        if (peek().kind == TokenKind::Newline) {
            next();
            continue;
        }
        statement(block);
    }
    next();
    return block;
}

const Stmt* Parser::if_statement()
{
    const auto at = next().at;
    If node;
    const auto* test = expression_list();
    node.branches.emplace_back(test, suite());
    while (take_word("elif")) {
        const auto* other = expression_list();
        node.branches.emplace_back(other, suite());
    }
    if (take_word("else")) {
        node.otherwise = suite();
    }
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::for_statement()
{
    const auto at = next().at;
    For node{target_list(), nullptr, {}, {}};
    if (!take_word("in")) {
        fail_here("'in'");
    }
    node.iterable = expression_list();
    ++loops_;
    node.body = suite();
    --loops_;
    if (take_word("else")) {
        node.otherwise = suite();
    }
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::while_statement()
{
    const auto at = next().at;
    While node{expression_list(), {}, {}};
    ++loops_;
    node.body = suite();
    --loops_;
    if (take_word("else")) {
        node.otherwise = suite();
    }
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::def_statement()
{
    const auto at = next().at;
    Def node{expect_name("the name of a function"), {}, {}};
    expect_operator("(", "after a function's name");
    node.parameters = parameters(")");
    expect_operator(")", "after the parameters");
    if (take_operator("->")) {
        expression();
    }
    const auto loops = std::exchange(loops_, 0);
    const bool outer = std::exchange(in_function_, true);
    node.body = suite();
    in_function_ = outer;
    loops_ = loops;
    return make_stmt(at, std::move(node));
}

std::string Parser::dotted_name()
{
    auto name = expect_name("the name of a module");
    while (take_operator(".")) {
        name += "." + expect_name("the name of a module");
    }
    return name;
}

const Stmt* Parser::import_statement()
{
    const auto at = next().at;
    Imports node;
    do {
        Import import{.module = {}, .name = {}, .alias = {}, .at = peek().at};
        import.module = dotted_name();
        import.alias =
            take_word("as") ? expect_name("a name after 'as'") : import.module.substr(0, import.module.find('.'));
        node.imports.push_back(std::move(import));
    } while (take_operator(","));
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::from_statement()
{
    const auto at = next().at;
    const auto module_at = peek().at;
    const auto module = dotted_name();
    if (!take_word("import")) {
        fail_here("'import'");
    }
    const bool bracketed = take_operator("(");
    Imports node;
    do {
        if (bracketed && at_operator(")")) {
            break;
        }
        Import import{.module = module, .name = {}, .alias = {}, .at = module_at};
        import.name = take_operator("*") ? "*" : expect_name("a name to import");
        import.alias = take_word("as") ? expect_name("a name after 'as'") : import.name;
        node.imports.push_back(std::move(import));
    } while (take_operator(","));
    if (bracketed) {
        expect_operator(")", "after the imported names");
    }
    return make_stmt(at, std::move(node));
}

// `print (…)` alone on its statement is Python 3's function; anything else after `print` is Python 2's statement.
bool Parser::print_is_statement() const
{
    if (at_operator("=", 1) || at_operator(".", 1)) {
        return false;
    }
    if (!at_operator("(", 1)) {
        return true;
    }
    int depth = 0;
    for (std::size_t ahead = 1; index_ + ahead < tokens_.size(); ++ahead) {
        const auto& token = peek(ahead);
        if (token.kind != TokenKind::Operator) {
            continue;
        }
        const auto& text = token.text;
        depth += text == "(" || text == "[" || text == "{" ? 1 : text == ")" || text == "]" || text == "}" ? -1 : 0;
        if (depth == 0) {
            const auto& after = peek(ahead + 1);
            return after.kind != TokenKind::Newline && after.kind != TokenKind::End && after.text != ";";
        }
    }
    return true;
}

const Stmt* Parser::print_statement()
{
    const auto at = next().at;
    if (at_operator(">>")) {
        throw Refusal{peek().at, "'print >>' is not available in the xm language"};
    }
    Print node{{}, true};
    while (!at_statement_end()) {
        node.newline = true;
        node.values.push_back(expression());
        if (!take_operator(",")) {
            break;
        }
        node.newline = false;
    }
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::global_statement()
{
    const auto at = next().at;
    Global node;
    do {
        node.names.push_back(expect_name("a name"));
    } while (take_operator(","));
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::delete_statement()
{
    const auto at = next().at;
    Delete node;
    const auto* target = expression_list();
    check_target(target);
    const auto* display = std::get_if<Display>(&target->node);
    node.targets = display != nullptr ? display->items : Exprs{target};
    return make_stmt(at, std::move(node));
}

const Stmt* Parser::assert_statement()
{
    const auto at = next().at;
    const auto* test = expression();
    const auto* message = take_operator(",") ? expression() : nullptr;
    return make_stmt(at, Assert{test, message});
}

Tree parse_file(std::string_view text)
{
    Tree tree;
    Parser parser{tree, tokenize(text, TokenizeMode::File)};
    parser.parse_file();
    return tree;
}

} // namespace windsor::python
