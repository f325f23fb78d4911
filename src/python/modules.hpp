// SPDX-License-Identifier: GPL-2.0-or-later
// The modules that a text may import. Each is made on its first import.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "python/methods.hpp"

namespace windsor::python {

ModuleObject* module_of(Interpreter& interpreter, std::string_view name, std::span<const Method> members);

ModuleObject* make_os(Interpreter& interpreter);
ModuleObject* make_os_path(Interpreter& interpreter);
ModuleObject* make_re(Interpreter& interpreter);
ModuleObject* make_socket(Interpreter& interpreter);
ModuleObject* make_string(Interpreter& interpreter);
ModuleObject* make_sys(Interpreter& interpreter);
ModuleObject* make_time(Interpreter& interpreter);

// A tuple whose elements have names, too. The names must outlive the interpreter.
Item named_tuple(Interpreter& interpreter, Items items, std::span<const std::string_view> names);

} // namespace windsor::python
