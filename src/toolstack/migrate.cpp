// SPDX-License-Identifier: GPL-2.0-or-later
// Moving a running domain to another Windsor: the source's end.
#include "domain/channel.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/progress.hpp"
#include "toolstack/tls_options.hpp"
#include "transport/link.hpp"

#include <chrono>
#include <optional>
#include <vector>

#include <fmt/ranges.h>

namespace windsor::toolstack {

using domain::Json;

namespace {

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kLongestGivingUp{30}; // of a domain that has been told to

// Options of xm and xl that ask for what there is not.
base::Status refuse_options(const Arguments& arguments)
{
    if (arguments.has("node")) {
        return base::fail("-n asks for a NUMA node; the host's scheduler places domains, use numactl(8) there");
    }
    if (arguments.has("change_home_server")) {
        return base::fail("-c asks for another home server; configurations are kept on no server");
    }
    return {};
}

// Names of keys whose values are not the same. A domain chooses its name and UUID where a file has none.
std::vector<std::string> differences(const Json& one, const Json& other)
{
    std::vector<std::string> names;
    for (const auto& [key, value] : one.items()) {
        if (key != "name" && key != "uuid" && (!other.contains(key) || other[key] != value)) {
            names.push_back(key);
        }
    }
    for (const auto& [key, value] : other.items()) {
        if (key != "name" && key != "uuid" && !one.contains(key)) {
            names.push_back(key);
        }
    }
    return names;
}

// xl's -C sends a file instead of the configuration that the domain was made from. Scripts name the same one; with
// another the guest would find another machine.
base::Status check_configuration(Connection& connection, const std::string& name)
{
    const std::string path = WINDSOR_TRY(find_config(name));
    const auto [loaded, origin] = WINDSOR_TRY(read_configuration(path, {}));
    const Json file = Json::parse(config::to_json(loaded.config).dump());
    const Json running = WINDSOR_TRY(connection.client.call("config")).value("json", Json::object());
    const std::vector<std::string> others = differences(file, running);
    return others.empty() ? base::Status{}
                          : base::fail("{} differs from the configuration that the domain runs with ({}), and a domain "
                                       "moves with the one that it has; leave -C out",
                                       path, fmt::join(others, ", "));
}

struct Target {
    transport::Endpoint endpoint;
    std::optional<transport::TlsCredentials> tls{};
};

// xm names the port of a host's relocation server by an option.
base::Result<Target> target_of(const Context& context, const Arguments& arguments)
{
    std::string target = arguments.operand(1);
    if (arguments.has("port")) {
        target = fmt::format("tcp:{}:{}", target, arguments.value("port"));
    }
    Target found{.endpoint = WINDSOR_TRY(transport::parse_target(target, arguments.value("s", "ssh")))};
    const config::HostConfig host = WINDSOR_TRY(config::load_host_config(context.host_config));
    if (const auto directory = WINDSOR_TRY(tls_directory(found.endpoint, arguments, host))) {
        found.tls = WINDSOR_TRY(transport::TlsCredentials::load(*directory, transport::TlsRole::Source));
    }
    return found;
}

void show(Context& context, ProgressLine& line, const std::string& name, const Json& progress, bool each_pass,
          unsigned& shown)
{
    const auto pass = progress.value("pass", 0u);
    line.rename(fmt::format("Migrating {}, pass {}", name, pass));
    line.show(progress.value("done", std::uint64_t{0}), progress.value("total", std::uint64_t{0}));
    if (each_pass && pass != shown) {
        shown = pass;
        context.err << fmt::format("pass {}: {} KiB of memory\n", pass, progress.value("total", std::uint64_t{0}) >> 10)
                    << std::flush;
    }
}

// Hands the domain its connection, and waits for the end, which an interrupt brings forward.
base::Result<Json> run_migration(Context& context, Connection& connection, Connection& side,
                                 const transport::Link& link, const Arguments& arguments,
                                 const base::Interrupts& interrupts)
{
    WINDSOR_TRY(link.await_greeting(domain::kGreeting, interrupts));
    ProgressLine line{context, ""};
    unsigned shown = 0;
    std::optional<std::chrono::steady_clock::time_point> until;
    WINDSOR_TRY(connection.client.send("migrate", {{"paused", arguments.has("p")}}, link.fd()));
    for (;;) {
        if (auto answer = connection.client.answer_within(kLook)) {
            return std::move(*answer);
        }
        if (until && std::chrono::steady_clock::now() >= *until) {
            return base::fail("its process does not give up what was cancelled; 'list', here and at the target, shows "
                              "where the domain is");
        }
        if (interrupts.came()) {
            until = until.value_or(std::chrono::steady_clock::now() + kLongestGivingUp);
            static_cast<void>(side.client.call("migrate_cancel"));
        }
        show(context, line, connection.entry.name, side.client.call("migrate_progress").value_or(Json::object()),
             arguments.has("debug"), shown);
    }
}

base::Result<Json> move(Context& context, Connection& connection, Target target, const Arguments& arguments)
{
    Connection side = WINDSOR_TRY(connect(context, std::to_string(connection.entry.id)));
    const base::Interrupts interrupts;
    const transport::Link link = WINDSOR_TRY(transport::Link::open(target.endpoint, std::move(target.tls), interrupts));
    auto moved = run_migration(context, connection, side, link, arguments, interrupts);
    if (!moved) {
        return std::unexpected{link.explain(moved.error())};
    }
    return moved;
}

} // namespace

base::Result<int> migrate(Context& context, const Arguments& arguments)
{
    WINDSOR_TRY(refuse_options(arguments));
    Target target = WINDSOR_TRY(target_of(context, arguments));
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    if (arguments.has("C")) {
        WINDSOR_TRY(check_configuration(connection, arguments.value("C")));
    }
    const std::string name = connection.entry.name;
    const auto moved = move(context, connection, std::move(target), arguments);
    if (!moved) {
        return base::fail("domain '{}' was not moved: {}", name, moved.error().message());
    }
    context.out << fmt::format("Domain '{}' has moved: {} passes, {:.1f} MiB sent, {:.1f} ms of standstill\n", name,
                               moved->value("passes", 0u),
                               static_cast<double>(moved->value("sent", std::uint64_t{0})) / (1 << 20),
                               moved->value("down_ms", 0.0));
    WINDSOR_TRY(wait_until_gone(context, connection.entry));
    return 0;
}

} // namespace windsor::toolstack
