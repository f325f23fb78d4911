// SPDX-License-Identifier: GPL-2.0-or-later
// The builtin functions and types that make or walk through sequences.
#include <algorithm>
#include <array>

#include "python/builtins.hpp"

namespace windsor::python {
namespace {

Item call_len(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return static_cast<std::int64_t>(interpreter.length(arguments.positional[0]));
}

Item call_range(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 3);
    const auto count = arguments.positional.size();
    const auto start = count > 1 ? arguments.integer(0) : 0;
    const auto stop = arguments.integer(count > 1 ? 1 : 0);
    const auto by = count > 2 ? arguments.integer(2) : 1;
    if (by == 0) {
        interpreter.fail("the step of range() cannot be zero");
    }
    Items items;
    for (auto value = start; by > 0 ? value < stop : value > stop;) {
        interpreter.charge_items(1);
        items.push_back(value);
        if (__builtin_add_overflow(value, by, &value)) {
            break;
        }
    }
    return interpreter.list(std::move(items));
}

Item call_enumerate(Interpreter& interpreter, Arguments& arguments)
{
    const auto start = arguments.optional(1, "start");
    arguments.expect(1, 2);
    const auto number = start ? interpreter.integer(*start, "the start of enumerate()") : 0;
    Items result;
    for (const auto& item : interpreter.iterate(arguments.positional[0])) {
        const auto place =
            interpreter.binary(BinaryOp::Add, Item{number}, Item{static_cast<std::int64_t>(result.size())});
        result.push_back(interpreter.tuple({place, item}));
    }
    return interpreter.list(std::move(result));
}

// The elements of several sequences side by side, as far as the shortest goes.
std::vector<Items> rows(Interpreter& interpreter, std::span<const Item> sequences)
{
    std::vector<Items> columns;
    std::size_t shortest = sequences.empty() ? 0 : SIZE_MAX;
    for (const auto& sequence : sequences) {
        columns.push_back(interpreter.iterate(sequence));
        shortest = std::min(shortest, columns.back().size());
    }
    std::vector<Items> result;
    for (std::size_t row = 0; row < shortest; ++row) {
        interpreter.charge_items(columns.size());
        Items items;
        for (const auto& column : columns) {
            items.push_back(column[row]);
        }
        result.push_back(std::move(items));
    }
    return result;
}

Item call_zip(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 100);
    Items result;
    for (auto& row : rows(interpreter, arguments.positional)) {
        result.push_back(interpreter.tuple(std::move(row)));
    }
    return interpreter.list(std::move(result));
}

Item call_sorted(Interpreter& interpreter, Arguments& arguments)
{
    auto keywords = std::exchange(arguments.keywords, {});
    arguments.expect(1, 1);
    auto items = interpreter.list(interpreter.iterate(arguments.positional[0]));
    const auto sort = interpreter.attribute(items, "sort");
    interpreter.call(sort, {}, std::move(keywords));
    return items;
}

Item call_reversed(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    auto items = interpreter.iterate(arguments.positional[0]);
    std::ranges::reverse(items);
    return interpreter.list(std::move(items));
}

