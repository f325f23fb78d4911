// SPDX-License-Identifier: GPL-2.0-or-later
// The syntax tree of the xm language, a subset of Python 2 and 3.
// Nodes live in the Tree and point at each other freely; they go all at once, so depth costs no stack.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "python/position.hpp"

namespace windsor::python {

struct Expr;
struct Stmt;
using Block = std::vector<const Stmt*>;
using Exprs = std::vector<const Expr*>;

enum class UnaryOp { Plus, Minus, Invert, Not };
enum class BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor
};
enum class CompareOp { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, NotIn, Is, IsNot };
enum class DisplayKind { List, Tuple, Set };
enum class BoolOp { And, Or };

struct Parameter {
    std::string name;
    const Expr* default_value = nullptr;
};

struct Constant {
    std::variant<std::monostate, bool, std::int64_t, double, std::string> value;
};
struct Name {
    std::string id;
};
struct Display {
    DisplayKind kind;
    Exprs items;
};
struct DictDisplay {
    std::vector<std::pair<const Expr*, const Expr*>> entries;
};
struct ComprehensionClause {
    const Expr* target;
    const Expr* iterable;
    Exprs conditions;
};
// value is null except in a dictionary comprehension. Generators are evaluated as lists.
struct Comprehension {
    DisplayKind kind;
    const Expr* element;
    const Expr* value;
    std::vector<ComprehensionClause> clauses;
};
struct Unary {
    UnaryOp op;
    const Expr* operand;
};
struct Binary {
    BinaryOp op;
    const Expr* left;
    const Expr* right;
};
struct Logical {
    BoolOp op;
    Exprs operands;
};
struct Compare {
    const Expr* first;
    std::vector<std::pair<CompareOp, const Expr*>> rest;
};
struct Conditional {
    const Expr* test;
    const Expr* then;
    const Expr* otherwise;
};
struct Call {
    const Expr* function;
    Exprs arguments;
    std::vector<std::pair<std::string, const Expr*>> keywords;
};
struct Attribute {
    const Expr* object;
    std::string name;
};
struct Subscript {
    const Expr* object;
    const Expr* index;
};
// Any bound may be null; only valid inside a Subscript.
struct Slice {
    const Expr* start;
    const Expr* stop;
    const Expr* step;
};
struct Lambda {
    std::vector<Parameter> parameters;
    const Expr* body;
};
// One part of an f-string: literal text, or an expression with conversion ('r', 's' or 0) and format specification.
struct FormatPart {
    std::string literal;
    const Expr* value = nullptr;
    char conversion = 0;
    const Expr* specification = nullptr;
};
struct Formatted {
    std::vector<FormatPart> parts;
};

struct Expr {
    Position at;
    std::variant<Constant, Name, Display, DictDisplay, Comprehension, Unary, Binary, Logical, Compare, Conditional,
                 Call, Attribute, Subscript, Slice, Lambda, Formatted>
        node;
};

struct Evaluate {
    const Expr* value;
};
struct Assign {
    Exprs targets;
    const Expr* value;
};
struct AugmentedAssign {
    const Expr* target;
    BinaryOp op;
    const Expr* value;
};
struct If {
    std::vector<std::pair<const Expr*, Block>> branches;
    Block otherwise;
};
struct For {
    const Expr* target;
    const Expr* iterable;
    Block body;
    Block otherwise;
};
struct While {
    const Expr* test;
    Block body;
    Block otherwise;
};
struct Def {
    std::string name;
    std::vector<Parameter> parameters;
    Block body;
};
struct Return {
    const Expr* value; // may be null
};
enum class Jump { Break, Continue, Pass };
// `import module as alias`, or `from module import name as alias` when name is not empty.
struct Import {
    std::string module;
    std::string name;
    std::string alias;
    Position at;
};
struct Imports {
    std::vector<Import> imports;
};
struct Print {
    Exprs values;
    bool newline;
};
struct Global {
    std::vector<std::string> names;
};
struct Delete {
    Exprs targets;
};
struct Assert {
    const Expr* test;
    const Expr* message; // may be null
};

struct Stmt {
    Position at;
    std::variant<Evaluate, Assign, AugmentedAssign, If, For, While, Def, Return, Jump, Imports, Print, Global, Delete,
                 Assert>
        node;
};

struct SyntaxNote {
    Position at;
    std::string message;
};

// A parsed text. Movable: a deque keeps its elements' addresses when moved.
struct Tree {
    std::deque<Expr> exprs;
    std::deque<Stmt> stmts;
    Block body;
    std::set<std::string> names_read; // every name that some expression reads
    std::vector<SyntaxNote> notes;
};

// Why a text is refused: one sentence, and where.
struct Refusal {
    Position at;
    std::string message;
};

} // namespace windsor::python
