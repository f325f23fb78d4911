// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/client.hpp"

#include "domain/process.hpp"

#include <array>
#include <chrono>
#include <span>
#include <thread>

namespace windsor::toolstack {

using domain::Json;

namespace {

enum class Kind : std::uint8_t { Text, Integer, Number, Truth };
struct Field {
    std::string_view name;
    Kind kind;
};
constexpr std::array kStatus{
    Field{"uuid", Kind::Text},           Field{"state", Kind::Text},         Field{"engine", Kind::Text},
    Field{"engine_line", Kind::Text},    Field{"console", Kind::Text},       Field{"sandbox", Kind::Text},
    Field{"memory_mb", Kind::Integer},   Field{"maxmem_mb", Kind::Integer},  Field{"vcpus", Kind::Integer},
    Field{"restarts", Kind::Integer},    Field{"cpu_seconds", Kind::Number}, Field{"started", Kind::Integer},
    Field{"uptime_seconds", Kind::Integer},
};
constexpr std::array kVnc{
    Field{"listen", Kind::Text},
    Field{"port", Kind::Integer},
    Field{"display", Kind::Integer},
    Field{"password", Kind::Truth},
};

bool is_of(const Json& value, Kind kind)
{
    switch (kind) {
    case Kind::Text: return value.is_string();
    case Kind::Integer: return value.is_number_integer();
    case Kind::Number: return value.is_number();
    case Kind::Truth: return value.is_boolean();
    }
    return false;
}

void drop_others(Json& object, std::span<const Field> fields)
{
    for (const Field& field : fields) {
        const auto found = object.find(field.name);
        if (found != object.end() && !is_of(*found, field.kind)) {
            object.erase(found);
        }
    }
}

// One domain that lies must not spoil the list of all: who it is, the registry says, and what is not of its kind is
// left out.
Json plausible(Json said, const domain::Entry& entry)
{
    drop_others(said, kStatus);
    if (const auto vnc = said.find("vnc"); vnc != said.end()) {
        vnc->is_object() ? drop_others(*vnc, kVnc) : static_cast<void>(said.erase(vnc));
    }
    said["id"] = entry.id;
    said["name"] = entry.name;
    said["pid"] = entry.pid;
    return said;
}

// Also before its parent has taken note. The folder of a domain that was killed stands until its keeper has seen to it.
bool has_ended(pid_t pid)
{
    const auto stat = domain::process_stat(pid);
    return !stat || stat->state == 'Z' || stat->state == 'X';
}

} // namespace

base::Result<Connection> connect(const Context& context, std::string_view name_or_id)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    domain::Entry entry = WINDSOR_TRY(registry.find(name_or_id));
    domain::RpcClient client = WINDSOR_TRY(domain::RpcClient::connect(entry.control_socket()));
    return Connection{std::move(entry), std::move(client)};
}

base::Result<Json> call(const Context& context, std::string_view name_or_id, const std::string& method,
                        const Json& params)
{
    Connection connection = WINDSOR_TRY(connect(context, name_or_id));
    return connection.client.call(method, params);
}

Json status_of(const domain::Entry& entry)
{
    if (auto client = domain::RpcClient::connect(entry.control_socket())) {
        auto status = client->call("status");
        if (status && status->is_object()) {
            return plausible(*std::move(status), entry);
        }
    }
    return Json{{"id", entry.id},
                {"name", entry.name},
                {"pid", entry.pid},
                {"state", has_ended(entry.pid) ? "-----d" : "------"}};
}

base::Result<std::vector<Json>> all_status(const Context& context)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    std::vector<Json> all;
    for (const domain::Entry& entry : WINDSOR_TRY(registry.list())) {
        all.push_back(status_of(entry));
    }
    return all;
}

base::Status wait_until_gone(const Context& context, const domain::Entry& entry)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    for (auto waited = std::chrono::milliseconds{0}; waited < std::chrono::seconds{10};
         waited += std::chrono::milliseconds{10}) {
        if (registry.is_gone(entry)) {
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return base::fail("domain '{}' (process {}) has been told to end and has not done so within 10 s", entry.name,
                      entry.pid);
}

} // namespace windsor::toolstack