Item extreme(Interpreter& interpreter, Arguments& arguments, bool largest)
{
    const auto key = arguments.take_keyword("key");
    const auto otherwise = arguments.take_keyword("default");
    arguments.expect(1, 100'000);
    const auto items =
        arguments.positional.size() == 1 ? interpreter.iterate(arguments.positional[0]) : arguments.positional;
    if (items.empty() && otherwise) {
        return *otherwise;
    }
    if (items.empty()) {
        interpreter.fail("{}() of nothing has no value", arguments.function);
    }
    const auto measure = [&](const Item& item) { return key ? interpreter.call(*key, {item}, {}) : item; };
    auto best = items[0];
    auto best_measure = measure(best);
    for (std::size_t i = 1; i < items.size(); ++i) {
        const auto candidate = measure(items[i]);
        if (largest ? interpreter.less(best_measure, candidate) : interpreter.less(candidate, best_measure)) {
            best = items[i];
            best_measure = candidate;
        }
    }
    return best;
}

Item call_min(Interpreter& interpreter, Arguments& arguments)
{
    return extreme(interpreter, arguments, false);
}

Item call_max(Interpreter& interpreter, Arguments& arguments)
{
    return extreme(interpreter, arguments, true);
}

Item call_sum(Interpreter& interpreter, Arguments& arguments)
{
    const auto start = arguments.optional(1, "start");
    arguments.expect(1, 2);
    Item total = start.value_or(Item{std::int64_t{0}});
    if (std::holds_alternative<const StringObject*>(total)) {
        interpreter.fail("sum() does not join strings; ''.join() does");
    }
    for (const auto& item : interpreter.iterate(arguments.positional[0])) {
        total = interpreter.binary(BinaryOp::Add, total, item);
    }
    return total;
}

Item call_list(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    return interpreter.list(arguments.positional.empty() ? Items{} : interpreter.iterate(arguments.positional[0]));
}

Item call_tuple(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    return interpreter.tuple(arguments.positional.empty() ? Items{} : interpreter.iterate(arguments.positional[0]));
}

Item call_set(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    auto* set = interpreter.make<SetObject>();
    for (const auto& item : arguments.positional.empty() ? Items{} : interpreter.iterate(arguments.positional[0])) {
        interpreter.add(*set, item);
    }
    return set;
}

Item call_dict(Interpreter& interpreter, Arguments& arguments)
{
    const auto keywords = std::exchange(arguments.keywords, {});
    arguments.expect(0, 1);
    Item dict = interpreter.make<DictObject>();
    const auto update = interpreter.attribute(dict, "update");
    interpreter.call(update, arguments.positional, keywords);
    return dict;
}

Item call_any(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return std::ranges::any_of(interpreter.iterate(arguments.positional[0]),
                               [&](const Item& item) { return interpreter.truth(item); });
}

Item call_all(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return std::ranges::all_of(interpreter.iterate(arguments.positional[0]),
                               [&](const Item& item) { return interpreter.truth(item); });
}

Item call_map(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 100);
    Items result;
    for (auto& row : rows(interpreter, std::span{arguments.positional}.subspan(1))) {
        result.push_back(interpreter.call(arguments.positional[0], std::move(row), {}));
    }
    return interpreter.list(std::move(result));
}

Item call_filter(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    const bool by_truth = std::holds_alternative<None>(arguments.positional[0]);
    Items result;
    for (const auto& item : interpreter.iterate(arguments.positional[1])) {
        if (interpreter.truth(by_truth ? item : interpreter.call(arguments.positional[0], {item}, {}))) {
            result.push_back(item);
        }
    }
    return interpreter.list(std::move(result));
}

Item call_reduce(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 3);
    auto items = interpreter.iterate(arguments.positional[1]);
    if (arguments.positional.size() == 3) {
        items.insert(items.begin(), arguments.positional[2]);
    }
    if (items.empty()) {
        interpreter.fail("reduce() of nothing has no value");
    }
    Item result = items[0];
    for (std::size_t i = 1; i < items.size(); ++i) {
        result = interpreter.call(arguments.positional[0], {result, items[i]}, {});
    }
    return result;
}

constexpr std::array kSequenceBuiltins{
    Builtin{"all", call_all},
    Builtin{"any", call_any},
    Builtin{"dict", call_dict, Role::Type},
    Builtin{"enumerate", call_enumerate},
    Builtin{"filter", call_filter},
    Builtin{"len", call_len},
    Builtin{"list", call_list, Role::Type},
    Builtin{"map", call_map},
    Builtin{"max", call_max},
    Builtin{"min", call_min},
    Builtin{"range", call_range},
    Builtin{"reduce", call_reduce},
    Builtin{"reversed", call_reversed},
    Builtin{"set", call_set, Role::Type},
    Builtin{"sorted", call_sorted},
    Builtin{"sum", call_sum},
    Builtin{"tuple", call_tuple, Role::Type},
    Builtin{"xrange", call_range},
    Builtin{"zip", call_zip},
};

} // namespace

std::span<const Builtin> sequence_builtins()
{
    return kSequenceBuiltins;
}

} // namespace windsor::python
