// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/serial_parts.hpp"

#include "config/serial_key.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace windsor::keeper {

namespace {

using serial::End;
using serial::Kind;

base::Status check_arrival(const End& end, Arrival arrival)
{
    const bool speaks_to_host = end.kind == Kind::File || end.kind == Kind::Device ||
                                (end.kind == Kind::Unix && end.part == serial::Part::Connects);
    if (arrival == Arrival::Received && speaks_to_host) {
        return base::fail("a serial port is connected to {}, which a domain that comes from another host may not open "
                          "here; save and restore it instead",
                          end.path);
    }
    return {};
}

base::Result<base::Fd> open_line(const End& end, Arrival arrival, SerialParts& parts)
{
    WINDSOR_TRY(check_arrival(end, arrival));
    serial::Opened opened =
        WINDSOR_TRY(serial::open(end, arrival == Arrival::Created ? serial::Contents::Empty : serial::Contents::Kept));
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return base::fail("cannot make a line for a serial port: {}", base::errno_text(errno));
    }
    base::Fd domain{ends[0]};
    parts.connects = parts.connects || opened.use == serial::Opened::Use::Remote;
    parts.relays.push_back(std::make_unique<serial::Relay>(std::move(opened), base::Fd{ends[1]}));
    return domain;
}

} // namespace

base::Result<SerialParts> SerialParts::create(const config::DomainConfig& config, Arrival arrival)
{
    SerialParts parts;
    for (const End& end : WINDSOR_TRY(config::serial_ends(config))) {
        if (!serial::is_served(end)) {
            parts.lines.emplace_back();
            continue;
        }
        auto line = open_line(end, arrival, parts);
        if (!line) {
            return std::unexpected{config::at_key(config, "serial", line.error())};
        }
        parts.lines.push_back(*std::move(line));
    }
    return parts;
}

} // namespace windsor::keeper
