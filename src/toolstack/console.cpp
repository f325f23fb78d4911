// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/console.hpp"

#include "base/printable.hpp"
#include "serial/end.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/numbers.hpp"
#include "toolstack/terminal.hpp"

#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace windsor::toolstack {

using domain::Json;

namespace {

std::string key_name(char key)
{
    constexpr char kFirstPrinted = ' ';
    return key >= 0 && key < kFirstPrinted ? fmt::format("Ctrl-{}", static_cast<char>(key + '@')) : std::string{key};
}

} // namespace

// As it was noted before the guest ran: whoever has taken the domain over since might name any file.
base::Result<int> open_console(Context& context, const std::string& domain, char escape_key,
                               std::optional<std::size_t> port)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    const domain::Entry entry = WINDSOR_TRY(registry.find(domain));
    std::error_code error;
    const std::filesystem::path line =
        std::filesystem::read_symlink(port ? entry.serial_link(*port) : entry.console_link(), error);
    if (error && port) {
        return base::fail(
            "domain '{}' has no terminal at COM{}; 'list -l {}' says what its serial ports are connected to", domain,
            *port + 1, domain);
    }
    if (error) {
        return base::fail(
            "domain '{}' has no serial console; set serial='pty' in its configuration, or use 'vncviewer'", domain);
    }
    context.out << std::flush;
    if (::isatty(STDIN_FILENO) == 1) {
        context.err << "The serial console of '" << entry.name << "'; " << key_name(escape_key) << " leaves it.\n"
                    << std::flush;
    }
    const ConsoleEnd end = WINDSOR_TRY(join_console(line.string(), STDIN_FILENO, STDOUT_FILENO, escape_key));
    if (end == ConsoleEnd::Left && ::isatty(STDOUT_FILENO) == 1) {
        context.out << '\n';
    }
    return end == ConsoleEnd::Signal ? 1 : 0;
}

base::Result<ViewerCommand> viewer_for(const Context& context, const std::string& domain, Password password)
{
    Connection connection = WINDSOR_TRY(connect(context, domain));
    const domain::DomainStatus status = WINDSOR_TRY(ask_for_status(connection));
    const std::string address = WINDSOR_TRY(viewer_address(status));
    const char* path = std::getenv("PATH");
    ViewerCommand viewer{.program = WINDSOR_TRY(find_viewer(path != nullptr ? path : "/usr/bin:/bin")),
                         .arguments = {address},
                         .password = std::nullopt};
    if (password == Password::HandOver && status.vnc->password) {
        const Json answer = WINDSOR_TRY(connection.client.call("vnc_password"));
        viewer.password = answer.value("password", "");
    }
    return viewer;
}

base::Result<int> console(Context& context, const Arguments& arguments)
{
    const char key = arguments.has("escape") ? WINDSOR_TRY(escape_key(arguments.value("escape"))) : kEscapeKey;
    if (arguments.has("type") && arguments.value("type") != "serial") {
        return base::fail("domains have no consoles of the type '{}'; 'serial' is the type of theirs",
                          base::printable_line(arguments.value("type")));
    }
    std::optional<std::size_t> port;
    if (arguments.has("num")) {
        constexpr int kLast = serial::kMostPorts - 1;
        port = static_cast<std::size_t>(WINDSOR_TRY(parse_integer(arguments.value("num"), "the console", 0, kLast)));
    }
    return open_console(context, arguments.operand(0), key, port);
}

base::Result<int> vncviewer(Context& context, const Arguments& arguments)
{
    const Password password = arguments.has("autopass") ? Password::HandOver : Password::Ask;
    const ViewerCommand viewer = WINDSOR_TRY(viewer_for(context, arguments.operand(0), password));
    context.out << std::flush;
    return std::unexpected{exec_viewer(viewer)};
}

} // namespace windsor::toolstack
