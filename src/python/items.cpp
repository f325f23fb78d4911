// SPDX-License-Identifier: GPL-2.0-or-later
// Values as text, as sequences, and as plain values.
#include <algorithm>

#include "python/interpreter.hpp"

namespace windsor::python {

std::optional<std::size_t> resolve_index(std::int64_t index, std::size_t length)
{
    const auto size = static_cast<std::int64_t>(length);
    if (index < -size || index >= size) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(index < 0 ? index + size : index);
}

std::string_view Interpreter::type_name(const Item& item)
{
    constexpr std::string_view kNames[] = {"NoneType", "bool",   "int",     "float", "str",
                                           "list",     "tuple",  "dict",    "set",   "function",
                                           "function", "module", "pattern", "match", "environ"};
    return kNames[item.index()];
}

namespace {

class Writer {
public:
    explicit Writer(Interpreter& interpreter) : interpreter_{interpreter} {}

    void write(const Item& item)
    {
        const Interpreter::Nested nested{interpreter_};
        interpreter_.step();
        if (const auto* text = std::get_if<const StringObject*>(&item)) {
            interpreter_.step((*text)->text.size() / 256);
            put(python_quoted((*text)->text));
        } else if (const auto* list = std::get_if<ListObject*>(&item)) {
            sequence("[", (*list)->items, "]");
        } else if (const auto* tuple = std::get_if<const TupleObject*>(&item)) {
            sequence("(", (*tuple)->items, (*tuple)->items.size() == 1 ? ",)" : ")");
        } else if (const auto* set = std::get_if<SetObject*>(&item)) {
            sequence((*set)->items.empty() ? "set(" : "{", (*set)->items, (*set)->items.empty() ? ")" : "}");
        } else if (const auto* dict = std::get_if<DictObject*>(&item)) {
            put("{");
            std::string_view separator;
            for (const auto& [key, value] : (*dict)->entries) {
                put(separator);
                separator = ", ";
                write(key);
                put(": ");
                write(value);
            }
            put("}");
        } else {
            simple(item);
        }
    }

    std::string take() { return std::move(text_); }

private:
    void put(std::string_view part)
    {
        text_ += part;
        if (text_.size() > interpreter_.environment().limits.text) {
            interpreter_.fail("a string grows longer than {} bytes", interpreter_.environment().limits.text);
        }
    }

    void sequence(std::string_view opening, const Items& items, std::string_view closing)
    {
        put(opening);
        std::string_view separator;
        for (const auto& item : items) {
            put(separator);
            separator = ", ";
            write(item);
        }
        put(closing);
    }

    void simple(const Item& item)
    {
        if (std::holds_alternative<None>(item)) {
            put("None");
        } else if (const auto* flag = std::get_if<bool>(&item)) {
            put(*flag ? "True" : "False");
        } else if (const auto* whole = std::get_if<std::int64_t>(&item)) {
            put(std::to_string(*whole));
        } else if (const auto* real = std::get_if<double>(&item)) {
            put(float_text(*real));
        } else {
            put("<");
            put(Interpreter::type_name(item));
            put(">");
        }
    }

    Interpreter& interpreter_;
    std::string text_;
};

} // namespace

std::string Interpreter::repr(const Item& item)
{
    Writer writer{*this};
    writer.write(item);
    return writer.take();
}

std::string Interpreter::str(const Item& item)
{
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        step((*object)->text.size() / 256);
        return (*object)->text;
    }
    return repr(item);
}

Items Interpreter::iterate(const Item& item)
{
    const auto copy = [&](const Items& items) {
        step(items.size());
        return items;
    };
    if (const auto* list_object = std::get_if<ListObject*>(&item)) {
        return copy((*list_object)->items);
    }
    if (const auto* tuple_object = std::get_if<const TupleObject*>(&item)) {
        return copy((*tuple_object)->items);
    }
    if (const auto* set = std::get_if<SetObject*>(&item)) {
        return copy((*set)->items);
    }
    Items items;
    if (const auto* dict = std::get_if<DictObject*>(&item)) {
        step((*dict)->entries.size());
        for (const auto& entry : (*dict)->entries) {
            items.push_back(entry.first);
        }
        return items;
    }
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        charge_items((*object)->text.size());
        for (const char c : (*object)->text) {
            items.push_back(string(std::string(1, c)));
        }
        return items;
    }
    fail("a value of type '{}' has no elements to go through", type_name(item));
}

std::size_t Interpreter::length(const Item& item)
{
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        return (*object)->text.size();
    }
    if (const auto* dict = std::get_if<DictObject*>(&item)) {
        return (*dict)->entries.size();
    }
    if (const auto* list_object = std::get_if<ListObject*>(&item)) {
        return (*list_object)->items.size();
    }
    return iterate(item).size();
}

