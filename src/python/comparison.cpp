// SPDX-License-Identifier: GPL-2.0-or-later
// Truth, equality, identity, order and containment.
#include <algorithm>

#include "python/item_access.hpp"

namespace windsor::python {

bool Interpreter::truth(const Item& item) const
{
    return std::visit(
        [](const auto& value) -> bool {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, None>) {
                return false;
            } else if constexpr (std::is_arithmetic_v<T>) {
                return value != T{};
            } else if constexpr (std::is_same_v<T, const StringObject*>) {
                return !value->text.empty();
            } else if constexpr (std::is_same_v<T, ListObject*> || std::is_same_v<T, const TupleObject*> ||
                                 std::is_same_v<T, SetObject*>) {
                return !value->items.empty();
            } else if constexpr (std::is_same_v<T, DictObject*>) {
                return !value->entries.empty();
            } else {
                return true;
            }
        },
        item);
}

namespace {

const Items* sequence_items(const Item& item)
{
    if (const auto* list = get<ListObject*>(item)) {
        return &(*list)->items;
    }
    if (const auto* tuple = get<const TupleObject*>(item)) {
        return &(*tuple)->items;
    }
    return nullptr;
}

} // namespace

bool Interpreter::equal(const Item& a, const Item& b)
{
    const Nested nested{*this};
    step();
    const auto left = as_integer(a);
    const auto right = as_integer(b);
    if (left && right) {
        return *left == *right;
    }
    const auto left_real = as_real(a);
    const auto right_real = as_real(b);
    if (left_real && right_real) {
        return *left_real == *right_real;
    }
    if (a.index() != b.index()) {
        return false;
    }
    if (const auto* text = get<const StringObject*>(a)) {
        step((*text)->text.size() / 256);
        return (*text)->text == (*get<const StringObject*>(b))->text;
    }
    if (const auto* items = sequence_items(a)) {
        const auto& others = *sequence_items(b);
        return items->size() == others.size() && std::equal(items->begin(), items->end(), others.begin(),
                                                            [&](const Item& x, const Item& y) { return equal(x, y); });
    }
    if (const auto* set = get<SetObject*>(a)) {
        const auto& other = **get<SetObject*>(b);
        return (*set)->items.size() == other.items.size() &&
               std::ranges::all_of((*set)->items, [&](const Item& item) { return contains(b, item); });
    }
    if (const auto* dict = get<DictObject*>(a)) {
        auto& other = **get<DictObject*>(b);
        return (*dict)->entries.size() == other.entries.size() &&
               std::ranges::all_of((*dict)->entries, [&](const auto& entry) {
                   const auto* found = find(other, entry.first);
                   return found != nullptr && equal(entry.second, *found);
               });
    }
    return a == b;
}

bool Interpreter::identical(const Item& a, const Item& b)
{
    const auto* left = get<const StringObject*>(a);
    const auto* right = get<const StringObject*>(b);
    if (left != nullptr && right != nullptr) {
        step((*left)->text.size() / 256);
        return (*left)->text == (*right)->text; // as equal short strings are one object in Python
    }
    return a == b;
}

bool Interpreter::less(const Item& a, const Item& b)
{
    const Nested nested{*this};
    step();
    const auto left = as_integer(a);
    const auto right = as_integer(b);
    if (left && right) {
        return *left < *right;
    }
    const auto left_real = as_real(a);
    const auto right_real = as_real(b);
    if (left_real && right_real) {
        return *left_real < *right_real;
    }
    if (a.index() == b.index()) {
        if (const auto* text = get<const StringObject*>(a)) {
            step((*text)->text.size() / 256);
            return (*text)->text < (*get<const StringObject*>(b))->text;
        }
        if (const auto* items = sequence_items(a)) {
            const auto& others = *sequence_items(b);
            for (std::size_t i = 0; i < items->size() && i < others.size(); ++i) {
                if (!equal((*items)[i], others[i])) {
                    return less((*items)[i], others[i]);
                }
            }
            return items->size() < others.size();
        }
        if (const auto* set = get<SetObject*>(a)) {
            return (*set)->items.size() < (*get<SetObject*>(b))->items.size() && is_subset(**set, b);
        }
    }
    fail("values of type '{}' and '{}' have no order", type_name(a), type_name(b));
}

bool Interpreter::is_subset(const SetObject& part, const Item& whole)
{
    return std::ranges::all_of(part.items, [&](const Item& item) { return contains(whole, item); });
}

// Sets are compared as subsets, where neither of two need be less than the other.
bool Interpreter::less_or_equal(const Item& a, const Item& b)
{
    if (const auto* set = get<SetObject*>(a); set != nullptr && get<SetObject*>(b) != nullptr) {
        return is_subset(**set, b);
    }
    return less(a, b) || equal(a, b);
}

bool Interpreter::contains(const Item& container, const Item& item)
{
    if (const auto* text = get<const StringObject*>(container)) {
        const auto& part = this->text(item, "what is searched in a string");
        step((*text)->text.size() / 256 + std::min(part.size(), (*text)->text.size()) * (*text)->text.size() / 4096);
        return (*text)->text.find(part) != std::string::npos;
    }
    if (const auto* dict = get<DictObject*>(container)) {
        return find(**dict, item) != nullptr;
    }
    if (std::holds_alternative<const EnvironObject*>(container)) {
        return environment_variable(*this, this->text(item, "the name of an environment variable")).has_value();
    }
    const auto* items = sequence_items(container);
    if (const auto* set = get<SetObject*>(container)) {
        items = &(*set)->items;
    }
    if (items == nullptr) {
        fail("a value of type '{}' cannot be searched with 'in'", type_name(container));
    }
    return std::ranges::any_of(*items, [&](const Item& other) { return equal(item, other); });
}

} // namespace windsor::python
