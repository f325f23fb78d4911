// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/diagnostic.hpp"
#include "toolstack/command.hpp"
#include "toolstack/help.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <vector>

namespace windsor::toolstack {

namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2; // of xl, for words that a command does not take

// What stands before the command's name. Only the dry run changes anything here: there is nothing to force, and what
// xl logs with time stamps or in more words is no output of Windsor's.
struct GlobalFlags {
    bool dry_run{false};
};

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

bool asks_for_help(std::span<const std::string> words)
{
    const auto before_end = words.subspan(0, static_cast<std::size_t>(std::ranges::find(words, "--") - words.begin()));
    return std::ranges::any_of(before_end, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

base::Result<Arguments> parse(const Context& context, const Command& command, std::span<const std::string> words)
{
    auto arguments = Arguments::parse(words, command.options, options_of(context.dialect));
    if (!arguments) {
        return base::fail("{}; see '{} {} --help'", arguments.error().message(), context.program, command.name);
    }
    WINDSOR_TRY(check_operands(command, *arguments, context));
    return arguments;
}

// Never runs in earnest what is asked to be tried only.
base::Status make_dry(Arguments& arguments, const Command& command)
{
    if (std::ranges::find(command.options, "dryrun", &Option::name) == command.options.end()) {
        return base::fail("'{}' cannot be tried without being done; leave -N out", command.name);
    }
    arguments.set("dryrun");
    return {};
}

base::Result<int> run_command(Context& context, const Command& command, std::span<const std::string> words,
                              GlobalFlags flags)
{
    if (asks_for_help(words)) {
        context.out << help_for(command, context);
        return 0;
    }
    if (command.handler == nullptr) {
        return base::fail("'{}' is not in this version of Windsor: {}", command.name, command.details);
    }
    auto arguments = parse(context, command, words);
    if (!arguments) {
        print_error(context, arguments.error());
        return context.dialect == Dialect::Xl ? kUsage : kFailure;
    }
    if (flags.dry_run) {
        WINDSOR_TRY(make_dry(*arguments, command));
    }
    return command.handler(context, *arguments);
}

// xl's own options, in clusters as -vvv or -tT.
base::Result<GlobalFlags> take_global_flags(const Context& context, std::span<const std::string>& words)
{
    constexpr std::string_view kLetters = "vftTN";
    GlobalFlags flags;
    for (; context.dialect != Dialect::Xm && !words.empty() && words[0].size() > 1 && words[0][0] == '-' &&
           kLetters.find(words[0][1]) != std::string_view::npos;
         words = words.subspan(1)) {
        for (const char letter : std::string_view{words[0]}.substr(1)) {
            if (kLetters.find(letter) == std::string_view::npos) {
                return base::fail("there is no option -{} before a subcommand; -v, -f, -t, -T and -N are", letter);
            }
            flags.dry_run = flags.dry_run || letter == 'N';
        }
    }
    return flags;
}

// Whoever redirects the output to a full disk must not take it for whole.
base::Result<int> flushed(const Context& context, base::Result<int> status)
{
    errno = 0;
    context.out.flush();
    if (status && !context.out) {
        return base::fail("the output cannot be written{}",
                          errno != 0 ? fmt::format(": {}", base::errno_text(errno)) : std::string{});
    }
    return status;
}

base::Result<int> run_words(Context& context, std::span<const std::string> words)
{
    const GlobalFlags flags = WINDSOR_TRY(take_global_flags(context, words));
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
    const Command* const command = WINDSOR_TRY(find_command(words[0], context.dialect, context.program));
    return run_command(context, *command, words.subspan(1), flags);
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
    try {
        const auto status = flushed(context, run_words(context, words));
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
