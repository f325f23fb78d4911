// SPDX-License-Identifier: GPL-2.0-or-later
// os, with what tells of the host's name and of environment variables, and os.path, with what tells of paths.
#include <algorithm>
#include <array>
#include <cctype>

#include "python/modules.hpp"

namespace windsor::python {
namespace {

constexpr std::array<std::string_view, 5> kUnameFields{"sysname", "nodename", "release", "version", "machine"};

Item os_uname(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    Items items;
    for (const auto& name : interpreter.environment().host_names) {
        items.push_back(interpreter.string(name));
    }
    return named_tuple(interpreter, std::move(items), kUnameFields);
}

// os.getenv() and os.environ.get().
Item os_getenv(Interpreter& interpreter, Arguments& arguments)
{
    const auto otherwise = arguments.optional(1, "default");
    arguments.expect(1, 2);
    const auto value = environment_variable(interpreter, arguments.string(0));
    return value ? interpreter.string(*value) : otherwise.value_or(Item{});
}

Item environ_has_key(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return environment_variable(interpreter, arguments.string(0)).has_value();
}

Item path_join(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 100);
    std::string path;
    for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
        const auto& part = arguments.string(i);
        if (part.starts_with('/') || i == 0) {
            path = part;
        } else {
            path += path.empty() || path.ends_with('/') ? part : "/" + part;
        }
        if (path.size() > interpreter.environment().limits.text) {
            interpreter.fail("a string grows longer than {} bytes", interpreter.environment().limits.text);
        }
    }
    return interpreter.string(std::move(path));
}

Item path_basename(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    return interpreter.string(path.substr(path.rfind('/') + 1));
}

std::string directory_of(const std::string& path)
{
    auto head = path.substr(0, path.rfind('/') + 1);
    const auto end = head.find_last_not_of('/');
    return end == std::string::npos ? head : head.substr(0, end + 1);
}

Item path_dirname(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.string(directory_of(arguments.string(0)));
}

Item path_split(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    return interpreter.tuple(
        {interpreter.string(directory_of(path)), interpreter.string(path.substr(path.rfind('/') + 1))});
}

Item path_splitext(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    const auto name = path.rfind('/') + 1;
    const auto first = std::min(path.find_first_not_of('.', name), path.size());
    const auto dot = path.rfind('.');
    const auto end = dot == std::string::npos || dot < first ? path.size() : dot;
    return interpreter.tuple({interpreter.string(path.substr(0, end)), interpreter.string(path.substr(end))});
}

Item path_isabs(Interpreter&, Arguments& arguments)
{
    arguments.expect(1, 1);
    return arguments.string(0).starts_with('/');
}

Item path_normpath(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    const bool absolute = path.starts_with('/');
    std::vector<std::string_view> parts;
    std::string_view rest = path;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (part == ".." && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
        } else if (!part.empty() && part != "." && !(part == ".." && absolute)) {
            parts.push_back(part);
        }
    }
    // POSIX leaves it open what exactly two slashes at the start mean, so they stay.
    const bool two_slashes = path.starts_with("//") && !path.starts_with("///");
    std::string result = two_slashes ? "//" : absolute ? "/" : "";
    for (std::size_t i = 0; i < parts.size(); ++i) {
        result += i == 0 ? "" : "/";
        result += parts[i];
    }
    return interpreter.string(result.empty() ? "." : std::move(result));
}

bool probe(Interpreter& interpreter, Arguments& arguments, PathQuestion question)
{
    arguments.expect(1, 1);
    interpreter.step(100);
    const auto& path = arguments.string(0);
    const auto& answer = interpreter.environment().path_probe;
    return path.find('\0') == std::string::npos && answer && answer(path, question);
}

Item path_exists(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::Exists);
}
Item path_isfile(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::IsFile);
}
Item path_isdir(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::IsDirectory);
}

// Only what the variable HOME tells: of other users' homes the path stays as it is.
Item path_expanduser(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    const bool own = path == "~" || path.starts_with("~/");
    const auto home = own ? environment_variable(interpreter, "HOME") : std::nullopt;
    return interpreter.string(home ? *home + path.substr(1) : path);
}

Item path_commonprefix(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto paths = interpreter.iterate(arguments.positional[0]);
    std::string common = paths.empty() ? std::string{} : interpreter.text(paths[0], "a path");
    for (const auto& item : paths) {
        const auto& path = interpreter.text(item, "a path");
        interpreter.step(std::min(path.size(), common.size()) / 256);
        const auto end = std::ranges::mismatch(common, path).in1;
        common.erase(end, common.end());
    }
    return interpreter.string(std::move(common));
}

constexpr std::array kOsMembers{Method{"getenv", os_getenv}, Method{"uname", os_uname}};
constexpr std::array kEnvironMethods{Method{"get", os_getenv}, Method{"has_key", environ_has_key}};
constexpr std::array kPathMembers{Method{"basename", path_basename},
                                  Method{"commonprefix", path_commonprefix},
                                  Method{"dirname", path_dirname},
                                  Method{"exists", path_exists},
                                  Method{"expanduser", path_expanduser},
                                  Method{"isabs", path_isabs},
                                  Method{"isdir", path_isdir},
                                  Method{"isfile", path_isfile},
                                  Method{"join", path_join},
                                  Method{"normpath", path_normpath},
                                  Method{"split", path_split},
                                  Method{"splitext", path_splitext}};

// Words in the name of a variable by which people keep secrets there.
constexpr std::array<std::string_view, 8> kSecretWords{"PASS", "SECRET", "TOKEN",  "KEY",
                                                       "CRED", "AUTH",   "COOKIE", "PRIVATE"};

} // namespace

std::optional<std::string> environment_variable(Interpreter& interpreter, const std::string& name)
{
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (std::ranges::any_of(kSecretWords, [&](auto word) { return upper.find(word) != std::string::npos; })) {
        interpreter.fail("the environment variable '{}' may hold a secret and is not read in the xm language",
                         name.substr(0, 60));
    }
    interpreter.step(100);
    const auto& answer = interpreter.environment().variable;
    const bool sensible = !name.empty() && name.find('\0') == std::string::npos && name.find('=') == std::string::npos;
    return sensible && answer ? answer(name) : std::nullopt;
}

BuiltinCall find_environ_method(std::string_view name)
{
    return look_up(kEnvironMethods, name);
}

ModuleObject* make_os(Interpreter& interpreter)
{
    auto* os = module_of(interpreter, "os", kOsMembers);
    os->members.emplace("path", make_module(interpreter, "os.path"));
    os->members.emplace("environ", Item{static_cast<const EnvironObject*>(interpreter.make<EnvironObject>())});
    os->members.emplace("name", interpreter.string("posix"));
    os->members.emplace("sep", interpreter.string("/"));
    os->members.emplace("linesep", interpreter.string("\n"));
    return os;
}

ModuleObject* make_os_path(Interpreter& interpreter)
{
    auto* path = module_of(interpreter, "os.path", kPathMembers);
    path->members.emplace("sep", interpreter.string("/"));
    return path;
}

} // namespace windsor::python
