// SPDX-License-Identifier: GPL-2.0-or-later
// The builtin functions and types, by name.
#include <algorithm>
#include <array>

#include "python/builtins.hpp"

namespace windsor::python {
namespace {

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

Item call_callable(Interpreter&, Arguments& arguments)
{
    arguments.expect(1, 1);
    return std::holds_alternative<const FunctionObject*>(arguments.positional[0]) ||
           std::holds_alternative<const BuiltinObject*>(arguments.positional[0]);
}

Item call_format(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 2);
    const std::string specification = arguments.positional.size() > 1 ? arguments.string(1) : std::string{};
    return interpreter.string(interpreter.format_value(arguments.positional[0], specification));
}

constexpr std::array kOtherBuiltins{
    Builtin{"basestring", call_str, Role::Type},
    Builtin{"bool", call_bool, Role::Type},
    Builtin{"callable", call_callable},
    Builtin{"format", call_format},
    Builtin{"isinstance", call_isinstance},
    Builtin{"print", call_print},
    Builtin{"repr", call_repr},
    Builtin{"str", call_str, Role::Type},
    Builtin{"type", call_type},
    Builtin{"unicode", call_str, Role::Type},
};

// What Python has and this language has not, so that it can be refused by name.
constexpr std::string_view kUnavailable[] = {
    "__import__", "__builtins__", "__file__",     "__name__", "apply",     "breakpoint", "buffer",    "bytearray",
    "bytes",      "classmethod",  "coerce",       "compile",  "complex",   "delattr",    "dir",       "eval",
    "exec",       "execfile",     "exit",         "file",     "frozenset", "getattr",    "globals",   "hasattr",
    "hash",       "help",         "id",           "input",    "intern",    "issubclass", "iter",      "locals",
    "memoryview", "next",         "object",       "open",     "property",  "quit",       "raw_input", "reload",
    "setattr",    "slice",        "staticmethod", "super",    "vars"};

} // namespace

BuiltinCall find_builtin(std::string_view name, bool& is_type)
{
    for (const auto table : {number_builtins(), sequence_builtins(), std::span<const Builtin>{kOtherBuiltins}}) {
        const auto found = std::ranges::find_if(table, [&](const Builtin& entry) { return entry.name == name; });
        if (found != table.end()) {
            is_type = found->role == Role::Type;
            return found->call;
        }
    }
    return nullptr;
}

bool is_known_python_name(std::string_view name)
{
    return std::ranges::find(kUnavailable, name) != std::end(kUnavailable);
}

} // namespace windsor::python
