// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/interpreter.hpp"

#include <algorithm>

#include "python/parser.hpp"

namespace windsor::python {

Interpreter::Nested::Nested(Interpreter& interpreter) : depth_{interpreter.depth_}
{
    if (++depth_ > interpreter.environment_.limits.depth) {
        --depth_;
        interpreter.fail("calls and expressions are nested more than {} levels deep",
                         interpreter.environment_.limits.depth);
    }
}

Interpreter::Interpreter(const Environment& environment, Tree& tree)
    : environment_{environment}, tree_{tree}, globals_{nullptr}, scope_{nullptr}, steps_left_{environment.limits.steps},
      bytes_left_{environment.limits.bytes}
{
    globals_ = make<Scope>();
    scope_ = globals_;
}

void Interpreter::step(std::uint64_t count)
{
    if (count > steps_left_) {
        fail("the evaluation takes more than {} steps", environment_.limits.steps);
    }
    steps_left_ -= count;
}

void Interpreter::charge(std::uint64_t bytes)
{
    if (bytes > bytes_left_) {
        fail("the evaluation needs more than {} MiB of memory", environment_.limits.bytes >> 20);
    }
    bytes_left_ -= bytes;
}

Item Interpreter::string(std::string text)
{
    if (text.size() > environment_.limits.text) {
        fail("a string grows longer than {} bytes", environment_.limits.text);
    }
    charge(text.size());
    step(text.size() / 256);
    auto* object = make<StringObject>();
    object->text = std::move(text);
    return object;
}

Item Interpreter::list(Items items)
{
    charge_items(items.size());
    auto* object = make<ListObject>();
    object->items = std::move(items);
    return object;
}

Item Interpreter::tuple(Items items)
{
    charge_items(items.size());
    auto* object = make<TupleObject>();
    object->items = std::move(items);
    return object;
}

void Interpreter::run()
{
    run_block(tree_.body);
}

Item Interpreter::eval(const Expr& expr)
{
    const Nested nested{*this};
    current_ = expr.at;
    step();
    return std::visit([&](const auto& node) { return evaluate(node); }, expr.node);
}

Item Interpreter::evaluate(const Constant& node)
{
    return std::visit(
        [&](const auto& value) -> Item {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
                return None{};
            } else if constexpr (std::is_same_v<T, std::string>) {
                return string(value);
            } else {
                return value;
            }
        },
        node.value);
}

Item Interpreter::evaluate(const Name& node)
{
    for (const auto* scope = scope_; scope != nullptr; scope = scope->enclosing) {
        step();
        scope = scope->globals.contains(node.id) ? globals_ : scope;
        if (const auto found = scope->names.find(node.id); found != scope->names.end()) {
            return found->second;
        }
    }
    return builtin(node.id);
}

Item Interpreter::builtin(std::string_view name)
{
    bool is_type = false;
    const auto function = find_builtin(name, is_type);
    if (function == nullptr) {
        if (is_known_python_name(name)) {
            fail("'{}' is not available in the xm language", name);
        }
        fail("the name '{}' is not defined", name.substr(0, 60));
    }
    auto* object = make<BuiltinObject>();
    object->name = name;
    object->call = function;
    object->is_type = is_type;
    return object;
}

Item Interpreter::evaluate(const Display& node)
{
    Items items;
    items.reserve(node.items.size());
    for (const auto* item : node.items) {
        items.push_back(eval(*item));
    }
    if (node.kind == DisplayKind::Set) {
        auto* set = make<SetObject>();
        for (const auto& item : items) {
            add(*set, item);
        }
        return set;
    }
    return node.kind == DisplayKind::List ? list(std::move(items)) : tuple(std::move(items));
}

Item Interpreter::evaluate(const DictDisplay& node)
{
    auto* dict = make<DictObject>();
    for (const auto& [key, value] : node.entries) {
        const auto key_item = eval(*key);
        store(*dict, key_item, eval(*value));
    }
    return dict;
}

Item Interpreter::evaluate(const Comprehension& node)
{
    auto* inner = make<Scope>();
    inner->enclosing = scope_;
    inner->transparent = true;
    auto* dict = node.value != nullptr ? make<DictObject>() : nullptr;
    Items elements;
    auto* outer = std::exchange(scope_, inner);
    comprehend(node, 0, elements, dict);
    scope_ = outer;
    if (dict != nullptr) {
        return dict;
    }
    if (node.kind == DisplayKind::Set) {
        auto* set = make<SetObject>();
        for (const auto& item : elements) {
            add(*set, item);
        }
        return set;
    }
    return list(std::move(elements));
}

