// SPDX-License-Identifier: GPL-2.0-or-later
// Dictionaries and sets, and what a value must be for some purpose.
#include <algorithm>

#include "python/item_access.hpp"

namespace windsor::python {

// What can change has no place among a dictionary's keys, and neither has a tuple that holds such a thing.
void Interpreter::check_hashable(const Item& item)
{
    if (std::holds_alternative<ListObject*>(item) || std::holds_alternative<DictObject*>(item) ||
        std::holds_alternative<SetObject*>(item)) {
        fail("a value of type '{}' cannot be a dictionary's key or a set's element", type_name(item));
    }
    if (const auto* tuple = get<const TupleObject*>(item)) {
        const Nested nested{*this};
        step((*tuple)->items.size());
        for (const auto& element : (*tuple)->items) {
            check_hashable(element);
        }
    }
}

const Item* Interpreter::find(DictObject& dict, const Item& key)
{
    check_hashable(key);
    const auto found = std::ranges::find_if(dict.entries, [&](const auto& entry) { return equal(entry.first, key); });
    return found == dict.entries.end() ? nullptr : &found->second;
}

void Interpreter::store(DictObject& dict, const Item& key, const Item& value)
{
    const auto* found = find(dict, key);
    if (found != nullptr) {
        dict.entries[static_cast<std::size_t>(
                         std::ranges::find_if(dict.entries, [&](const auto& entry) { return &entry.second == found; }) -
                         dict.entries.begin())]
            .second = value;
        return;
    }
    charge_items(2);
    dict.entries.emplace_back(key, value);
}

void Interpreter::add(SetObject& set, const Item& item)
{
    check_hashable(item);
    if (!contains(Item{&set}, item)) {
        charge_items(1);
        set.items.push_back(item);
    }
}

std::int64_t Interpreter::integer(const Item& item, std::string_view purpose) const
{
    const auto number = as_integer(item);
    if (!number) {
        fail("{} must be an integer, not of type '{}'", purpose, type_name(item));
    }
    return *number;
}

const std::string& Interpreter::text(const Item& item, std::string_view purpose) const
{
    const auto* object = get<const StringObject*>(item);
    if (object == nullptr) {
        fail("{} must be a string, not of type '{}'", purpose, type_name(item));
    }
    return (*object)->text;
}

} // namespace windsor::python