Item Interpreter::index(const Item& object, const Item& key)
{
    if (const auto* dict = std::get_if<DictObject*>(&object)) {
        const auto* found = find(**dict, key);
        if (found == nullptr) {
            fail("the dictionary has no key {}", repr(key).substr(0, 60));
        }
        return *found;
    }
    if (const auto* match = std::get_if<const MatchObject*>(&object)) {
        return call(attribute(Item{*match}, "group"), {key}, {});
    }
    if (std::holds_alternative<const EnvironObject*>(object)) {
        const auto& name = text(key, "the name of an environment variable");
        if (const auto value = environment_variable(*this, name)) {
            return string(*value);
        }
        fail("the environment variable '{}' is not set", name.substr(0, 60));
    }
    return element(object, key);
}

// An element of a string, a list or a tuple.
Item Interpreter::element(const Item& object, const Item& key)
{
    const auto* text_object = std::get_if<const StringObject*>(&object);
    const auto* list_object = std::get_if<ListObject*>(&object);
    const auto* tuple_object = std::get_if<const TupleObject*>(&object);
    if (text_object == nullptr && list_object == nullptr && tuple_object == nullptr) {
        fail("a value of type '{}' has no elements to pick by index", type_name(object));
    }
    const auto size = text_object != nullptr   ? (*text_object)->text.size()
                      : list_object != nullptr ? (*list_object)->items.size()
                                               : (*tuple_object)->items.size();
    const auto number = integer(key, "an index");
    const auto place = resolve_index(number, size);
    if (!place) {
        fail("index {} is outside this value of type '{}', which has {} element{}", number, type_name(object), size,
             size == 1 ? "" : "s");
    }
    if (text_object != nullptr) {
        return string(std::string(1, (*text_object)->text[*place]));
    }
    return list_object != nullptr ? (*list_object)->items[*place] : (*tuple_object)->items[*place];
}

Item Interpreter::slice(const Item& object, std::optional<Item> start, std::optional<Item> stop,
                        std::optional<Item> stride)
{
    const auto bound = [&](const std::optional<Item>& item) -> std::optional<std::int64_t> {
        if (!item || std::holds_alternative<None>(*item)) {
            return std::nullopt;
        }
        return integer(*item, "the bound of a slice");
    };
    const bool sliceable = std::holds_alternative<const StringObject*>(object) ||
                           std::holds_alternative<ListObject*>(object) ||
                           std::holds_alternative<const TupleObject*>(object);
    if (!sliceable) {
        fail("a value of type '{}' cannot be sliced", type_name(object));
    }
    const auto size = static_cast<std::int64_t>(std::holds_alternative<const TupleObject*>(object)
                                                    ? std::get<const TupleObject*>(object)->items.size()
                                                    : length(object));
    const auto by = bound(stride).value_or(1);
    if (by == 0) {
        fail("the step of a slice cannot be zero");
    }
    // Language Reference 3.2, "slice objects": bounds are clamped, and negative ones count from the end.
    const auto clamp = [&](std::optional<std::int64_t> value, std::int64_t otherwise) {
        if (!value) {
            return otherwise;
        }
        const auto from_start = *value < 0 ? (*value < -size ? -1 : *value + size) : *value;
        return by > 0 ? std::clamp<std::int64_t>(from_start, 0, size)
                      : std::clamp<std::int64_t>(from_start, -1, size - 1);
    };
    const auto first = clamp(bound(start), by > 0 ? 0 : size - 1);
    const auto last = clamp(bound(stop), by > 0 ? size : -1);
    std::vector<std::size_t> places;
    for (auto place = first; by > 0 ? place < last : place > last;) {
        places.push_back(static_cast<std::size_t>(place));
        if (__builtin_add_overflow(place, by, &place)) {
            break;
        }
    }
    step(places.size() / 16);
    if (const auto* text_object = std::get_if<const StringObject*>(&object)) {
        std::string result;
        for (const auto place : places) {
            result += (*text_object)->text[place];
        }
        return string(std::move(result));
    }
    const auto* list_object = std::get_if<ListObject*>(&object);
    const auto& items = list_object != nullptr ? (*list_object)->items : std::get<const TupleObject*>(object)->items;
    Items result;
    for (const auto place : places) {
        result.push_back(items[place]);
    }
    return list_object != nullptr ? list(std::move(result)) : tuple(std::move(result));
}

