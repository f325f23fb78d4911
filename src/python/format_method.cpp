// SPDX-License-Identifier: GPL-2.0-or-later
// str.format: replacement fields, by number, name, element and attribute (Library Reference, "Format String Syntax").
#include <algorithm>

#include "python/format.hpp"

namespace windsor::python {
namespace {

class FormatMethod {
public:
    FormatMethod(Interpreter& interpreter, const Arguments& arguments)
        : interpreter_{interpreter}, arguments_{arguments}
    {
    }

    std::string run(std::string_view text, int level)
    {
        std::string result;
        while (!text.empty()) {
            const char c = text.front();
            if (c != '{' && c != '}') {
                result += c;
                text.remove_prefix(1);
                continue;
            }
            if (text.size() > 1 && text[1] == c && level == 0) {
                result += c;
                text.remove_prefix(2);
                continue;
            }
            const auto end = c == '{' ? field_end(text) : std::string_view::npos;
            if (end == std::string_view::npos || level > 1) {
                interpreter_.fail("a single '{}' in a format must be doubled or closed", c);
            }
            result += field(text.substr(1, end - 1), level);
            text.remove_prefix(end + 1);
            interpreter_.step();
            if (result.size() > interpreter_.environment().limits.text) {
                interpreter_.fail("a string grows longer than {} bytes", interpreter_.environment().limits.text);
            }
        }
        return result;
    }

private:
    static std::size_t field_end(std::string_view text)
    {
        int depth = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return std::string_view::npos;
    }

    std::string field(std::string_view inside, int level)
    {
        const auto colon = std::min(inside.find(':'), inside.size());
        auto name = inside.substr(0, colon);
        char conversion = 0;
        if (const auto bang = name.find('!'); bang != std::string_view::npos) {
            const auto word = name.substr(bang + 1);
            if (word != "r" && word != "s") {
                interpreter_.fail("after '!' a format takes 'r' or 's' only");
            }
            conversion = word[0];
            name = name.substr(0, bang);
        }
        // The field's own value comes first in the counting of values, and those in its specification after it.
        auto value = lookup(name);
        const auto specification = colon < inside.size() ? run(inside.substr(colon + 1), level + 1) : std::string{};
        if (conversion != 0) {
            value = interpreter_.string(conversion == 'r' ? interpreter_.repr(value) : interpreter_.str(value));
        }
        return interpreter_.format_value(value, specification);
    }

    Item lookup(std::string_view name)
    {
        const auto end = std::min(name.find_first_of(".["), name.size());
        auto value = base(name.substr(0, end));
        name.remove_prefix(end);
        while (!name.empty()) {
            if (take(name, '.')) {
                const auto stop = std::min(name.find_first_of(".["), name.size());
                value = interpreter_.attribute(value, name.substr(0, stop));
                name.remove_prefix(stop);
                continue;
            }
            const auto stop = name.find(']');
            if (!name.starts_with('[') || stop == std::string_view::npos) {
                interpreter_.fail("a field name in a format is not well-formed");
            }
            auto key = name.substr(1, stop - 1);
            const auto number = take_number(interpreter_, key);
            value = interpreter_.index(value, key.empty() && number >= 0
                                                  ? Item{number}
                                                  : interpreter_.string(std::string{name.substr(1, stop - 1)}));
            name.remove_prefix(stop + 1);
        }
        return value;
    }

    Item base(std::string_view name)
    {
        auto rest = name;
        const auto number = name.empty() ? static_cast<std::int64_t>(automatic_++) : take_number(interpreter_, rest);
        if (number >= 0 && (name.empty() || rest.empty())) {
            if (static_cast<std::size_t>(number) >= arguments_.positional.size()) {
                interpreter_.fail("the format asks for value {}, and {} are given", number,
                                  arguments_.positional.size());
            }
            return arguments_.positional[static_cast<std::size_t>(number)];
        }
        const auto found =
            std::ranges::find_if(arguments_.keywords, [&](const auto& entry) { return entry.first == name; });
        if (found == arguments_.keywords.end()) {
            interpreter_.fail("the format asks for '{}', which is not given", name.substr(0, 40));
        }
        return found->second;
    }

    Interpreter& interpreter_;
    const Arguments& arguments_;
    std::size_t automatic_ = 0;
};

} // namespace

std::string Interpreter::format_method(const std::string& format, const Arguments& arguments)
{
    return FormatMethod{*this, arguments}.run(format, 0);
}

} // namespace windsor::python
