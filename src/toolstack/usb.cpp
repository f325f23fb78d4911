// SPDX-License-Identifier: GPL-2.0-or-later
// The commands about USB devices.
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/numbers.hpp"

#include <algorithm>
#include <limits>

namespace windsor::toolstack {

using domain::Json;

namespace {

// The port that somebody means by its number, or by what is plugged into it.
base::Result<int> find_port(const Json& devices, const std::string& meant)
{
    if (!meant.empty() && std::ranges::all_of(meant, [](char c) { return c >= '0' && c <= '9'; })) {
        return parse_integer(meant, "the USB port", 1, std::numeric_limits<int>::max());
    }
    for (const Json& device : devices) {
        if (device.value("device", "") == meant) {
            return device.value("port", 0);
        }
    }
    return base::fail("no USB {} is plugged in; usb-list says what is where", meant);
}

} // namespace

base::Result<int> usb_list(Context& context, const Arguments& arguments)
{
    const Json devices = WINDSOR_TRY(fitting("usb_list", call(context, arguments.operand(0), "usb_list")));
    context.out << fmt::format("{:<6}{:<12}{}\n", "Port", "Device", "State");
    for (const Json& device : devices) {
        context.out << fmt::format("{:<6}{:<12}{}\n", device.value("port", 0), device.value("device", ""),
                                   device.value("in_use", false) ? "in use" : "not in use");
    }
    return 0;
}

base::Result<int> usb_attach(Context& context, const Arguments& arguments)
{
    const std::string& device = arguments.operand(1);
    if (device.starts_with("host:")) {
        return base::fail("'{}' cannot be plugged in: USB devices of the host cannot be passed through yet", device);
    }
    WINDSOR_TRY(call(context, arguments.operand(0), "usb_attach", {{"device", device}}));
    return 0;
}

base::Result<int> usb_detach(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const Json devices = WINDSOR_TRY(fitting("usb_list", connection.client.call("usb_list", Json::object())));
    const int port = WINDSOR_TRY(find_port(devices, arguments.operand(1)));
    WINDSOR_TRY(connection.client.call("usb_detach", {{"port", port}}));
    return 0;
}

} // namespace windsor::toolstack
