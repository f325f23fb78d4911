// SPDX-License-Identifier: GPL-2.0-or-later
// The command that opens a guest's desktop by its own remote access.
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/numbers.hpp"
#include "toolstack/rdp_target.hpp"

#include <array>
#include <cstdlib>

namespace windsor::toolstack {

namespace {

constexpr std::array<const char*, 3> kClients{"xfreerdp3", "xfreerdp", "rdesktop"};

} // namespace

base::Result<int> rdp(Context& context, const Arguments& arguments)
{
    const auto port = static_cast<std::uint16_t>(
        arguments.has("port") ? WINDSOR_TRY(parse_integer(arguments.value("port"), "--port", 1, UINT16_MAX))
                              : kRdpPort);
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const auto cards = WINDSOR_TRY(fitting("network", connection.client.call("network")));
    const std::string target = WINDSOR_TRY(rdp_target(connection.entry.name, cards, port));
    if (arguments.has("print")) {
        context.out << target << '\n';
        return 0;
    }
    const char* path = std::getenv("PATH");
    const auto client = find_program(kClients, path != nullptr ? path : "/usr/bin:/bin");
    if (!client) {
        return base::fail(
            "there is no RDP client in PATH: install freerdp2-x11 or rdesktop, or connect any client to {}", target);
    }
    const std::vector<std::string> extra{arguments.operands().begin() + 1, arguments.operands().end()};
    context.out << std::flush;
    return std::unexpected{exec_viewer(rdp_client(*client, target, arguments.value("user"), extra))};
}

} // namespace windsor::toolstack
