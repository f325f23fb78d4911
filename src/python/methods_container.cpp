// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of lists, tuples and dictionaries.
#include <algorithm>
#include <array>

#include "python/methods.hpp"

namespace windsor::python {
namespace {

Items& self_list(Arguments& arguments)
{
    return std::get<ListObject*>(arguments.self)->items;
}

DictObject& self_dict(Arguments& arguments)
{
    return *std::get<DictObject*>(arguments.self);
}

Item list_append(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    interpreter.charge_items(1);
    self_list(arguments).push_back(arguments.positional[0]);
    return None{};
}

Item list_extend(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto items = interpreter.iterate(arguments.positional[0]);
    interpreter.charge_items(items.size());
    self_list(arguments).insert(self_list(arguments).end(), items.begin(), items.end());
    return None{};
}

Item list_insert(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    auto& items = self_list(arguments);
    interpreter.charge_items(1);
    interpreter.step(items.size() / 64);
    const auto size = static_cast<std::int64_t>(items.size());
    const auto index = std::clamp<std::int64_t>(arguments.integer(0), -size, size);
    items.insert(items.begin() + (index < 0 ? index + size : index), arguments.positional[1]);
    return None{};
}

Item list_pop(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    auto& items = self_list(arguments);
    const auto place = resolve_index(arguments.positional.empty() ? -1 : arguments.integer(0), items.size());
    if (!place) {
        interpreter.fail("pop() finds no such element in the list");
    }
    interpreter.step((items.size() - *place) / 64);
    const auto item = items[*place];
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(*place));
    return item;
}

std::size_t place_of(Interpreter& interpreter, const Items& items, const Item& wanted, std::string_view function,
                     std::int64_t start = 0)
{
    const auto size = static_cast<std::int64_t>(items.size());
    const auto first = std::clamp<std::int64_t>(start < 0 ? std::max(start, -size) + size : start, 0, size);
    for (auto i = static_cast<std::size_t>(first); i < items.size(); ++i) {
        if (interpreter.equal(items[i], wanted)) {
            return i;
        }
    }
    interpreter.fail("{}() finds no {} among the elements", function, interpreter.repr(wanted).substr(0, 40));
}

Item list_remove(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    auto& items = self_list(arguments);
    items.erase(items.begin() +
                static_cast<std::ptrdiff_t>(place_of(interpreter, items, arguments.positional[0], "remove")));
    return None{};
}

Item list_index(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const auto start = arguments.positional.size() > 1 ? arguments.integer(1) : 0;
    return static_cast<std::int64_t>(
        place_of(interpreter, self_list(arguments), arguments.positional[0], "index", start));
}

std::int64_t count_of(Interpreter& interpreter, const Items& items, const Item& wanted)
{
    return std::ranges::count_if(items, [&](const Item& item) { return interpreter.equal(item, wanted); });
}

Item list_count(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return count_of(interpreter, self_list(arguments), arguments.positional[0]);
}

Item list_reverse(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    interpreter.step(self_list(arguments).size() / 16);
    std::ranges::reverse(self_list(arguments));
    return None{};
}

Item list_clear(Interpreter&, Arguments& arguments)
{
    arguments.expect(0, 0);
    self_list(arguments).clear();
    return None{};
}

Item list_copy(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    return interpreter.list(self_list(arguments));
}

// A merge sort of our own: a comparison that a text makes inconsistent must not break an invariant of
// std::sort.
void merge_sort(Interpreter& interpreter, std::vector<std::pair<Item, Item>>& entries, std::size_t start,
                std::size_t end)
{
    if (end - start < 2) {
        return;
    }
    const auto middle = start + (end - start) / 2;
    merge_sort(interpreter, entries, start, middle);
    merge_sort(interpreter, entries, middle, end);
    std::vector<std::pair<Item, Item>> merged;
    merged.reserve(end - start);
    auto left = start;
    auto right = middle;
    while (left < middle || right < end) {
        const bool take_right =
            left == middle || (right < end && interpreter.less(entries[right].first, entries[left].first));
        merged.push_back(entries[take_right ? right++ : left++]);
    }
    std::ranges::copy(merged, entries.begin() + static_cast<std::ptrdiff_t>(start));
}

Item list_sort(Interpreter& interpreter, Arguments& arguments)
{
    const auto key = arguments.take_keyword("key");
    const auto reverse = arguments.take_keyword("reverse");
    arguments.expect(0, 0);
    std::vector<std::pair<Item, Item>> entries;
    for (const auto& item : interpreter.iterate(arguments.self)) {
        entries.emplace_back(key && !std::holds_alternative<None>(*key) ? interpreter.call(*key, {item}, {}) : item,
                             item);
    }
    const bool backwards = reverse && interpreter.truth(*reverse);
    if (backwards) {
        std::ranges::reverse(entries); // and once more below, which keeps equal elements in their order
    }
    merge_sort(interpreter, entries, 0, entries.size());
    if (backwards) {
        std::ranges::reverse(entries);
    }
    Items sorted;
    for (const auto& entry : entries) {
        sorted.push_back(entry.second);
    }
    self_list(arguments) = std::move(sorted);
    return None{};
}

Item tuple_index(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& items = std::get<const TupleObject*>(arguments.self)->items;
    return static_cast<std::int64_t>(place_of(interpreter, items, arguments.positional[0], "index"));
}

Item tuple_count(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return count_of(interpreter, std::get<const TupleObject*>(arguments.self)->items, arguments.positional[0]);
}

Item dict_get(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const auto* found = interpreter.find(self_dict(arguments), arguments.positional[0]);
    return found != nullptr ? *found : arguments.positional.size() > 1 ? arguments.positional[1] : Item{};
}

Item dict_keys(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    return interpreter.list(interpreter.iterate(arguments.self));
}

Item dict_values(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    Items items;
    for (const auto& entry : self_dict(arguments).entries) {
        items.push_back(entry.second);
    }
    return interpreter.list(std::move(items));
}

Item dict_items(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    Items items;
    for (const auto& [key, value] : self_dict(arguments).entries) {
        items.push_back(interpreter.tuple({key, value}));
    }
    return interpreter.list(std::move(items));
}

Item dict_has_key(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.find(self_dict(arguments), arguments.positional[0]) != nullptr;
}

Item dict_setdefault(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    auto& dict = self_dict(arguments);
    if (const auto* found = interpreter.find(dict, arguments.positional[0])) {
        return *found;
    }
    const auto value = arguments.positional.size() > 1 ? arguments.positional[1] : Item{};
    interpreter.store(dict, arguments.positional[0], value);
    return value;
}

Item dict_pop(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    auto& dict = self_dict(arguments);
    const auto* found = interpreter.find(dict, arguments.positional[0]);
    if (found == nullptr) {
        if (arguments.positional.size() > 1) {
            return arguments.positional[1];
        }
        interpreter.fail("the dictionary has no key {}", interpreter.repr(arguments.positional[0]).substr(0, 60));
    }
    const auto value = *found;
    const auto place = std::ranges::find_if(dict.entries, [&](const auto& entry) { return &entry.second == found; });
    dict.entries.erase(place);
    return value;
}

Item dict_popitem(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    auto& dict = self_dict(arguments);
    if (dict.entries.empty()) {
        interpreter.fail("popitem() finds nothing in the dictionary");
    }
    const auto [key, value] = dict.entries.back();
    dict.entries.pop_back();
    return interpreter.tuple({key, value});
}

Item dict_update(Interpreter& interpreter, Arguments& arguments)
{
    const auto keywords = std::exchange(arguments.keywords, {});
    arguments.expect(0, 1);
    auto& dict = self_dict(arguments);
    if (!arguments.positional.empty()) {
        const auto& source = arguments.positional[0];
        if (const auto* other = std::get_if<DictObject*>(&source)) {
            const auto entries = (*other)->entries;
            for (const auto& [key, value] : entries) {
                interpreter.store(dict, key, value);
            }
        } else {
            for (const auto& pair : interpreter.iterate(source)) {
                const auto entry = interpreter.iterate(pair);
                if (entry.size() != 2) {
                    interpreter.fail("a dictionary is made from pairs, and this has {} elements", entry.size());
                }
                interpreter.store(dict, entry[0], entry[1]);
            }
        }
    }
    for (const auto& [key, value] : keywords) {
        interpreter.store(dict, interpreter.string(key), value);
    }
    return None{};
}

Item dict_copy(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    interpreter.charge_items(self_dict(arguments).entries.size() * 2);
    auto* copy = interpreter.make<DictObject>();
    copy->entries = self_dict(arguments).entries;
    return copy;
}

Item dict_clear(Interpreter&, Arguments& arguments)
{
    arguments.expect(0, 0);
    self_dict(arguments).entries.clear();
    return None{};
}

constexpr std::array kListMethods{
    Method{"append", list_append},   Method{"clear", list_clear},   Method{"copy", list_copy},
    Method{"count", list_count},     Method{"extend", list_extend}, Method{"index", list_index},
    Method{"insert", list_insert},   Method{"pop", list_pop},       Method{"remove", list_remove},
    Method{"reverse", list_reverse}, Method{"sort", list_sort}};
constexpr std::array kTupleMethods{Method{"count", tuple_count}, Method{"index", tuple_index}};
constexpr std::array kDictMethods{
    Method{"clear", dict_clear},     Method{"copy", dict_copy},         Method{"get", dict_get},
    Method{"has_key", dict_has_key}, Method{"items", dict_items},       Method{"iteritems", dict_items},
    Method{"iterkeys", dict_keys},   Method{"itervalues", dict_values}, Method{"keys", dict_keys},
    Method{"pop", dict_pop},         Method{"popitem", dict_popitem},   Method{"setdefault", dict_setdefault},
    Method{"update", dict_update},   Method{"values", dict_values}};
} // namespace

BuiltinCall find_list_method(std::string_view name)
{
    return look_up(kListMethods, name);
}

BuiltinCall find_tuple_method(std::string_view name)
{
    return look_up(kTupleMethods, name);
}

BuiltinCall find_dict_method(std::string_view name)
{
    return look_up(kDictMethods, name);
}

} // namespace windsor::python
