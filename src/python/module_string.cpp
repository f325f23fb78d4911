// SPDX-License-Identifier: GPL-2.0-or-later
// string: classes of characters, and Python 2's functions, most of which are the methods of strings by another name.
#include <algorithm>
#include <array>

#include "python/modules.hpp"

namespace windsor::python {
namespace {

// string.upper(text) is text.upper(), and so are the others.
Item as_method(Interpreter& interpreter, Arguments& arguments)
{
    if (arguments.positional.empty()) {
        interpreter.fail("{}() takes the string as its first argument", arguments.function);
    }
    const Item self = arguments.positional[0];
    interpreter.text(self, fmt::format("the first argument of {}()", arguments.function));
    const auto method = interpreter.attribute(self, arguments.function);
    arguments.positional.erase(arguments.positional.begin());
    return interpreter.call(method, std::move(arguments.positional), std::move(arguments.keywords));
}

Item string_join(Interpreter& interpreter, Arguments& arguments)
{
    const auto separator = arguments.optional(1, "sep");
    arguments.expect(1, 2);
    const auto between = separator.value_or(interpreter.string(" "));
    interpreter.text(between, "the separator of join()");
    return interpreter.call(interpreter.attribute(between, "join"), {arguments.positional[0]}, {});
}

Item string_maketrans(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(2, 2);
    const auto& from = arguments.string(0);
    const auto& to = arguments.string(1);
    if (from.size() != to.size()) {
        interpreter.fail("maketrans() takes two strings of one length, and these have {} and {} bytes", from.size(),
                         to.size());
    }
    std::string table;
    for (unsigned byte = 0; byte < 256; ++byte) {
        table += static_cast<char>(byte);
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
        table[static_cast<unsigned char>(from[i])] = to[i];
    }
    return interpreter.string(std::move(table));
}

Item string_capwords(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    arguments.string(0);
    const auto words = interpreter.call(interpreter.attribute(arguments.positional[0], "split"), {}, {});
    Items capitals;
    for (const auto& word : interpreter.iterate(words)) {
        capitals.push_back(interpreter.call(interpreter.attribute(word, "capitalize"), {}, {}));
    }
    const auto blank = interpreter.string(" ");
    return interpreter.call(interpreter.attribute(blank, "join"), {interpreter.list(std::move(capitals))}, {});
}

// string.atoi(text, base) is int(text, base), and so are the others.
Item as_builtin(Interpreter& interpreter, Arguments& arguments)
{
    bool is_type = false;
    const auto name = arguments.function == "atof" ? "float" : arguments.function == "atol" ? "long" : "int";
    const auto function = interpreter.bound(Item{}, name, find_builtin(name, is_type));
    return interpreter.call(function, std::move(arguments.positional), std::move(arguments.keywords));
}

constexpr std::array<std::string_view, 21> kMethodNames{
    "capitalize", "center", "count",   "expandtabs", "find",      "index", "ljust",
    "lower",      "lstrip", "replace", "rfind",      "rindex",    "rjust", "rsplit",
    "rstrip",     "split",  "strip",   "swapcase",   "translate", "upper", "zfill"};

constexpr std::array kFunctions{Method{"atof", as_builtin},  Method{"atoi", as_builtin},
                                Method{"atol", as_builtin},  Method{"capwords", string_capwords},
                                Method{"join", string_join}, Method{"maketrans", string_maketrans}};

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
constexpr std::string_view kWhitespace = " \t\n\r\v\f";

} // namespace

ModuleObject* make_string(Interpreter& interpreter)
{
    auto* module = module_of(interpreter, "string", kFunctions);
    for (const auto name : kMethodNames) {
        module->members.emplace(name, interpreter.bound(Item{}, name, as_method));
    }
    const std::string letters = std::string{kLower} + std::string{kUpper};
    const std::string printable = std::string{kDigits} + letters + std::string{kPunctuation} + std::string{kWhitespace};
    const std::pair<std::string_view, std::string> constants[] = {{"ascii_letters", letters},
                                                                  {"ascii_lowercase", std::string{kLower}},
                                                                  {"ascii_uppercase", std::string{kUpper}},
                                                                  {"digits", std::string{kDigits}},
                                                                  {"hexdigits", std::string{kDigits} + "abcdefABCDEF"},
                                                                  {"letters", letters},
                                                                  {"lowercase", std::string{kLower}},
                                                                  {"octdigits", "01234567"},
                                                                  {"printable", printable},
                                                                  {"punctuation", std::string{kPunctuation}},
                                                                  {"uppercase", std::string{kUpper}},
                                                                  {"whitespace", std::string{kWhitespace}}};
    for (const auto& [name, text] : constants) {
        module->members.emplace(name, interpreter.string(text));
    }
    return module;
}

} // namespace windsor::python
