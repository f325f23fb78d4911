// SPDX-License-Identifier: GPL-2.0-or-later
// The tree-walking evaluator's values, and the evaluator itself.
//
// Objects belong to the Interpreter's heap and are all released together at its end, so cycles leak nothing and no
// destructor recurses. Errors are thrown as Refusal and caught in evaluate.cpp; they never leave this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "python/evaluate.hpp"
#include "python/regex.hpp"

namespace windsor::python {

struct None {
    bool operator==(const None&) const = default;
};
struct StringObject;
struct ListObject;
struct TupleObject;
struct DictObject;
struct SetObject;
struct FunctionObject;
struct BuiltinObject;
struct ModuleObject;
struct PatternObject;
struct MatchObject;
struct EnvironObject;

using Item = std::variant<None, bool, std::int64_t, double, const StringObject*, ListObject*, const TupleObject*,
                          DictObject*, SetObject*, const FunctionObject*, const BuiltinObject*, const ModuleObject*,
                          const PatternObject*, const MatchObject*, const EnvironObject*>;
using Items = std::vector<Item>;

class Interpreter;
struct Arguments;
using BuiltinCall = Item (*)(Interpreter&, Arguments&);

struct Object {
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;
};
struct StringObject : Object {
    std::string text;
};
struct ListObject : Object {
    Items items;
};
struct TupleObject : Object {
    Items items;
    std::span<const std::string_view> names; // of a named tuple's elements
};
struct DictObject : Object {
    std::vector<std::pair<Item, Item>> entries;
};
struct SetObject : Object {
    Items items;
};

// The variables of the file, a call or a comprehension.
struct Scope : Object {
    std::map<std::string, Item, std::less<>> names;
    std::set<std::string, std::less<>> globals; // names declared with `global`
    Scope* enclosing = nullptr;
    bool transparent = false; // of a comprehension: a `global` statement's scope lies outside
};

struct FunctionObject : Object {
    std::string name;
    const std::vector<Parameter>* parameters = nullptr;
    Items defaults;                   // for the last parameters
    const Block* body = nullptr;      // of a def
    const Expr* expression = nullptr; // of a lambda
    Scope* enclosing = nullptr;
};

// A builtin function, or a method bound to `self`.
struct BuiltinObject : Object {
    std::string name;
    BuiltinCall call = nullptr;
    Item self;
    bool is_type = false; // int, str … are types, which isinstance() takes
};
struct ModuleObject : Object {
    std::string name;
    std::map<std::string, Item, std::less<>> members;
};
struct PatternObject : Object {
    Regex regex;
    std::string pattern;
};
struct MatchObject : Object {
    const StringObject* text = nullptr;
    const PatternObject* pattern = nullptr;
    Regex::Match match;
};

// os.environ: variables can be asked for by name, but not listed.
struct EnvironObject : Object {};

// The arguments of one call of a builtin. Each take_… removes what it returns.
struct Arguments {
    Interpreter& interpreter;
    std::string_view function;
    Item self;
    Items positional;
    std::vector<std::pair<std::string, Item>> keywords;

    // Refuses a call with fewer or more positional arguments, or with keywords that were not taken.
    void expect(std::size_t least, std::size_t most) const;
    std::optional<Item> take_keyword(std::string_view name);
    // The positional argument at index, or the keyword; nothing if neither was given.
    std::optional<Item> optional(std::size_t index, std::string_view keyword);
    const std::string& string(std::size_t index) const;
    std::int64_t integer(std::size_t index) const;
    const std::string& self_string() const { return std::get<const StringObject*>(self)->text; }
};

class Interpreter {
public:
    Interpreter(const Environment& environment, Tree& tree);

    void run();
    Item eval(const Expr& expr);

