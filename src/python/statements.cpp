// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "python/interpreter.hpp"

namespace windsor::python {

Interpreter::Flow Interpreter::run_block(const Block& block)
{
    for (const auto* stmt : block) {
        const auto flow = execute(*stmt);
        if (flow != Flow::Next) {
            return flow;
        }
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Stmt& stmt)
{
    const Nested nested{*this};
    current_ = stmt.at;
    step();
    return std::visit([&](const auto& node) { return execute(node); }, stmt.node);
}

Interpreter::Flow Interpreter::execute(const Evaluate& node)
{
    eval(*node.value);
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Assign& node)
{
    const auto value = eval(*node.value);
    for (const auto* target : node.targets) {
        assign(*target, value);
        note_origin(*target, *node.value);
    }
    return Flow::Next;
}

// Remembers where a global variable got its value, so that what is wrong with it can be shown there.
void Interpreter::note_origin(const Expr& target, const Expr& value)
{
    const auto* name = std::get_if<Name>(&target.node);
    if (name == nullptr || &variable_scope() != globals_) {
        return;
    }
    auto& origin = origins_[name->id];
    origin = Origin{.direct = true, .key = target.at, .value_at = value.at, .items = {}};
    if (const auto* display = std::get_if<Display>(&value.node);
        display != nullptr && display->kind != DisplayKind::Set) {
        for (const auto* item : display->items) {
            origin.items.push_back(item->at);
        }
    }
}

Scope& Interpreter::variable_scope()
{
    auto* scope = scope_;
    while (scope->transparent && scope->enclosing != nullptr) {
        scope = scope->enclosing;
    }
    return *scope;
}

void Interpreter::assign_name(const std::string& name, const Item& value)
{
    auto* scope = scope_->globals.contains(name) ? globals_ : scope_;
    const auto [place, is_new] = scope->names.try_emplace(name);
    place->second = value;
    if (is_new) {
        charge(name.size() + 96);
    }
    if (scope == globals_ && std::ranges::find(order_, name) == order_.end()) {
        step(order_.size() / 16);
        order_.push_back(name);
    }
}

void Interpreter::assign(const Expr& target, const Item& value)
{
    const Nested nested{*this};
    current_ = target.at;
    if (const auto* name = std::get_if<Name>(&target.node)) {
        assign_name(name->id, value);
        if (scope_ == globals_) {
            origins_.try_emplace(name->id,
                                 Origin{.direct = false, .key = target.at, .value_at = target.at, .items = {}});
        }
        return;
    }
    if (const auto* display = std::get_if<Display>(&target.node)) {
        const auto items = iterate(value);
        current_ = target.at;
        if (items.size() != display->items.size()) {
            fail("{} value{} cannot be unpacked into {} name{}", items.size(), items.size() == 1 ? "" : "s",
                 display->items.size(), display->items.size() == 1 ? "" : "s");
        }
        for (std::size_t i = 0; i < items.size(); ++i) {
            assign(*display->items[i], items[i]);
        }
        return;
    }
    const auto& subscript = std::get<Subscript>(target.node);
    const auto object = eval(*subscript.object);
    const auto key = eval(*subscript.index);
    current_ = target.at;
    assign_item(object, key, value);
}

void Interpreter::assign_item(const Item& object, const Item& key, const Item& value)
{
    if (const auto* dict = std::get_if<DictObject*>(&object)) {
        store(**dict, key, value);
        return;
    }
    const auto* list_object = std::get_if<ListObject*>(&object);
    if (list_object == nullptr) {
        fail("an element of a value of type '{}' cannot be assigned", type_name(object));
    }
    auto& items = (*list_object)->items;
    const auto place = resolve_index(integer(key, "an index"), items.size());
    if (!place) {
        fail("the index is outside the list");
    }
    items[*place] = value;
}

// `list += …` changes the object itself, as in Python; true if that was done.
bool Interpreter::extend_in_place(const Item& target, const Item& value)
{
    const auto* list_object = std::get_if<ListObject*>(&target);
    if (list_object == nullptr) {
        return false;
    }
    const auto items = iterate(value);
    charge_items(items.size());
    (*list_object)->items.insert((*list_object)->items.end(), items.begin(), items.end());
    return true;
}

// `list *= …` and `set |= …` change the object, too.
bool Interpreter::replace_in_place(const Item& target, const Item& result)
{
    const auto* list_object = std::get_if<ListObject*>(&target);
    if (const auto* made = std::get_if<ListObject*>(&result); list_object != nullptr && made != nullptr) {
        (*list_object)->items = std::move((*made)->items);
        return true;
    }
    const auto* set = std::get_if<SetObject*>(&target);
    if (const auto* made = std::get_if<SetObject*>(&result); set != nullptr && made != nullptr) {
        (*set)->items = std::move((*made)->items);
        return true;
    }
    return false;
}

// The elements that `name += [...]` appends have places of their own in the text.
void Interpreter::note_appended(const AugmentedAssign& node)
{
    const auto* name = std::get_if<Name>(&node.target->node);
    const auto* display = std::get_if<Display>(&node.value->node);
    const auto origin = name == nullptr ? origins_.end() : origins_.find(name->id);
    if (origin == origins_.end() || display == nullptr) {
        return;
    }
    for (const auto* item : display->items) {
        origin->second.items.push_back(item->at);
    }
}

// The value that takes the place of `before`.
Item Interpreter::augmented(const AugmentedAssign& node, const Item& before, bool& in_place)
{
    const auto at = current_;
    const auto value = eval(*node.value);
    current_ = at;
    in_place = node.op == BinaryOp::Add && extend_in_place(before, value);
    if (in_place) {
        return before;
    }
    const auto after = binary(node.op, before, value);
    in_place = replace_in_place(before, after);
    return in_place ? before : after;
}

// What stands in the target's brackets is evaluated once, although the element is both read and assigned.
Interpreter::Flow Interpreter::execute(const AugmentedAssign& node)
{
    const auto at = current_;
    bool in_place = false;
    if (const auto* subscript = std::get_if<Subscript>(&node.target->node)) {
        const auto object = eval(*subscript->object);
        const auto key = eval(*subscript->index);
        current_ = at;
        const auto after = augmented(node, index(object, key), in_place);
        assign_item(object, key, after);
        return Flow::Next;
    }
    const auto before = eval(*node.target);
    current_ = at;
    const auto after = augmented(node, before, in_place);
    if (in_place) {
        note_appended(node);
    }
    // A list that a function reaches without `global` is changed where it is, and gets no second name.
    if (!in_place) {
        assign(*node.target, after);
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const If& node)
{
    for (const auto& [test, block] : node.branches) {
        if (truth(eval(*test))) {
            return run_block(block);
        }
    }
    return run_block(node.otherwise);
}

Interpreter::Flow Interpreter::execute(const For& node)
{
    for (const auto& item : iterate(eval(*node.iterable))) {
        step();
        assign(*node.target, item);
        const auto flow = run_block(node.body);
        if (flow == Flow::Break) {
            return Flow::Next;
        }
        if (flow == Flow::Return) {
            return flow;
        }
    }
    return run_block(node.otherwise);
}

Interpreter::Flow Interpreter::execute(const While& node)
{
    while (truth(eval(*node.test))) {
        const auto flow = run_block(node.body);
        if (flow == Flow::Break) {
            return Flow::Next;
        }
        if (flow == Flow::Return) {
            return flow;
        }
    }
    return run_block(node.otherwise);
}

Interpreter::Flow Interpreter::execute(const Def& node)
{
    auto defaults = function_defaults(node.parameters);
    auto* function = make<FunctionObject>();
    function->name = node.name;
    function->parameters = &node.parameters;
    function->defaults = std::move(defaults);
    function->body = &node.body;
    function->enclosing = scope_;
    assign_name(node.name, function);
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Return& node)
{
    returned_ = node.value == nullptr ? Item{} : eval(*node.value);
    return Flow::Return;
}

Interpreter::Flow Interpreter::execute(const Jump& node)
{
    return node == Jump::Break ? Flow::Break : node == Jump::Continue ? Flow::Continue : Flow::Next;
}

Item Interpreter::module(const Import& import)
{
    if (const auto found = modules_.find(import.module); found != modules_.end()) {
        return found->second;
    }
    const auto* made = make_module(*this, import.module);
    if (made == nullptr) {
        fail("import of '{}' is not available in the xm language; its modules are {}", import.module.substr(0, 60),
             module_names());
    }
    modules_[import.module] = made;
    return made;
}

Interpreter::Flow Interpreter::execute(const Imports& node)
{
    for (const auto& import : node.imports) {
        current_ = import.at;
        if (import.name == "*") {
            fail("'from {} import *' is not available in the xm language; name what is needed",
                 import.module.substr(0, 60));
        }
        auto value = module(import);
        if (!import.name.empty()) {
            value = attribute(value, import.name);
        } else if (import.module == "os.path" && import.alias == "os") {
            value = module(Import{.module = "os", .name = {}, .alias = {}, .at = import.at});
        }
        assign_name(import.alias, value);
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Print& node)
{
    std::string line;
    for (const auto* value : node.values) {
        if (!line.empty()) {
            line += ' ';
        }
        line += str(eval(*value));
    }
    print_line(line + (node.newline || node.values.empty() ? "" : " "), node.newline);
    return Flow::Next;
}

void Interpreter::print_line(const std::string& text, bool newline)
{
    charge(text.size() + sizeof(std::string));
    if (!printed_open_) {
        printed_.emplace_back();
    }
    printed_.back() += text;
    printed_open_ = !newline;
}

Interpreter::Flow Interpreter::execute(const Global& node)
{
    for (const auto& name : node.names) {
        charge(name.size() + 64);
        variable_scope().globals.insert(name);
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Delete& node)
{
    for (const auto* target : node.targets) {
        current_ = target->at;
        if (const auto* name = std::get_if<Name>(&target->node)) {
            auto* scope = scope_->globals.contains(name->id) ? globals_ : scope_;
            if (scope->names.erase(name->id) == 0) {
                fail("the name '{}' is not defined", name->id);
            }
            continue;
        }
        const auto* subscript = std::get_if<Subscript>(&target->node);
        if (subscript == nullptr) {
            fail("only names and elements can be deleted");
        }
        const auto object = eval(*subscript->object);
        const auto key = eval(*subscript->index);
        current_ = target->at;
        delete_item(object, key);
    }
    return Flow::Next;
}

void Interpreter::delete_item(const Item& object, const Item& key)
{
    if (const auto* dict = std::get_if<DictObject*>(&object)) {
        const auto* found = find(**dict, key);
        if (found == nullptr) {
            fail("the dictionary has no key {}", repr(key).substr(0, 60));
        }
        std::erase_if((*dict)->entries, [&](const auto& entry) { return &entry.second == found; });
        return;
    }
    const auto* list_object = std::get_if<ListObject*>(&object);
    const auto place =
        list_object == nullptr ? std::nullopt : resolve_index(integer(key, "an index"), (*list_object)->items.size());
    if (!place) {
        fail("there is no such element to delete");
    }
    (*list_object)->items.erase((*list_object)->items.begin() + static_cast<std::ptrdiff_t>(*place));
}

Interpreter::Flow Interpreter::execute(const Assert& node)
{
    const auto at = current_;
    if (truth(eval(*node.test))) {
        return Flow::Next;
    }
    const auto message = node.message == nullptr ? std::string{} : str(eval(*node.message));
    current_ = at;
    fail("the assertion does not hold{}{}", message.empty() ? "" : ": ", message.substr(0, 200));
}

std::vector<std::pair<std::string, Binding>> Interpreter::bindings()
{
    std::vector<std::pair<std::string, Binding>> result;
    for (const auto& name : order_) {
        const auto found = globals_->names.find(name);
        if (found == globals_->names.end()) {
            continue;
        }
        Binding binding;
        binding.kind = type_name(found->second);
        binding.plain = is_plain(found->second);
        if (const auto origin = origins_.find(name); origin != origins_.end()) {
            binding.assigned_directly = origin->second.direct;
            binding.key = origin->second.key;
            binding.value_at = origin->second.value_at;
            binding.items = origin->second.items;
        }
        if (binding.plain) {
            current_ = binding.value_at;
            binding.value = to_value(found->second);
        }
        const auto* items = binding.value.items();
        if (items == nullptr || items->size() != binding.items.size()) {
            binding.items.clear();
        }
        result.emplace_back(name, std::move(binding));
    }
    return result;
}

std::vector<std::string> Interpreter::take_printed()
{
    return std::move(printed_);
}

} // namespace windsor::python
