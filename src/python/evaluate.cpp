// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/evaluate.hpp"

#include "python/interpreter.hpp"
#include "python/parser.hpp"

namespace windsor::python {
namespace {

void predefine(Interpreter& interpreter, const Environment& environment)
{
    for (const auto& [name, value] : environment.predefined) {
        interpreter.define(name, interpreter.from_value(value));
    }
}

} // namespace

std::expected<Outcome, Refusal> evaluate(std::string_view text, const Environment& environment)
{
    try {
        auto tree = parse_file(text);
        Interpreter interpreter{environment, tree};
        predefine(interpreter, environment);
        interpreter.run();
        Outcome outcome;
        outcome.bindings = interpreter.bindings();
        outcome.printed = interpreter.take_printed();
        outcome.names_read = std::move(tree.names_read);
        outcome.notes = std::move(tree.notes);
        return outcome;
    } catch (Refusal& refusal) {
        return std::unexpected{std::move(refusal)};
    }
}

std::expected<Value, Refusal> evaluate_expression(std::string_view text, const Environment& environment)
{
    try {
        Tree tree;
        const auto* expr = parse_expression(tree, text);
        Interpreter interpreter{environment, tree};
        predefine(interpreter, environment);
        const auto item = interpreter.eval(*expr);
        if (!Interpreter::is_plain(item)) {
            throw Refusal{expr->at,
                          fmt::format("a value of type '{}' is no plain value", Interpreter::type_name(item))};
        }
        return interpreter.to_value(item);
    } catch (Refusal& refusal) {
        return std::unexpected{std::move(refusal)};
    }
}

} // namespace windsor::python