    // Refuses at the place that is being evaluated.
    [[noreturn]] void fail(std::string message) const { throw Refusal{current_, std::move(message)}; }
    template <typename... Args> [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const
    {
        throw Refusal{current_, fmt::format(format, std::forward<Args>(args)...)};
    }

    // Counts work; refuses when the limit is reached.
    void step(std::uint64_t count = 1);
    void charge(std::uint64_t bytes);
    void charge_items(std::size_t count)
    {
        step(count);
        charge(count * sizeof(Item));
    }

    template <typename T> T* make()
    {
        charge(sizeof(T) + 16);
        auto owned = std::make_unique<T>();
        T* object = owned.get();
        heap_.push_back(std::move(owned));
        return object;
    }
    Item string(std::string text);
    Item list(Items items);
    Item tuple(Items items);

    // Values.
    bool truth(const Item& item) const;
    bool equal(const Item& a, const Item& b);
    bool less(const Item& a, const Item& b);
    bool less_or_equal(const Item& a, const Item& b);
    bool is_subset(const SetObject& part, const Item& whole);
    bool identical(const Item& a, const Item& b);
    bool contains(const Item& container, const Item& item);
    Item binary(BinaryOp op, const Item& a, const Item& b);
    Item unary(UnaryOp op, const Item& a);
    std::string repr(const Item& item);
    std::string str(const Item& item);
    static std::string_view type_name(const Item& item);
    Items iterate(const Item& item); // a copy of the elements
    std::size_t length(const Item& item);
    Item index(const Item& object, const Item& key);
    Item element(const Item& object, const Item& key);
    Item slice(const Item& object, std::optional<Item> start, std::optional<Item> stop, std::optional<Item> step);
    Item attribute(const Item& object, std::string_view name);
    Item call(const Item& function, Items positional, std::vector<std::pair<std::string, Item>> keywords);
    Item bound(const Item& self, std::string_view name, BuiltinCall function);
    const Item* find(DictObject& dict, const Item& key);
    void store(DictObject& dict, const Item& key, const Item& value);
    void add(SetObject& set, const Item& item);
    void check_hashable(const Item& item);
    std::int64_t integer(const Item& item, std::string_view purpose) const;
    const std::string& text(const Item& item, std::string_view purpose) const;

    // Formatting (format.cpp).
    std::string percent_format(const std::string& format, const Item& values);
    std::string format_value(const Item& item, std::string_view specification);
    std::string format_method(const std::string& format, const Arguments& arguments);

    // To plain values; charges what it makes, since shared lists can unfold into enormous ones.
    Value to_value(const Item& item);
    static bool is_plain(const Item& item);
    Item from_value(const Value& value);

    void print_line(const std::string& text, bool newline);
    std::uint64_t& steps_left() { return steps_left_; }
    const Environment& environment() const { return environment_; }
    Tree& tree() { return tree_; }
    void define(const std::string& name, const Item& value) { globals_->names[name] = value; }
    std::vector<std::pair<std::string, Binding>> bindings();
    std::vector<std::string> take_printed();

    // Counts nesting while it lives.
    class Nested {
    public:
        explicit Nested(Interpreter& interpreter);
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;
        ~Nested() { --depth_; }

    private:
        std::uint32_t& depth_;
    };

private:
    enum class Flow { Next, Break, Continue, Return };
    // What is known of a global variable's place in the file.
    struct Origin {
        bool direct = false;
        Position key;
        Position value_at;
        std::vector<Position> items;
    };

    Item evaluate(const Constant& node);
    Item evaluate(const Name& node);
    Item evaluate(const Display& node);
    Item evaluate(const DictDisplay& node);
    Item evaluate(const Comprehension& node);
    Item evaluate(const Unary& node);
    Item evaluate(const Binary& node);
    Item evaluate(const Logical& node);
    Item evaluate(const Compare& node);
    Item evaluate(const Conditional& node);
    Item evaluate(const Call& node);
    Item evaluate(const Attribute& node);
    Item evaluate(const Subscript& node);
    Item evaluate(const Slice& node);
    Item evaluate(const Lambda& node);
    Item evaluate(const Formatted& node);

    Flow run_block(const Block& block);
    Flow execute(const Stmt& stmt);
    Flow execute(const Evaluate& node);
    Flow execute(const Assign& node);
    Flow execute(const AugmentedAssign& node);
    Flow execute(const If& node);
    Flow execute(const For& node);
    Flow execute(const While& node);
    Flow execute(const Def& node);
    Flow execute(const Return& node);
    Flow execute(const Jump& node);
    Flow execute(const Imports& node);
    Flow execute(const Print& node);
    Flow execute(const Global& node);
    Flow execute(const Delete& node);
    Flow execute(const Assert& node);
    void delete_item(const Item& object, const Item& key);

    void comprehend(const Comprehension& node, std::size_t clause, Items& elements, DictObject* dict);
    void assign(const Expr& target, const Item& value);
    void assign_name(const std::string& name, const Item& value);
    void assign_item(const Item& object, const Item& key, const Item& value);
    void note_origin(const Expr& target, const Expr& value);
    bool extend_in_place(const Item& target, const Item& value);
    static bool replace_in_place(const Item& target, const Item& result);
    Item augmented(const AugmentedAssign& node, const Item& before, bool& in_place);
    void note_appended(const AugmentedAssign& node);
    Item call_function(const FunctionObject& function, Items positional,
                       std::vector<std::pair<std::string, Item>> keywords);
    Item call_builtin(const BuiltinObject& builtin, Items positional,
                      std::vector<std::pair<std::string, Item>> keywords);
    Items function_defaults(const std::vector<Parameter>& parameters);
    Item builtin(std::string_view name);
    Item module(const Import& import);
    Scope& variable_scope();

    const Environment& environment_;
    Tree& tree_;
    std::vector<std::unique_ptr<Object>> heap_;
    Scope* globals_;
    Scope* scope_;
    std::map<std::string, Item, std::less<>> modules_;
    std::vector<std::string> order_; // globals by first assignment
    std::map<std::string, Origin> origins_;
    std::vector<std::string> printed_;
    bool printed_open_ = false; // the last printed line has no end yet
    Item returned_;
    Position current_;
    std::uint64_t steps_left_;
    std::uint64_t bytes_left_;
    std::uint32_t depth_ = 0;
};

// Python's index rule: negative ones count from the end. Nothing if it is outside.
std::optional<std::size_t> resolve_index(std::int64_t index, std::size_t length);

// Tables of what exists, by name; null if it does not.
BuiltinCall find_builtin(std::string_view name, bool& is_type);
bool is_known_python_name(std::string_view name);
BuiltinCall find_string_method(std::string_view name);
BuiltinCall find_list_method(std::string_view name);
BuiltinCall find_tuple_method(std::string_view name);
BuiltinCall find_dict_method(std::string_view name);
BuiltinCall find_set_method(std::string_view name);
BuiltinCall find_pattern_method(std::string_view name);
BuiltinCall find_match_method(std::string_view name);
BuiltinCall find_environ_method(std::string_view name);
const ModuleObject* make_module(Interpreter& interpreter, std::string_view name); // null if there is no such module
std::string module_names(); // of all modules, for a sentence
// The value of an environment variable, or nothing; refuses names that tell of a secret.
std::optional<std::string> environment_variable(Interpreter& interpreter, const std::string& name);

} // namespace windsor::python
