// SPDX-License-Identifier: GPL-2.0-or-later
// What is plugged into a domain's USB ports, and changes there.
#include "domain/domain.hpp"
#include "domain/usb_devices.hpp"

namespace windsor::domain {

namespace {

using backend::UsbKind;

constexpr std::int64_t kLastPort = backend::kUsbPorts;

base::Error no_usb()
{
    return base::Error{"the domain has no USB controller; write usb = 1 into its configuration"};
}

// The number of a free port, from 1, or an error.
base::Result<std::size_t> plug_in(machine::Machine& machine, UsbKind kind)
{
    const bus::MachineGuard guard{machine.lock()};
    const auto& sockets = machine.usb_sockets();
    if (sockets.empty()) {
        return std::unexpected{no_usb()};
    }
    for (std::size_t port = 0; port < sockets.size(); ++port) {
        if (sockets[port]->kind() == UsbKind::None) {
            sockets[port]->plug(kind);
            return port + 1;
        }
    }
    return base::fail("all {} USB ports of the domain are taken; usb-detach makes room", sockets.size());
}

// What was there.
base::Result<UsbKind> pull_out(machine::Machine& machine, std::size_t port)
{
    const bus::MachineGuard guard{machine.lock()};
    const auto& sockets = machine.usb_sockets();
    if (sockets.empty()) {
        return std::unexpected{no_usb()};
    }
    backend::UsbSocket& socket = *sockets.at(port - 1);
    const UsbKind kind = socket.kind();
    if (kind == UsbKind::None) {
        return base::fail("nothing is plugged into USB port {}; usb-list says what is where", port);
    }
    socket.plug(UsbKind::None);
    return kind;
}

Json list(machine::Machine& machine)
{
    const bus::MachineGuard guard{machine.lock()};
    Json all = Json::array();
    std::size_t port = 0;
    for (const backend::UsbSocket* const socket : machine.usb_sockets()) {
        ++port;
        if (socket->kind() != UsbKind::None) {
            all.push_back({{"port", port}, {"device", name_of(socket->kind())}, {"in_use", socket->in_use()}});
        }
    }
    return all;
}

} // namespace

std::vector<Domain::Row> Domain::usb_rows()
{
    using enum ValueKind;
    return {
        {{.name = "usb_list",
          .help = "Lists the devices at the USB ports.",
          .permission = Permission::Look,
          .answer = {.kind = Objects,
                     .fields = {{"port", Integer, "from 1 on"},
                                {"device", Text, "tablet, mouse or keyboard"},
                                {"in_use", Truth, "whether a driver of the guest's asks it for news"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(list(*domain.machine_)); }},
        {{.name = "usb_attach",
          .help = "Plugs a device into a free USB port.",
          .phases = kAtRest,
          .parameters = {{.name = "device", .help = "of which kind", .words = {"tablet", "mouse", "keyboard"}}},
          .answer = {.fields = {{"port", Integer, "from 1 on"}}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const std::string& name = arguments.text("device");
             const auto port = plug_in(*domain.machine_, usb_kind_named(name));
             if (!port) {
                 reply(std::unexpected{port.error()});
                 return;
             }
             domain.log_.info("a USB {} is plugged into port {}", name, *port);
             reply(Json{{"port", *port}});
         }},
        {{.name = "usb_detach",
          .help = "Takes the device out of a USB port.",
          .phases = kAtRest,
          .parameters = {{.name = "port", .kind = Integer, .help = "from 1 on", .least = 1, .most = kLastPort}},
          .answer = {.fields = {{"device", Text, "what was there"}}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const auto port = static_cast<std::size_t>(arguments.integer("port"));
             const auto kind = pull_out(*domain.machine_, port);
             if (!kind) {
                 reply(std::unexpected{kind.error()});
                 return;
             }
             domain.log_.info("the USB {} is taken out of port {}", name_of(*kind), port);
             reply(Json{{"device", name_of(*kind)}});
         }},
    };
}

} // namespace windsor::domain
