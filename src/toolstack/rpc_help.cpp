// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/rpc_help.hpp"

#include "toolstack/help.hpp"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

namespace windsor::toolstack {

using domain::Field;
using domain::Method;
using domain::Parameter;
using domain::Permission;

namespace {

constexpr std::size_t kNameColumn = 21;  // where the help begins behind a method's name
constexpr std::size_t kValueColumn = 23; // and behind a parameter's or a field's
constexpr std::size_t kPageColumns = 120;

// Empty if it can be called in all.
std::string phases_of(const Method& method)
{
    std::vector<std::string_view> names;
    for (const domain::Phase phase : domain::all_phases()) {
        if (method.phases.has(phase)) {
            names.push_back(name_of(phase));
        }
    }
    return names.size() == domain::all_phases().size()
               ? std::string{}
               : fmt::format("It can be called while the domain is {}.", fmt::join(names, ", "));
}

// Each sentence with a blank before it.
std::string conditions_of(const Method& method)
{
    std::string text;
    for (const std::string& sentence :
         {std::string{method.permission == Permission::Look ? "Connections that may only look can call it, too." : ""},
          phases_of(method),
          method.descriptor.empty()
              ? ""
              : fmt::format("A descriptor has to come with the request: {}.", method.descriptor)}) {
        text += sentence.empty() ? "" : " " + sentence;
    }
    return text;
}

std::string default_of(const Parameter& parameter)
{
    if (const auto* const truth = std::get_if<bool>(&parameter.otherwise)) {
        return *truth ? "true" : "false";
    }
    if (const auto* const integer = std::get_if<std::int64_t>(&parameter.otherwise)) {
        return std::to_string(*integer);
    }
    const auto* const text = std::get_if<std::string_view>(&parameter.otherwise);
    return text != nullptr ? fmt::format("\"{}\"", *text) : "";
}

std::string values_of(const Parameter& parameter)
{
    std::string text = parameter.words.empty() ? std::string{words_for(parameter.kind)}
                                               : fmt::format("{}", fmt::join(parameter.words, " or "));
    if (parameter.kind == domain::ValueKind::Integer) {
        text += fmt::format(" from {} to {}", parameter.least, parameter.most);
    }
    return text + (parameter.required() ? ", required" : fmt::format(", {} if left out", default_of(parameter)));
}

std::string values_of(const Field& field)
{
    const bool sometimes = field.presence == domain::Presence::Sometimes;
    return std::string{words_for(field.kind)} + (sometimes ? ", not always there" : "");
}

std::string name_of_field(const Field& field)
{
    return field.name == domain::kAnyName ? "(each counter)" : std::string{field.name};
}

void add_group(std::string& text, std::string_view heading, const Context& context, Permission permission)
{
    text += fmt::format("\n{}\n\n", heading);
    for (const Method& method : domain::all_methods()) {
        if (method.permission == permission) {
            text += wrapped(fmt::format(" {:<20}{}", method.name, method.help), context.columns, kNameColumn) + '\n';
        }
    }
}

void add_fields(std::string& text, const std::vector<Field>& fields, const Context& context, const std::string& before)
{
    for (const Field& field : fields) {
        const std::string name = before + name_of_field(field);
        text += wrapped(fmt::format("  {:<20} {} ({})", name, field.help, values_of(field)), context.columns,
                        kValueColumn) +
                '\n';
        add_fields(text, field.fields, context, name + '.');
    }
}

void add_rows(std::string& page, const std::vector<Field>& fields, const std::string& before)
{
    for (const Field& field : fields) {
        const std::string name = before + name_of_field(field);
        page += fmt::format("| gives {} | {} | {} |\n", name, values_of(field), field.help);
        add_rows(page, field.fields, name + '.');
    }
}

std::string section_of(const Method& method)
{
    std::string text = fmt::format("\n## {}\n\n", method.name);
    text += wrapped(std::string{method.help} + conditions_of(method), kPageColumns) + '\n';
    if (method.parameters.empty() && method.answer.fields.empty() && method.answer.kind == domain::ValueKind::Object) {
        return text;
    }
    text += "\n| what | value | meaning |\n|---|---|---|\n";
    for (const Parameter& parameter : method.parameters) {
        text += fmt::format("| takes {} | {} | {} |\n", parameter.name, values_of(parameter), parameter.help);
    }
    if (method.answer.kind != domain::ValueKind::Object) {
        text += fmt::format("| gives | {} | the answer |\n", words_for(method.answer.kind));
    }
    add_rows(text, method.answer.fields, "");
    return text;
}

constexpr std::string_view kPage = R"(# The control socket

Every domain listens on a Unix socket, `control` in its folder of the run-time directory, for its user alone: it speaks
JSON-RPC 2.0, one message a line, with parameters by name. An open file goes with a request as SCM_RIGHTS. This page is
printed by `windsor help rpc --markdown`, from the same table by which requests are checked; `windsor help rpc --json`
and the method rpc.discover give the table as an OpenRPC document, from which a program can make forms and checks.

