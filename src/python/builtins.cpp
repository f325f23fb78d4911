// SPDX-License-Identifier: GPL-2.0-or-later
// The builtin functions and types.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "python/interpreter.hpp"
#include "python/tokenizer.hpp"

namespace windsor::python {

void Arguments::expect(std::size_t least, std::size_t most) const
{
    if (!keywords.empty()) {
        interpreter.fail("{}() takes no argument named '{}' here", function, keywords.front().first);
    }
    if (positional.size() < least || positional.size() > most) {
        const auto wanted = least == most ? fmt::format("{}", least)
                            : most > 1000 ? fmt::format("{} or more", least)
                                          : fmt::format("{} to {}", least, most);
        interpreter.fail("{}() takes {} argument{}, and {} are given", function, wanted, wanted == "1" ? "" : "s",
                         positional.size());
    }
}

std::optional<Item> Arguments::take_keyword(std::string_view name)
{
    const auto found = std::ranges::find_if(keywords, [&](const auto& entry) { return entry.first == name; });
    if (found == keywords.end()) {
        return std::nullopt;
    }
    auto item = found->second;
    keywords.erase(found);
    return item;
}

std::optional<Item> Arguments::optional(std::size_t index, std::string_view keyword)
{
    if (auto named = take_keyword(keyword)) {
        return named;
    }
    return index < positional.size() ? std::optional{positional[index]} : std::nullopt;
}

const std::string& Arguments::string(std::size_t index) const
{
    return interpreter.text(positional.at(index), fmt::format("the argument of {}()", function));
}

std::int64_t Arguments::integer(std::size_t index) const
{
    return interpreter.integer(positional.at(index), fmt::format("the argument of {}()", function));
}

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

Item call_zip(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 100);
    std::vector<Items> columns;
    std::size_t shortest = arguments.positional.empty() ? 0 : SIZE_MAX;
    for (const auto& argument : arguments.positional) {
        columns.push_back(interpreter.iterate(argument));
        shortest = std::min(shortest, columns.back().size());
    }
    Items result;
    for (std::size_t row = 0; row < shortest; ++row) {
        Items items;
        for (const auto& column : columns) {
            items.push_back(column[row]);
        }
        result.push_back(interpreter.tuple(std::move(items)));
    }
    return interpreter.list(std::move(result));
}