void Interpreter::comprehend(const Comprehension& node, std::size_t clause, Items& elements, DictObject* dict)
{
    if (clause == node.clauses.size()) {
        const auto element = eval(*node.element);
        if (dict != nullptr) {
            store(*dict, element, eval(*node.value));
        } else {
            charge_items(1);
            elements.push_back(element);
        }
        return;
    }
    const auto& [target, iterable, conditions] = node.clauses[clause];
    for (const auto& item : iterate(eval(*iterable))) {
        step();
        assign(*target, item);
        if (std::ranges::all_of(conditions, [&](const Expr* condition) { return truth(eval(*condition)); })) {
            comprehend(node, clause + 1, elements, dict);
        }
    }
}

Item Interpreter::evaluate(const Unary& node)
{
    const auto at = current_;
    const auto operand = eval(*node.operand);
    current_ = at;
    return unary(node.op, operand);
}

Item Interpreter::evaluate(const Binary& node)
{
    const auto at = current_;
    const auto left = eval(*node.left);
    const auto right = eval(*node.right);
    current_ = at;
    return binary(node.op, left, right);
}

Item Interpreter::evaluate(const Logical& node)
{
    Item value;
    for (const auto* operand : node.operands) {
        value = eval(*operand);
        if (truth(value) == (node.op == BoolOp::Or)) {
            break;
        }
    }
    return value;
}

Item Interpreter::evaluate(const Compare& node)
{
    const auto at = current_;
    auto left = eval(*node.first);
    for (const auto& [op, operand] : node.rest) {
        const auto right = eval(*operand);
        current_ = at;
        bool holds = false;
        switch (op) {
        case CompareOp::Equal: holds = equal(left, right); break;
        case CompareOp::NotEqual: holds = !equal(left, right); break;
        case CompareOp::Less: holds = less(left, right); break;
        case CompareOp::LessEqual: holds = less_or_equal(left, right); break;
        case CompareOp::Greater: holds = less(right, left); break;
        case CompareOp::GreaterEqual: holds = less_or_equal(right, left); break;
        case CompareOp::In: holds = contains(right, left); break;
        case CompareOp::NotIn: holds = !contains(right, left); break;
        case CompareOp::Is: holds = identical(left, right); break;
        case CompareOp::IsNot: holds = !identical(left, right); break;
        }
        if (!holds) {
            return false;
        }
        left = right;
    }
    return true;
}

Item Interpreter::evaluate(const Conditional& node)
{
    return eval(truth(eval(*node.test)) ? *node.then : *node.otherwise);
}

Item Interpreter::evaluate(const Call& node)
{
    const auto at = current_;
    const auto function = eval(*node.function);
    Items positional;
    for (const auto* argument : node.arguments) {
        positional.push_back(eval(*argument));
    }
    std::vector<std::pair<std::string, Item>> keywords;
    for (const auto& [name, argument] : node.keywords) {
        if (std::ranges::any_of(keywords, [&](const auto& entry) { return entry.first == name; })) {
            fail("the argument '{}' is given twice", name);
        }
        keywords.emplace_back(name, eval(*argument));
    }
    current_ = at;
    charge_items(positional.size());
    return call(function, std::move(positional), std::move(keywords));
}

Item Interpreter::evaluate(const Attribute& node)
{
    const auto at = current_;
    const auto object = eval(*node.object);
    current_ = at;
    return attribute(object, node.name);
}

Item Interpreter::evaluate(const Subscript& node)
{
    const auto at = current_;
    const auto object = eval(*node.object);
    if (const auto* bounds = std::get_if<Slice>(&node.index->node)) {
        const auto bound = [&](const Expr* expr) {
            return expr == nullptr ? std::nullopt : std::optional{eval(*expr)};
        };
        const auto start = bound(bounds->start);
        const auto stop = bound(bounds->stop);
        const auto stride = bound(bounds->step);
        current_ = at;
        return slice(object, start, stop, stride);
    }
    const auto key = eval(*node.index);
    current_ = at;
    return index(object, key);
}

