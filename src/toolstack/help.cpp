// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/help.hpp"

#include "config/keys.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/rpc_help.hpp"

#include <algorithm>
#include <optional>

namespace windsor::toolstack {

namespace {

constexpr std::size_t kNameColumn = 21;   // where the help begins behind a command's name
constexpr std::size_t kOptionColumn = 33; // and behind an option
constexpr std::size_t kFewestColumns = 40;

// Each line for itself.
std::string wrapped_lines(std::string_view text, std::size_t columns)
{
    std::string result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        result += wrapped(text.substr(0, end), columns) + '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

bool offered(const Option& option, Dialect dialect)
{
    return option.dialect == Option::For::All || dialect == Dialect::Windsor ||
           (option.dialect == Option::For::Xm) == (dialect == Dialect::Xm);
}

// "-f FILE, --defconfig=FILE"
std::string option_form(const Option& option)
{
    std::string text;
    if (option.letter != '\0') {
        text = fmt::format("-{}{}{}", option.letter, option.value.empty() ? "" : " ", option.value);
    }
    if (!option.name.empty()) {
        text += fmt::format("{}--{}{}{}", text.empty() ? "" : ", ", option.name, option.value.empty() ? "" : "=",
                            option.value);
    }
    return text;
}

void add_group(std::string& text, std::string_view heading, const Context& context, bool windsor)
{
    text += fmt::format("\n{}\n\n", heading);
    for (const Command& command : all_commands()) {
        const bool own = command.origin == Command::Origin::Windsor;
        const bool shown =
            own == windsor && (own || context.dialect == Dialect::Windsor || native(command, context.dialect));
        if (command.handler != nullptr && shown) {
            text += wrapped(fmt::format(" {:<20}{}", command.name, command.help), context.columns, kNameColumn) + '\n';
        }
    }
}

std::optional<std::string> man_page(const std::string& name)
{
    return name == "windsor"       ? std::optional{man_page_windsor()}
           : name == "xm"          ? std::optional{man_page_xm()}
           : name == "windsor.cfg" ? std::optional{config::man_page_cfg()}
                                   : std::nullopt;
}

} // namespace

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent)
{
    const std::size_t width = std::max(columns, kFewestColumns);
    // What stands before the indented part, a name and blanks, is no text to be broken.
    std::size_t at = std::min(indent, text.size());
    if (at > 0 && text[at - 1] != ' ') {
        at = std::min(text.find(' ', at), text.size());
    }
    std::string result{text.substr(0, at)};
    std::size_t used = at;
    for (text.remove_prefix(at); !text.empty();) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const std::size_t gap = result.empty() || result.back() == ' ' ? 0 : 1;
        if (used > indent && used + gap + word.size() > width) {
            result.erase(result.find_last_not_of(' ') + 1);
            result += '\n' + std::string(indent, ' ');
            used = indent;
        } else {
            result.append(gap, ' ');
            used += gap;
        }
        result += word;
        used += word.size();
    }
    return result;
}

std::string help_overview(const Context& context)
{
    std::string text = fmt::format("Usage: {} <subcommand> [args]\n\nRun unmodified PC operating systems as domains.\n",
                                   context.program);
    add_group(text, fmt::format("{} subcommands:", context.program), context, false);
    add_group(text, "Windsor's own, under any name:", context, true);
    text +=
        "\n<Domain> can be either a domain's name or its id.\n"
        "A subcommand may be abbreviated as long as that is unambiguous.\n" +
        wrapped_lines(fmt::format("'{0} help SUBCOMMAND' explains one, '{0} help KEY' a key of the configuration file, "
                                  "'{0} help rpc' the methods of the control socket.",
                                  context.program),
                      context.columns);
    return text;
}

std::string help_for(const Command& command, const Context& context)
{
    std::string text =
        fmt::format("Usage: {} {}{}{}{}\n\n", context.program, command.name,
                    command.options.empty() ? "" : " [options]", command.synopsis.empty() ? "" : " ", command.synopsis);
    if (command.handler == nullptr) {
        return wrapped_lines(fmt::format("'{}' is not in this version of Windsor: {}.", command.name, command.details),
                             context.columns);
    }
    text += wrapped_lines(command.help, context.columns);
    text += wrapped_lines(command.details, context.columns);
    bool first = true;
    for (const Option& option : command.options) {
        if (offered(option, context.dialect)) {
            text += first ? "\nOptions:\n\n" : "";
            text +=
                wrapped(fmt::format("  {:<30} {}", option_form(option), option.help), context.columns, kOptionColumn) +
                '\n';
            first = false;
        }
    }
    return text;
}

base::Result<int> help(Context& context, const Arguments& arguments)
{
    if (arguments.has("man")) {
        const auto page = man_page(arguments.value("man"));
        if (!page) {
            return base::fail("'{}' is no manual page; windsor, xm and windsor.cfg are", arguments.value("man"));
        }
        context.out << *page;
        return 0;
    }
    if (arguments.operands().empty()) {
        context.out << help_overview(context);
        return 0;
    }
    if (arguments.operand(0) == "rpc") {
        return help_rpc(context, arguments);
    }
    if (arguments.operands().size() > 1 || arguments.has("json") || arguments.has("markdown")) {
        return base::fail("only 'help rpc' takes more: the name of a method, --json or --markdown; leave that out");
    }
    // A whole command, a whole key, then the beginning of a command.
    const std::string& name = arguments.operand(0);
    const auto command = find_command(name, context.dialect, context.program);
    const bool exact = command && (*command)->name == name;
    if (!exact && config::find_key(name) != nullptr) {
        context.out << wrapped_lines(config::help_for_key(name), context.columns);
        return 0;
    }
    if (command) {
        context.out << help_for(**command, context);
        return 0;
    }
    if (const auto nearest = config::nearest_key(name); !nearest.empty()) {
        return base::fail("'{}' is neither a command nor a key of the configuration file; the nearest key is '{}'",
                          name, nearest);
    }
    return base::fail("'{}' is neither a command nor a key of the configuration file; '{} help' lists the commands, "
                      "windsor.cfg(5) the keys",
                      name, context.program);
}

} // namespace windsor::toolstack
