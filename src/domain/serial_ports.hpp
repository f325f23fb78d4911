// SPDX-License-Identifier: GPL-2.0-or-later
// The serial ports of a domain, and what they are connected to.
#pragma once

#include "backend/character.hpp"
#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/registry.hpp"
#include "domain/serial_line.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windsor::machine {
class Machine;
}

namespace windsor::domain {

class SerialPorts {
public:
    // None.
    SerialPorts() = default;
    // As the configuration has them. `served`: for each port the domain's end of its line, or none if it is a terminal
    // or nothing; they are taken out. Null: nobody serves lines, and such ports are connected to nobody. The loop and
    // the log outlive the ports.
    static base::Result<SerialPorts> create(const config::DomainConfig& config, std::vector<base::Fd>* served,
                                            base::EventLoop& loop, base::Log& log);

    // As MachineSpec::serial_ports.
    std::vector<std::optional<backend::CharacterSink*>> sinks() const;
    // What is typed goes to the machine, which has been made with sinks().
    void connect(machine::Machine& machine);
    // For people, and for the console command: links to the terminals in the domain's folder.
    void link_terminals(const Entry& entry) const;

    // The path of its terminal; empty if no port has one.
    std::string first_terminal() const;
    // "COM1 pty /dev/pts/3", a line for each port that the machine has.
    std::vector<std::string> descriptions() const;

private:
    struct Port {
        std::string text; // of the configuration
        bool present{true}; // whether the machine has it
        std::unique_ptr<SerialLine> line{}; // null: nobody
    };
    std::vector<Port> ports_{};
};

} // namespace windsor::domain
