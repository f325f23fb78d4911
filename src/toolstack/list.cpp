// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that show what domains there are.
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/listing.hpp"

#include <algorithm>
#include <ctime>
#include <optional>

namespace windsor::toolstack {

using domain::Json;

namespace {

// The entries of the domains named, or all.
base::Result<std::vector<domain::Entry>> entries_for(const Context& context, const std::vector<std::string>& names)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    if (names.empty()) {
        return registry.list();
    }
    std::vector<domain::Entry> entries;
    for (const std::string& name : names) {
        entries.push_back(WINDSOR_TRY(registry.find(name)));
    }
    return entries;
}

Json config_of(const domain::Entry& entry)
{
    auto client = domain::RpcClient::connect(entry.control_socket());
    if (!client) {
        return Json::object();
    }
    return fitting("config", client->call("config")).value_or(Json::object());
}

// xm's --state=running and the like; by the letter in the state column.
std::optional<char> state_letter(std::string_view state)
{
    constexpr std::string_view kStates[] = {"running", "blocked", "paused", "shutdown", "crashed", "dying"};
    const auto* found = std::ranges::find(kStates, state);
    return found == std::end(kStates) ? std::nullopt : std::optional{(*found)[0]};
}

void print_long(Context& context, const std::vector<domain::Entry>& entries, const std::vector<ShownStatus>& domains)
{
    if (context.dialect == Dialect::Xm) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            context.out << long_sxp(domains[i], config_of(entries[i]));
        }
        return;
    }
    auto array = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        array.push_back(long_json(domains[i], config_of(entries[i])));
    }
    context.out << array.dump(4) << '\n';
}

std::string time_of_day(std::time_t now)
{
    std::tm local{};
    std::array<char, 16> text{};
    if (::localtime_r(&now, &local) == nullptr || std::strftime(text.data(), text.size(), "%H:%M:%S", &local) == 0) {
        return "";
    }
    return text.data();
}

} // namespace

base::Result<int> list(Context& context, const Arguments& arguments)
{
    if (arguments.has("pool")) {
        return base::fail("--pool names a processor pool, of which there are none; leave it out");
    }
    if (arguments.has("vcpus")) {
        return vcpu_list(context, arguments);
    }
    std::vector<domain::Entry> entries = WINDSOR_TRY(entries_for(context, arguments.operands()));
    std::vector<ShownStatus> domains;
    std::ranges::transform(entries, std::back_inserter(domains), status_of);
    if (arguments.has("state")) {
        const auto letter = state_letter(arguments.value("state"));
        if (!letter) {
            return base::fail("'{}' is no state; running, blocked, paused, shutdown, crashed and dying are",
                              arguments.value("state"));
        }
        for (std::size_t i = domains.size(); i-- > 0;) {
            if (domains[i].status.state.find(*letter) == std::string::npos) {
                domains.erase(domains.begin() + static_cast<std::ptrdiff_t>(i));
                entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }
    if (arguments.has("long")) {
        print_long(context, entries, domains);
    } else {
        context.out << short_list(domains, context.dialect,
                                  {.verbose = arguments.has("verbose"),
                                   .label = arguments.has("context") || arguments.has("label"),
                                   .pool = arguments.has("cpupool"),
                                   .nodes = arguments.has("numa")});
    }
    return 0;
}

base::Result<int> vm_list(Context& context, const Arguments&)
{
    const std::vector<ShownStatus> domains = WINDSOR_TRY(all_status(context));
    context.out << "UUID                                  ID    name\n";
    for (const auto& [status, answered] : domains) {
        context.out << fmt::format("{:<36}  {}    {:<30}\n", or_hyphen(status.uuid), status.id, status.name);
    }
    return 0;
}

base::Result<int> domid(Context& context, const Arguments& arguments)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    context.out << WINDSOR_TRY(registry.find(arguments.operand(0))).id << '\n';
    return 0;
}

base::Result<int> domname(Context& context, const Arguments& arguments)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    context.out << WINDSOR_TRY(registry.find(arguments.operand(0))).name << '\n';
    return 0;
}

// In the words of xm domstate.
base::Result<int> domstate(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const std::string state = WINDSOR_TRY(ask_for_status(connection)).state;
    const auto has = [&](char letter) { return state.find(letter) != std::string::npos; };
    context.out << (has('c')   ? "crashed"
                    : has('s') ? "shutdown"
                    : has('p') ? "paused"
                    : has('b') ? "idle"
                               : "running")
                << '\n';
    return 0;
}

base::Result<int> uptime(Context& context, const Arguments& arguments)
{
    const std::vector<domain::Entry> entries = WINDSOR_TRY(entries_for(context, arguments.operands()));
    const bool brief = arguments.has("short");
    if (!brief) {
        context.out << fmt::format("{:<33} {:>4} {}\n", "Name", "ID", "Uptime");
    }
    for (const domain::Entry& entry : entries) {
        const std::int64_t seconds = status_of(entry).status.uptime_seconds;
        context.out << (brief ? fmt::format(" {} up {}, {} ({})\n", time_of_day(std::time(nullptr)),
                                            uptime_text(seconds, Detail::Plain), entry.name, entry.id)
                              : fmt::format("{:<33} {:>4} {}\n", entry.name, entry.id,
                                            uptime_text(seconds, Detail::Verbose)));
    }
    return 0;
}

base::Result<int> stats(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const domain::DomainStatus status = WINDSOR_TRY(ask_for_status(connection));
    const Json counted = WINDSOR_TRY(fitting("statistics", connection.client.call("statistics")));
    const auto line = [&](std::string_view name, const std::string& value) {
        context.out << fmt::format("{:<23}: {}\n", name, value);
    };
    line("name", connection.entry.name);
    line("engine", status.engine);
    line("uptime_seconds", std::to_string(status.uptime_seconds));
    line("cpu_seconds", fmt::format("{:.1f}", status.cpu_seconds));
    for (const auto& [name, value] : counted.items()) {
        line(name, value.dump());
    }
    return 0;
}

} // namespace windsor::toolstack