Item Interpreter::evaluate(const Slice&)
{
    fail("a slice stands outside square brackets");
}

Items Interpreter::function_defaults(const std::vector<Parameter>& parameters)
{
    Items defaults;
    for (const auto& parameter : parameters) {
        if (parameter.default_value != nullptr) {
            defaults.push_back(eval(*parameter.default_value));
        }
    }
    charge_items(defaults.size());
    return defaults;
}

Item Interpreter::evaluate(const Lambda& node)
{
    auto defaults = function_defaults(node.parameters);
    auto* function = make<FunctionObject>();
    function->name = "<lambda>";
    function->parameters = &node.parameters;
    function->defaults = std::move(defaults);
    function->expression = node.body;
    function->enclosing = scope_;
    return function;
}

Item Interpreter::evaluate(const Formatted& node)
{
    const auto at = current_;
    std::string text;
    for (const auto& part : node.parts) {
        text += part.literal;
        if (part.value == nullptr) {
            continue;
        }
        auto value = eval(*part.value);
        if (part.conversion != 0) {
            value = string(part.conversion == 'r' ? repr(value) : str(value));
        }
        const auto specification = part.specification == nullptr ? std::string{} : str(eval(*part.specification));
        current_ = at;
        text += format_value(value, specification);
        if (text.size() > environment_.limits.text) {
            fail("a string grows longer than {} bytes", environment_.limits.text);
        }
    }
    return string(std::move(text));
}

Item Interpreter::call(const Item& function, Items positional, std::vector<std::pair<std::string, Item>> keywords)
{
    if (const auto* defined = std::get_if<const FunctionObject*>(&function)) {
        return call_function(**defined, std::move(positional), std::move(keywords));
    }
    if (const auto* builtin_function = std::get_if<const BuiltinObject*>(&function)) {
        return call_builtin(**builtin_function, std::move(positional), std::move(keywords));
    }
    fail("a value of type '{}' cannot be called", type_name(function));
}

Item Interpreter::call_builtin(const BuiltinObject& builtin_function, Items positional,
                               std::vector<std::pair<std::string, Item>> keywords)
{
    const Nested nested{*this};
    step();
    // A function may read all of the strings that it is given, even if it makes nothing of them.
    const auto charge_reading = [&](const Item& item) {
        if (const auto* read = std::get_if<const StringObject*>(&item)) {
            step((*read)->text.size() / 64);
        }
    };
    charge_reading(builtin_function.self);
    std::ranges::for_each(positional, charge_reading);
    std::ranges::for_each(keywords, [&](const auto& entry) { charge_reading(entry.second); });
    Arguments arguments{*this, builtin_function.name, builtin_function.self, std::move(positional),
                        std::move(keywords)};
    return builtin_function.call(*this, arguments);
}

Item Interpreter::call_function(const FunctionObject& function, Items positional,
                                std::vector<std::pair<std::string, Item>> keywords)
{
    const Nested nested{*this};
    const auto at = current_;
    const auto& parameters = *function.parameters;
    if (positional.size() > parameters.size()) {
        fail("{}() takes {} argument{} at most, and {} are given", function.name, parameters.size(),
             parameters.size() == 1 ? "" : "s", positional.size());
    }
    auto* locals = make<Scope>();
    locals->enclosing = function.enclosing;
    charge(parameters.size() * 96);
    const auto first_default = parameters.size() - function.defaults.size();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& name = parameters[i].name;
        const auto keyword = std::ranges::find_if(keywords, [&](const auto& entry) { return entry.first == name; });
        if (i < positional.size()) {
            locals->names[name] = positional[i];
        } else if (keyword != keywords.end()) {
            locals->names[name] = keyword->second;
            keywords.erase(keyword);
        } else if (i >= first_default) {
            locals->names[name] = function.defaults[i - first_default];
        } else {
            fail("{}() needs a value for '{}'", function.name, name);
        }
    }
    if (!keywords.empty()) {
        fail("{}() has no parameter '{}' left for this value", function.name, keywords.front().first);
    }
    auto* outer = std::exchange(scope_, locals);
    Item result;
    if (function.expression != nullptr) {
        result = eval(*function.expression);
    } else if (run_block(*function.body) == Flow::Return) {
        result = std::exchange(returned_, Item{});
    }
    scope_ = outer;
    current_ = at;
    return result;
}

} // namespace windsor::python
