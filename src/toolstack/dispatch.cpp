// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/diagnostic.hpp"
#include "toolstack/command.hpp"
#include "toolstack/help.hpp"

#include <algorithm>
#include <exception>
#include <vector>

namespace windsor::toolstack {

namespace {

constexpr int kFailure = 1;

Option::For options_of(Dialect dialect)
{
    switch (dialect) {
    case Dialect::Xm: return Option::For::Xm;
    case Dialect::Xl: return Option::For::Xl;
    case Dialect::Windsor: break;
    }
    return Option::For::All;
}

std::string names(const std::vector<const Command*>& commands)
{
    std::string text;
    for (const Command* command : commands) {
        text += (text.empty() ? "" : ", ") + std::string{command->name};
    }
    return text;
}

base::Error unknown(std::string_view name, std::string_view program)
{
    std::vector<std::string_view> known;
    for (const Command& command : all_commands()) {
        known.push_back(command.name);
    }
    const std::string_view nearest = config::nearest_name(name, known);
    return base::Error{nearest.empty() ? fmt::format("'{}' is no command; '{} help' lists them", name, program)
                                       : fmt::format("'{}' is no command, the nearest is '{}'; '{} help' lists them",
                                                     name, nearest, program)};
}

// A diagnostic with a place in a file speaks for itself; anything else is led by the program's name.
void print_error(const Context& context, const base::Error& error)
{
    const bool placed = error.message().find('\n') != std::string::npos;
    context.err << (placed ? "" : context.program + ": ") << error.message();
    if (!error.message().ends_with('\n')) {
        context.err << '\n';
    }
}

base::Status check_operands(const Command& command, const Arguments& arguments, const Context& context)
{
    const std::size_t given = arguments.operands().size();
    if (given < command.least) {
        return base::fail("'{}' wants more words: {} {} {}", command.name, context.program, command.name,
                          command.synopsis);
    }
    if (given > command.most) {
        return base::fail("'{}' does not know what to do with '{}': {} {} {}", command.name,
                          arguments.operand(command.most), context.program, command.name, command.synopsis);
    }
    return {};
}

base::Result<int> run_command(Context& context, const Command& command, std::span<const std::string> words)
{
    const auto before_end = words.subspan(0, static_cast<std::size_t>(std::ranges::find(words, "--") - words.begin()));
    if (std::ranges::find(before_end, "--help") != before_end.end() ||
        std::ranges::find(before_end, "-h") != before_end.end()) {
        context.out << help_for(command, context);
        return 0;
    }
    if (command.handler == nullptr) {
        return base::fail("'{}' is not in this version of Windsor: {}", command.name, command.details);
    }
    const auto arguments = Arguments::parse(words, command.options, options_of(context.dialect));
    if (!arguments) {
        return base::fail("{}; see '{} {} --help'", arguments.error().message(), context.program, command.name);
    }
    WINDSOR_TRY(check_operands(command, *arguments, context));
    return command.handler(context, *arguments);
}

} // namespace

bool native(const Command& command, Dialect dialect)
{
    switch (dialect) {
    case Dialect::Xm: return command.origin == Command::Origin::Both || command.origin == Command::Origin::Xm;
    case Dialect::Xl: return command.origin == Command::Origin::Both || command.origin == Command::Origin::Xl;
    case Dialect::Windsor: break;
    }
    return command.handler != nullptr;
}

base::Result<const Command*> find_command(std::string_view name, Dialect dialect, std::string_view program)
{
    std::vector<const Command*> own;
    std::vector<const Command*> others;
    for (const Command& command : all_commands()) {
        if (command.name == name) {
            return &command;
        }
        if (!name.empty() && command.name.starts_with(name)) {
            (native(command, dialect) ? own : others).push_back(&command);
        }
    }
    const std::vector<const Command*>& candidates = own.empty() ? others : own;
    if (candidates.empty()) {
        return std::unexpected{unknown(name, program)};
    }
    if (candidates.size() > 1) {
        return base::fail("'{}' is ambiguous: it may be {}", name, names(candidates));
    }
    return candidates.front();
}

int run(Context& context, std::span<const std::string> words)
{
    // xl's own options before the command change nothing here.
    while (!words.empty() && (words[0] == "-v" || words[0] == "-f" || words[0] == "-t") &&
           context.dialect != Dialect::Xm) {
        words = words.subspan(1);
    }
    if (words.empty()) {
        context.err << help_overview(context);
        return kFailure;
    }
    if (words[0] == "--help" || words[0] == "-h") {
        context.out << help_overview(context);
        return 0;
    }
    if (words[0] == "--version" || words[0] == "-V") {
        context.out << "Windsor " << WINDSOR_VERSION << '\n';
        return 0;
    }
    try {
        const auto command = find_command(words[0], context.dialect, context.program);
        const auto status =
            command ? run_command(context, **command, words.subspan(1)) : std::unexpected{command.error()};
        context.out << std::flush;
        if (status) {
            return *status;
        }
        print_error(context, status.error());
    } catch (const std::exception& error) {
        print_error(context, base::Error{fmt::format("cannot go on: {}", error.what())});
    }
    return kFailure;
}

} // namespace windsor::toolstack
