// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/modules.hpp"

#include <array>

namespace windsor::python {
namespace {

struct Maker {
    std::string_view name;
    ModuleObject* (*make)(Interpreter&);
};

constexpr std::array kModules{Maker{"os", make_os},         Maker{"os.path", make_os_path}, Maker{"re", make_re},
                              Maker{"socket", make_socket}, Maker{"string", make_string},   Maker{"sys", make_sys},
                              Maker{"time", make_time}};

} // namespace

ModuleObject* module_of(Interpreter& interpreter, std::string_view name, std::span<const Method> members)
{
    auto* module = interpreter.make<ModuleObject>();
    module->name = name;
    for (const auto& member : members) {
        module->members.emplace(member.name, interpreter.bound(Item{}, member.name, member.call));
    }
    return module;
}

Item named_tuple(Interpreter& interpreter, Items items, std::span<const std::string_view> names)
{
    interpreter.charge_items(items.size());
    auto* tuple = interpreter.make<TupleObject>();
    tuple->items = std::move(items);
    tuple->names = names;
    return tuple;
}

const ModuleObject* make_module(Interpreter& interpreter, std::string_view name)
{
    const auto found = std::ranges::find_if(kModules, [&](const Maker& entry) { return entry.name == name; });
    return found == kModules.end() ? nullptr : found->make(interpreter);
}

std::string module_names()
{
    std::string names;
    for (const auto& entry : kModules) {
        names += entry.name == kModules.front().name ? "" : entry.name == kModules.back().name ? " and " : ", ";
        names += entry.name;
    }
    return names;
}

} // namespace windsor::python
