// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/client.hpp"

#include "domain/process.hpp"

#include <chrono>
#include <thread>

namespace windsor::toolstack {

using domain::Json;

namespace {

// One domain that lies must not spoil the list of all: who it is, the registry says.
domain::DomainStatus of_entry(domain::DomainStatus status, const domain::Entry& entry)
{
    status.id = entry.id;
    status.name = entry.name;
    status.pid = entry.pid;
    return status;
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

base::Result<Json> fitting(std::string_view method, base::Result<Json> answer)
{
    const domain::Method* const known = domain::find_method(method);
    if (answer && (known == nullptr || !domain::fits(known->answer, *answer))) {
        return base::fail("the domain has answered to '{}' what it should not", method);
    }
    return answer;
}

ShownStatus status_of(const domain::Entry& entry)
{
    if (auto client = domain::RpcClient::connect(entry.control_socket())) {
        const auto status = client->call("status");
        if (status && status->is_object()) {
            return {of_entry(domain::status_from(*status), entry), true};
        }
    }
    domain::DomainStatus known;
    known.state = has_ended(entry.pid) ? "-----d" : "------";
    return {of_entry(std::move(known), entry), false};
}

base::Result<domain::DomainStatus> ask_for_status(Connection& connection)
{
    return of_entry(domain::status_from(WINDSOR_TRY(connection.client.call("status"))), connection.entry);
}

base::Result<std::vector<ShownStatus>> all_status(const Context& context)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    std::vector<ShownStatus> all;
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
