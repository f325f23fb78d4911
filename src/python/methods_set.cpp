// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of sets.
#include <algorithm>
#include <array>

#include "python/methods.hpp"

namespace windsor::python {
namespace {

SetObject& self_set(Arguments& arguments)
{
    return *std::get<SetObject*>(arguments.self);
}

Item set_add(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    interpreter.add(self_set(arguments), arguments.positional[0]);
    return None{};
}

// Whether the element was there.
bool erased(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    auto& items = self_set(arguments).items;
    const auto found =
        std::ranges::find_if(items, [&](const Item& item) { return interpreter.equal(item, arguments.positional[0]); });
    if (found == items.end()) {
        return false;
    }
    items.erase(found);
    return true;
}

Item set_discard(Interpreter& interpreter, Arguments& arguments)
{
    erased(interpreter, arguments);
    return None{};
}

Item set_remove(Interpreter& interpreter, Arguments& arguments)
{
    if (!erased(interpreter, arguments)) {
        interpreter.fail("remove() finds no {} among the elements",
                         interpreter.repr(arguments.positional[0]).substr(0, 40));
    }
    return None{};
}

Item set_pop(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    auto& items = self_set(arguments).items;
    if (items.empty()) {
        interpreter.fail("pop() finds nothing in the set");
    }
    const auto item = items.front();
    items.erase(items.begin());
    return item;
}

Item set_clear(Interpreter&, Arguments& arguments)
{
    arguments.expect(0, 0);
    self_set(arguments).items.clear();
    return None{};
}

Item set_copy(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    interpreter.charge_items(self_set(arguments).items.size());
    auto* copy = interpreter.make<SetObject>();
    copy->items = self_set(arguments).items;
    return copy;
}

Item set_update(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 100);
    for (const auto& source : arguments.positional) {
        for (const auto& item : interpreter.iterate(source)) {
            interpreter.add(self_set(arguments), item);
        }
    }
    return None{};
}

// Any sequence as a set.
SetObject* set_of(Interpreter& interpreter, const Item& source)
{
    auto* made = interpreter.make<SetObject>();
    for (const auto& item : interpreter.iterate(source)) {
        interpreter.add(*made, item);
    }
    return made;
}

Item combined(Interpreter& interpreter, Arguments& arguments, BinaryOp op)
{
    arguments.expect(1, 1);
    return interpreter.binary(op, arguments.self, Item{set_of(interpreter, arguments.positional[0])});
}

Item set_union(Interpreter& interpreter, Arguments& arguments)
{
    return combined(interpreter, arguments, BinaryOp::Or);
}
Item set_intersection(Interpreter& interpreter, Arguments& arguments)
{
    return combined(interpreter, arguments, BinaryOp::And);
}
Item set_difference(Interpreter& interpreter, Arguments& arguments)
{
    return combined(interpreter, arguments, BinaryOp::Subtract);
}
Item set_symmetric_difference(Interpreter& interpreter, Arguments& arguments)
{
    return combined(interpreter, arguments, BinaryOp::Xor);
}

Item set_issubset(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.is_subset(self_set(arguments), Item{set_of(interpreter, arguments.positional[0])});
}
Item set_issuperset(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.is_subset(*set_of(interpreter, arguments.positional[0]), arguments.self);
}
Item set_isdisjoint(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto other = Item{set_of(interpreter, arguments.positional[0])};
    return std::ranges::none_of(self_set(arguments).items,
                                [&](const Item& item) { return interpreter.contains(other, item); });
}

constexpr std::array kSetMethods{
    Method{"add", set_add},
    Method{"clear", set_clear},
    Method{"copy", set_copy},
    Method{"difference", set_difference},
    Method{"discard", set_discard},
    Method{"intersection", set_intersection},
    Method{"isdisjoint", set_isdisjoint},
    Method{"issubset", set_issubset},
    Method{"issuperset", set_issuperset},
    Method{"pop", set_pop},
    Method{"remove", set_remove},
    Method{"symmetric_difference", set_symmetric_difference},
    Method{"union", set_union},
    Method{"update", set_update},
};

} // namespace

BuiltinCall find_set_method(std::string_view name)
{
    return look_up(kSetMethods, name);
}

} // namespace windsor::python