    {"jsonrpc": "2.0", "id": 1, "method": "rename", "params": {"name": "hal"}}

An error has a code of JSON-RPC and a sentence: -32700, no JSON, or nested too deep; -32600, no request, or a name that
comes twice in one object; -32601, no such method; -32602, a parameter that is missing, unknown, or not what the table
says; -32000, understood and refused: by the phase in which the domain is (docs/ARCHITECTURE.md), by what the connection
may do, or by the domain. A connection may do all until it calls look_only: who passes a connection on to something
that shall show a domain and not change it, such as a page in a browser, calls that first.
)";

} // namespace

std::string rpc_overview(const Context& context)
{
    std::string text = wrapped(fmt::format("Every domain listens on a Unix socket, {}/domains/ID/control, and speaks "
                                           "JSON-RPC 2.0, one message a line, with parameters by name.",
                                           context.paths.runtime.string()),
                               context.columns) +
                       '\n';
    add_group(text, "Methods that look:", context, Permission::Look);
    add_group(text, "Methods that change the domain:", context, Permission::Control);
    return text + '\n' +
           wrapped(fmt::format("'{0} help rpc METHOD' explains one; '{0} help rpc --json' describes all of them for "
                               "programs.",
                               context.program),
                   context.columns) +
           '\n';
}

std::string rpc_help_for(const Method& method, const Context& context)
{
    std::string text = fmt::format("Method: {}\n\n", method.name);
    text += wrapped(std::string{method.help} + conditions_of(method), context.columns) + '\n';
    if (!method.parameters.empty()) {
        text += "\nParameters:\n\n";
    }
    for (const Parameter& parameter : method.parameters) {
        text += wrapped(fmt::format("  {:<20} {} ({})", parameter.name, parameter.help, values_of(parameter)),
                        context.columns, kValueColumn) +
                '\n';
    }
    if (method.answer.kind != domain::ValueKind::Object || !method.answer.fields.empty()) {
        text += fmt::format("\nThe answer is {}:\n\n", words_for(method.answer.kind));
    }
    add_fields(text, method.answer.fields, context, "");
    return text;
}

std::string rpc_page()
{
    std::string page{kPage};
    for (const Method& method : domain::all_methods()) {
        page += section_of(method);
    }
    return page;
}

base::Result<int> help_rpc(Context& context, const Arguments& arguments)
{
    if (arguments.has("json")) {
        context.out << domain::describe_methods().dump(2) << '\n';
        return 0;
    }
    if (arguments.has("markdown")) {
        context.out << rpc_page();
        return 0;
    }
    if (arguments.operands().size() < 2) {
        context.out << rpc_overview(context);
        return 0;
    }
    const Method* const method = domain::find_method(arguments.operand(1));
    if (method == nullptr) {
        return base::fail("'{}' is no method of the control socket; '{} help rpc' lists them", arguments.operand(1),
                          context.program);
    }
    context.out << rpc_help_for(*method, context);
    return 0;
}

} // namespace windsor::toolstack
