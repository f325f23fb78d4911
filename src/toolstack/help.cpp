// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/help.hpp"

#include "config/keys.hpp"
#include "toolstack/commands.hpp"

#include <optional>

namespace windsor::toolstack {

namespace {

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
            text += fmt::format(" {:<20}{}\n", command.name, command.help);
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

std::string help_overview(const Context& context)
{
    std::string text = fmt::format("Usage: {} <subcommand> [args]\n\nRun unmodified PC operating systems as domains.\n",
                                   context.program);
    add_group(text, fmt::format("{} subcommands:", context.program), context, false);
    add_group(text, "Windsor's own, under any name:", context, true);
    text += "\n<Domain> can be either a domain's name or its id.\n"
            "A subcommand may be abbreviated as long as that is unambiguous.\n" +
            fmt::format("'{0} help SUBCOMMAND' explains one, '{0} help KEY' a key of the configuration file.\n",
                        context.program);
    return text;
}

std::string help_for(const Command& command, const Context& context)
{
    std::string text =
        fmt::format("Usage: {} {}{}{}{}\n\n", context.program, command.name,
                    command.options.empty() ? "" : " [options]", command.synopsis.empty() ? "" : " ", command.synopsis);
    if (command.handler == nullptr) {
        return fmt::format("'{}' is not in this version of Windsor: {}.\n", command.name, command.details);
    }
    text += fmt::format("{}\n", command.help);
    if (!command.details.empty()) {
        text += fmt::format("{}\n", command.details);
    }
    bool first = true;
    for (const Option& option : command.options) {
        if (offered(option, context.dialect)) {
            text += fmt::format("{}  {:<30} {}\n", first ? "\nOptions:\n\n" : "", option_form(option), option.help);
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
    // A whole command, a whole key, then the beginning of a command.
    const std::string& name = arguments.operand(0);
    const auto command = find_command(name, context.dialect, context.program);
    const bool exact = command && (*command)->name == name;
    if (!exact && config::find_key(name) != nullptr) {
        context.out << config::help_for_key(name);
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
