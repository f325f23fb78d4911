// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/serial_ports.hpp"

#include "base/printable.hpp"
#include "config/serial_key.hpp"
#include "domain/pty.hpp"
#include "domain/served_line.hpp"
#include "machine/machine.hpp"

#include <filesystem>
#include <system_error>

namespace windsor::domain {

base::Result<SerialPorts> SerialPorts::create(const config::DomainConfig& config, std::vector<base::Fd>* served,
                                              base::EventLoop& loop, base::Log& log)
{
    SerialPorts ports;
    const std::vector<serial::End> ends = WINDSOR_TRY(config::serial_ends(config));
    for (std::size_t number = 0; number < ends.size(); ++number) {
        Port& port = ports.ports_.emplace_back();
        port.text = number < config.serial.size() ? config.serial[number] : "null";
        port.present = ends[number].kind != serial::Kind::Absent;
        if (ends[number].kind == serial::Kind::Terminal) {
            port.line = WINDSOR_TRY(Pty::create(loop));
        } else if (served != nullptr && number < served->size() && (*served)[number]) {
            port.line = WINDSOR_TRY(ServedLine::create(loop, std::move((*served)[number]),
                                                       fmt::format("the serial port COM{}", number + 1), log));
        }
    }
    return ports;
}

std::vector<std::optional<backend::CharacterSink*>> SerialPorts::sinks() const
{
    std::vector<std::optional<backend::CharacterSink*>> sinks;
    for (const Port& port : ports_) {
        sinks.push_back(port.present ? std::optional<backend::CharacterSink*>{port.line.get()} : std::nullopt);
    }
    return sinks;
}

void SerialPorts::connect(machine::Machine& machine)
{
    std::size_t number = 0; // among those that the machine has
    for (const Port& port : ports_) {
        if (port.line) {
            port.line->on_input([&machine, number](std::span<const std::uint8_t> bytes) {
                return machine.receive_serial(number, bytes);
            });
        }
        number += port.present ? 1 : 0;
    }
}

void SerialPorts::link_terminals(const Entry& entry) const
{
    std::error_code ignored;
    if (const std::string first = first_terminal(); !first.empty()) {
        std::filesystem::create_symlink(first, entry.console_link(), ignored);
    }
    for (std::size_t number = 0; number < ports_.size(); ++number) {
        if (ports_[number].line && !ports_[number].line->terminal().empty()) {
            std::filesystem::create_symlink(ports_[number].line->terminal(), entry.serial_link(number), ignored);
        }
    }
}

std::string SerialPorts::first_terminal() const
{
    for (const Port& port : ports_) {
        if (port.line && !port.line->terminal().empty()) {
            return port.line->terminal();
        }
    }
    return {};
}

std::vector<std::string> SerialPorts::descriptions() const
{
    std::vector<std::string> lines;
    for (std::size_t number = 0; number < ports_.size(); ++number) {
        if (ports_[number].present) {
            const std::string terminal = ports_[number].line ? ports_[number].line->terminal() : std::string{};
            lines.push_back(base::printable_line(
                fmt::format("COM{} {}{}{}", number + 1, ports_[number].text, terminal.empty() ? "" : " ", terminal)));
        }
    }
    return lines;
}

} // namespace windsor::domain
