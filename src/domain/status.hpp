// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain says of itself to `list` and others: written by the domain's process, read by commands.
#pragma once

#include "domain/method.hpp"
#include "domain/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::domain {

struct VncStatus {
    std::string listen{};
    std::uint16_t port{0};
    int display{0};
    bool password{false};
};

struct DomainStatus {
    DomainId id{0};
    std::string name{};
    pid_t pid{0};
    std::string uuid{};
    std::uint64_t memory_mb{0};
    std::uint64_t maxmem_mb{0};
    int vcpus{0};
    std::string state{"------"};
    std::string phase{};
    unsigned restarts{0};
    double cpu_seconds{0};
    std::int64_t started{0};
    std::int64_t uptime_seconds{0};
    std::string engine{};
    std::string engine_line{};
    std::string sandbox{};
    std::vector<std::string> warnings{};
    std::optional<VncStatus> vnc{};
    std::optional<std::string> console{};
    std::vector<std::string> serial{};
};

// The names of its fields stand here and nowhere else: of the answer, of what is read of one, and of the schema.
template <typename Visit> void describe(Visit& visit, VncStatus& vnc)
{
    visit("listen", vnc.listen, "the address at which its console listens");
    visit("port", vnc.port, "the TCP port");
    visit("display", vnc.display, "the port less 5900");
    visit("password", vnc.password, "whether viewers are asked for one");
}

template <typename Visit> void describe(Visit& visit, DomainStatus& status)
{
    visit("id", status.id, "the domain's number");
    visit("name", status.name, "its name");
    visit("pid", status.pid, "its process, as that itself sees it");
    visit("uuid", status.uuid, "8-4-4-4-12 digits");
    visit("memory_mb", status.memory_mb, "the guest's memory in MiB");
    visit("maxmem_mb", status.maxmem_mb, "the most that it could have");
    visit("vcpus", status.vcpus, "its virtual processors");
    visit("state", status.state, "the letters of list: running, blocked, paused, shut down, crashed, dying");
    visit("phase", status.phase, "what it does: running, paused, saving, moving and others");
    visit("restarts", status.restarts, "how often the guest has begun anew");
    visit("cpu_seconds", status.cpu_seconds, "of the host's processors that it has used");
    visit("started", status.started, "seconds since 1970");
    visit("uptime_seconds", status.uptime_seconds, "since then");
    visit("engine", status.engine, "which processor engine runs it");
    visit("engine_line", status.engine_line, "the same with the reason");
    visit("sandbox", status.sandbox, "the walls around its process");
    visit("warnings", status.warnings, "about its configuration");
    visit("vnc", status.vnc, "where viewers find its console, if it has one");
    visit("console", status.console, "the terminal of its first serial line that has one");
    visit("serial", status.serial, "what each serial port is connected to, with the path of a terminal");
}

Json to_json(const DomainStatus& status);
// Of whatever a domain says: what is not of its kind is left as it is in a new DomainStatus.
DomainStatus status_from(const Json& said);
// As the schema has it.
std::vector<Field> status_fields();

} // namespace windsor::domain
