// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of builtin functions and types, and what they share.
#pragma once

#include <span>
#include <string_view>

#include "python/interpreter.hpp"

namespace windsor::python {

// A type is a function that makes a value of it and that isinstance() takes.
enum class Role { Function, Type };

struct Builtin {
    std::string_view name;
    BuiltinCall call;
    Role role = Role::Function;
};

std::span<const Builtin> number_builtins();   // builtins_number.cpp
std::span<const Builtin> sequence_builtins(); // builtins_sequence.cpp

} // namespace windsor::python
