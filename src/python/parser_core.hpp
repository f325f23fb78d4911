// SPDX-License-Identifier: GPL-2.0-or-later
// The recursive-descent parser behind parser.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "python/parser.hpp"
#include "python/tokenizer.hpp"

namespace windsor::python {

class Parser {
public:
    Parser(Tree& tree, std::vector<Token> tokens, int depth = 0)
        : tree_{tree}, tokens_{std::move(tokens)}, depth_{depth}
    {
    }

    void parse_file();
    const Expr* parse_lone_expression();

private:
    static constexpr int kDeepest = 100;
    static constexpr std::size_t kLongestChain = 200;

    // Counts the nesting of expressions and blocks.
    class Nested {
    public:
        explicit Nested(Parser& parser) : depth_{parser.depth_}
        {
            if (++depth_ > kDeepest) {
                throw Refusal{parser.peek().at, fmt::format("this is nested more than {} levels deep", kDeepest)};
            }
        }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;
        ~Nested() { --depth_; }

    private:
        int& depth_;
    };

    const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(index_ + ahead, tokens_.size() - 1)]; }
    const Token& next() { return tokens_[index_ + 1 < tokens_.size() ? index_++ : index_]; }
    bool at_operator(std::string_view text, std::size_t ahead = 0) const;
    bool at_word(std::string_view text, std::size_t ahead = 0) const;
    bool take_operator(std::string_view text);
    bool take_word(std::string_view text);
    void expect_operator(std::string_view text, std::string_view purpose);
    std::string expect_name(std::string_view purpose);
    [[noreturn]] void fail_here(std::string_view wanted) const;

    template <typename Node> const Expr* make(Position at, Node node)
    {
        tree_.exprs.push_back(Expr{at, std::move(node)});
        return &tree_.exprs.back();
    }
    template <typename Node> const Stmt* make_stmt(Position at, Node node)
    {
        tree_.stmts.push_back(Stmt{at, std::move(node)});
        return &tree_.stmts.back();
    }

    // Expressions.
    const Expr* expression();
    const Expr* expression_list();
    const Expr* logical_or();
    const Expr* logical_and();
    const Expr* logical_not();
    const Expr* comparison();
    const Expr* binary(int lowest);
    const Expr* unary();
    const Expr* power();
    const Expr* postfix(const Expr* object);
    const Expr* atom();
    const Expr* name_atom();
    const Expr* strings();
    const Expr* parenthesised();
    const Expr* list_display();
    const Expr* brace_display();
    const Expr* lambda();
    const Expr* call(const Expr* function);
    const Expr* subscript(const Expr* object);
    Exprs items_until(std::string_view closing, const Expr* first);
    std::vector<ComprehensionClause> comprehension_clauses();
    std::vector<Parameter> parameters(std::string_view closing);
    std::optional<CompareOp> take_comparison();
    void format_parts(Formatted& formatted, std::string_view text, const Token& token, int level);
    std::size_t replacement_field(Formatted& formatted, std::string_view text, const Token& token, int level);
    const Expr* target_list();
    void check_target(const Expr* target) const;
    void forget_reads(std::size_t mark);

    // Statements.
    void statement(Block& into);
    void simple_statements(Block& into);
    const Stmt* simple_statement();
    const Stmt* return_statement();
    const Stmt* expression_statement();
    const Stmt* assignment(Position at, const Expr* first);
    const Stmt* hyphenated_assignment();
    const Stmt* if_statement();
    const Stmt* for_statement();
    const Stmt* while_statement();
    const Stmt* def_statement();
    const Stmt* import_statement();
    const Stmt* from_statement();
    const Stmt* print_statement();
    const Stmt* global_statement();
    const Stmt* delete_statement();
    const Stmt* assert_statement();
    const Stmt* jump_statement(Jump jump);
    std::string dotted_name();
    bool print_is_statement() const;
    bool at_statement_end() const;
    std::size_t hyphenated_length() const;
    void refuse_keyword() const;
    Block suite();

    Tree& tree_;
    std::vector<Token> tokens_;
    std::size_t index_ = 0;
    int depth_ = 0;
    int loops_ = 0;
    std::vector<std::string> read_order_; // names by their first reading, so that readings can be taken back
    bool in_function_ = false;
    bool no_in_ = false; // inside a for statement's or clause's target, where `in` is no operator
};

} // namespace windsor::python