Item Interpreter::bound(const Item& self, std::string_view name, BuiltinCall function)
{
    auto* object = make<BuiltinObject>();
    object->name = name;
    object->call = function;
    object->self = self;
    return object;
}

Item Interpreter::attribute(const Item& object, std::string_view name)
{
    if (name.starts_with("__")) {
        fail("the attribute '{}' is not available in the xm language", name.substr(0, 60));
    }
    if (const auto* module_object = std::get_if<const ModuleObject*>(&object)) {
        const auto found = (*module_object)->members.find(name);
        if (found == (*module_object)->members.end()) {
            fail("'{}.{}' is not available in the xm language", (*module_object)->name, name.substr(0, 60));
        }
        return found->second;
    }
    if (const auto* tuple_object = std::get_if<const TupleObject*>(&object)) {
        const auto names = (*tuple_object)->names;
        if (const auto found = std::ranges::find(names, name); found != names.end()) {
            return (*tuple_object)->items[static_cast<std::size_t>(found - names.begin())];
        }
    }
    if (const auto* pattern = std::get_if<const PatternObject*>(&object); pattern != nullptr && name == "pattern") {
        return string((*pattern)->pattern);
    }
    const BuiltinCall method = std::visit(
        [&](const auto& value) -> BuiltinCall {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, const StringObject*>) {
                return find_string_method(name);
            } else if constexpr (std::is_same_v<T, ListObject*>) {
                return find_list_method(name);
            } else if constexpr (std::is_same_v<T, const TupleObject*>) {
                return find_tuple_method(name);
            } else if constexpr (std::is_same_v<T, DictObject*>) {
                return find_dict_method(name);
            } else if constexpr (std::is_same_v<T, SetObject*>) {
                return find_set_method(name);
            } else if constexpr (std::is_same_v<T, const PatternObject*>) {
                return find_pattern_method(name);
            } else if constexpr (std::is_same_v<T, const MatchObject*>) {
                return find_match_method(name);
            } else if constexpr (std::is_same_v<T, const EnvironObject*>) {
                return find_environ_method(name);
            } else {
                return nullptr;
            }
        },
        object);
    if (method == nullptr) {
        fail("a value of type '{}' has no attribute '{}' in the xm language", type_name(object), name.substr(0, 60));
    }
    return bound(object, name, method);
}

bool Interpreter::is_plain(const Item& item)
{
    return item.index() <= Item{static_cast<SetObject*>(nullptr)}.index();
}

Value Interpreter::to_value(const Item& item)
{
    const Nested nested{*this};
    step();
    charge(sizeof(Value));
    const auto convert = [&](const Items& items) {
        Value::List list_value;
        for (const auto& element : items) {
            list_value.push_back(to_value(element));
        }
        return list_value;
    };
    if (const auto* flag = std::get_if<bool>(&item)) {
        return *flag;
    }
    if (const auto* whole = std::get_if<std::int64_t>(&item)) {
        return *whole;
    }
    if (const auto* real = std::get_if<double>(&item)) {
        return *real;
    }
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        charge((*object)->text.size());
        return (*object)->text;
    }
    if (const auto* list_object = std::get_if<ListObject*>(&item)) {
        return convert((*list_object)->items);
    }
    if (const auto* set = std::get_if<SetObject*>(&item)) {
        return convert((*set)->items);
    }
    if (const auto* tuple_object = std::get_if<const TupleObject*>(&item)) {
        return Value::Tuple{convert((*tuple_object)->items)};
    }
    if (const auto* dict = std::get_if<DictObject*>(&item)) {
        Value::Dict entries;
        for (const auto& [key, value] : (*dict)->entries) {
            auto name = str(key);
            charge(name.size());
            entries.emplace_back(std::move(name), to_value(value));
        }
        return entries;
    }
    return std::holds_alternative<None>(item) ? Value{} : Value{str(item)};
}

Item Interpreter::from_value(const Value& value)
{
    if (const auto* items = value.items()) {
        Items converted;
        for (const auto& item : *items) {
            converted.push_back(from_value(item));
        }
        return value.kind_name() == "a tuple" ? tuple(std::move(converted)) : list(std::move(converted));
    }
    if (const auto* entries = value.dict()) {
        auto* dict = make<DictObject>();
        for (const auto& [key, item] : *entries) {
            store(*dict, string(key), from_value(item));
        }
        return dict;
    }
    if (const auto* flag = value.boolean()) {
        return *flag;
    }
    if (const auto* whole = value.integer()) {
        return *whole;
    }
    if (const auto* real = value.real()) {
        return *real;
    }
    return value.string() == nullptr ? Item{} : string(*value.string());
}

} // namespace windsor::python
