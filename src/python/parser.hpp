// SPDX-License-Identifier: GPL-2.0-or-later
// From text to syntax tree. Both functions throw Refusal, which never leaves this folder.
#pragma once

#include <string_view>

#include "python/ast.hpp"

namespace windsor::python {

// Parses a whole text.
Tree parse_file(std::string_view text);

// Parses one expression into an existing tree; `start` is where the text begins.
const Expr* parse_expression(Tree& tree, std::string_view text, Position start = {1, 1});

} // namespace windsor::python