Item call_sorted(Interpreter& interpreter, Arguments& arguments)
{
    auto items = interpreter.list(interpreter.iterate(arguments.positional.empty() ? Item{} : arguments.positional[0]));
    const auto sort = interpreter.attribute(items, "sort");
    interpreter.call(sort, {}, arguments.keywords);
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
    arguments.expect(1, 100'000);
    const auto items =
        arguments.positional.size() == 1 ? interpreter.iterate(arguments.positional[0]) : arguments.positional;
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
    for (const auto& item : interpreter.iterate(arguments.positional[0])) {
        total = interpreter.binary(BinaryOp::Add, total, item);
    }
    return total;
}

Item call_abs(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& item = arguments.positional[0];
    const auto* real = std::get_if<double>(&item);
    if (real != nullptr) {
        return std::fabs(*real);
    }
    const auto number = arguments.integer(0);
    return number < 0 ? interpreter.unary(UnaryOp::Minus, number) : Item{number};
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n\f\v";
    const auto start = text.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base)
{
    text = trimmed(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    const auto prefix = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
    const std::int64_t prefix_base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (prefix_base != 0 && (base == 0 || base == prefix_base)) {
        base = prefix_base;
        text.remove_prefix(2);
    } else if (base == 0) {
        base = text.size() > 1 && text[0] == '0' ? 8 : 10;
    }
    if (text.ends_with('L') || text.ends_with('l')) {
        text.remove_suffix(base > 21 ? 0 : 1);
    }
    if (text.empty() || text[0] == '-') {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, static_cast<int>(base));
    if (error != std::errc{} || end != text.data() + text.size() || value > static_cast<std::uint64_t>(INT64_MAX)) {
        return std::nullopt;
    }
    return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

Item call_int(Interpreter& interpreter, Arguments& arguments)
{
    const auto base_item = arguments.optional(1, "base");
    arguments.expect(0, 2);
    if (arguments.positional.empty()) {
        return std::int64_t{0};
    }
    const auto& item = arguments.positional[0];
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        const auto base = base_item ? interpreter.integer(*base_item, "the base of int()") : 10;
        if (base != 0 && (base < 2 || base > 36)) {
            interpreter.fail("the base of int() must be 0 or from 2 to 36");
        }
        const auto value = parse_integer((*object)->text, base);
        if (!value) {
            interpreter.fail("{} is no integer in 64 bits", python_quoted((*object)->text.substr(0, 40)));
        }
        return *value;
    }
    if (const auto* real = std::get_if<double>(&item)) {
        if (!(std::fabs(*real) < 9.2e18)) {
            interpreter.fail("{} does not fit in 64 bits", float_text(*real));
        }
        return static_cast<std::int64_t>(*real);
    }
    return arguments.integer(0);
}

Item call_float(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    if (arguments.positional.empty()) {
        return 0.0;
    }
    const auto& item = arguments.positional[0];
    if (const auto* real = std::get_if<double>(&item)) {
        return *real;
    }
    if (const auto* object = std::get_if<const StringObject*>(&item)) {
        auto text = trimmed((*object)->text);
        text.remove_prefix(text.starts_with('+') ? 1 : 0);
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
            interpreter.fail("{} is no number", python_quoted((*object)->text.substr(0, 40)));
        }
        return value;
    }
    return static_cast<double>(arguments.integer(0));
}

Item call_str(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    return interpreter.string(arguments.positional.empty() ? std::string{} : interpreter.str(arguments.positional[0]));
}

Item call_repr(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.string(interpreter.repr(arguments.positional[0]));
}

Item call_bool(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    return !arguments.positional.empty() && interpreter.truth(arguments.positional[0]);
}

Item call_chr(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto number = arguments.integer(0);
    if (number < 0 || number > 0x10ffff) {
        interpreter.fail("{} is no character's number", number);
    }
    std::string text;
    append_utf8(text, static_cast<std::uint32_t>(number));
    return interpreter.string(std::move(text));
}

Item call_ord(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& text = arguments.string(0);
    if (text.size() != 1) {
        interpreter.fail("ord() takes a string of one character, and this has {} bytes", text.size());
    }
    return static_cast<std::int64_t>(static_cast<unsigned char>(text[0]));
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

Item call_round(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const auto& item = arguments.positional[0];
    const auto* real = std::get_if<double>(&item);
    const auto value = real != nullptr ? *real : static_cast<double>(arguments.integer(0));
    if (arguments.positional.size() == 2) {
        const auto digits = std::clamp<std::int64_t>(arguments.integer(1), -300, 300);
        const auto scale = std::pow(10.0, static_cast<double>(digits));
        const auto scaled = std::round(value * scale) / scale;
        return std::isfinite(scaled) ? scaled : value;
    }
    const auto whole = std::round(value);
    if (!(std::fabs(whole) < 9.2e18)) {
        interpreter.fail("{} does not fit in 64 bits", float_text(value));
    }
    return static_cast<std::int64_t>(whole);
}

Item call_map(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    Items result;
    for (const auto& item : interpreter.iterate(arguments.positional[1])) {
        result.push_back(interpreter.call(arguments.positional[0], {item}, {}));
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

Item call_print(Interpreter& interpreter, Arguments& arguments)
{
    const auto separator = arguments.take_keyword("sep");
    const auto end = arguments.take_keyword("end");
    arguments.expect(0, 1000);
    std::string line;
    for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
        line += i == 0 ? "" : separator ? interpreter.str(*separator) : " ";
        line += interpreter.str(arguments.positional[i]);
    }
    const auto ending = end ? interpreter.str(*end) : "\n";
    const bool newline = ending.ends_with('\n');
    interpreter.print_line(line + (newline ? ending.substr(0, ending.size() - 1) : ending), newline);
    return None{};
}

Item call_hex(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.string(interpreter.format_value(arguments.integer(0), "#x"));
}

bool is_instance(Interpreter& interpreter, const Item& item, const Item& type)
{
    if (const auto* several = std::get_if<const TupleObject*>(&type)) {
        return std::ranges::any_of((*several)->items, [&](const Item& one) {
            const Interpreter::Nested nested{interpreter};
            return is_instance(interpreter, item, one);
        });
    }
    const auto* builtin = std::get_if<const BuiltinObject*>(&type);
    if (builtin == nullptr || !(*builtin)->is_type) {
        interpreter.fail("isinstance() compares with a type such as str or int, or a tuple of them");
    }
    const auto name = Interpreter::type_name(item);
    const auto& wanted = (*builtin)->name;
    const bool long_or_text =
        (wanted == "long" && name == "int") || ((wanted == "unicode" || wanted == "basestring") && name == "str");
    return name == wanted || long_or_text || (name == "bool" && wanted == "int");
}

Item call_isinstance(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    return is_instance(interpreter, arguments.positional[0], arguments.positional[1]);
}

Item call_type(Interpreter& interpreter, Arguments& arguments)
{
    interpreter.fail("'{}' is not available in the xm language; isinstance() is", arguments.function);
}

enum class Role { Function, Type };
struct Builtin {
    std::string_view name;
    BuiltinCall call;
    Role role = Role::Function;
};

constexpr std::array kBuiltins{
    Builtin{"abs", call_abs},
    Builtin{"all", call_all},
    Builtin{"any", call_any},
    Builtin{"basestring", call_str, Role::Type},
    Builtin{"bool", call_bool, Role::Type},
    Builtin{"chr", call_chr},
    Builtin{"dict", call_dict, Role::Type},
    Builtin{"enumerate", call_enumerate},
    Builtin{"filter", call_filter},
    Builtin{"float", call_float, Role::Type},
    Builtin{"hex", call_hex},
    Builtin{"int", call_int, Role::Type},
    Builtin{"isinstance", call_isinstance},
    Builtin{"len", call_len},
    Builtin{"list", call_list, Role::Type},
    Builtin{"long", call_int, Role::Type},
    Builtin{"map", call_map},
    Builtin{"max", call_max},
    Builtin{"min", call_min},
    Builtin{"ord", call_ord},
    Builtin{"print", call_print},
    Builtin{"range", call_range},
    Builtin{"repr", call_repr},
    Builtin{"reversed", call_reversed},
    Builtin{"round", call_round},
    Builtin{"set", call_set, Role::Type},
    Builtin{"sorted", call_sorted},
    Builtin{"str", call_str, Role::Type},
    Builtin{"sum", call_sum},
    Builtin{"tuple", call_tuple, Role::Type},
    Builtin{"type", call_type},
    Builtin{"unicode", call_str, Role::Type},
    Builtin{"xrange", call_range},
    Builtin{"zip", call_zip},
};

// What Python has and this language has not, so that it can be refused by name.
constexpr std::array<std::string_view, 46> kUnavailable{
    "__import__", "__builtins__", "__file__",    "__name__",   "apply",    "bin",     "buffer",  "bytearray",
    "bytes",      "callable",     "classmethod", "cmp",        "coerce",   "compile", "complex", "delattr",
    "dir",        "divmod",       "eval",        "exec",       "execfile", "exit",    "file",    "format",
    "frozenset",  "getattr",      "globals",     "hasattr",    "hash",     "help",    "id",      "input",
    "intern",     "iter",         "locals",      "memoryview", "next",     "object",  "oct",     "open",
    "pow",        "property",     "quit",        "raw_input",  "reduce",   "setattr"};
constexpr std::array<std::string_view, 8> kMoreUnavailable{"slice", "staticmethod", "super",  "unichr",
                                                           "vars",  "breakpoint",   "reload", "issubclass"};

} // namespace

BuiltinCall find_builtin(std::string_view name, bool& is_type)
{
    const auto found = std::ranges::find_if(kBuiltins, [&](const Builtin& entry) { return entry.name == name; });
    if (found == kBuiltins.end()) {
        return nullptr;
    }
    is_type = found->role == Role::Type;
    return found->call;
}

bool is_known_python_name(std::string_view name)
{
    return std::ranges::find(kUnavailable, name) != kUnavailable.end() ||
           std::ranges::find(kMoreUnavailable, name) != kMoreUnavailable.end();
}

} // namespace windsor::python
