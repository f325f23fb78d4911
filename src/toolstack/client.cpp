// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/client.hpp"

#include <chrono>
#include <thread>

namespace windsor::toolstack {

using domain::Json;

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
            return *status;
        }
    }
    return Json{{"id", entry.id}, {"name", entry.name}, {"pid", entry.pid}, {"state", "------"}};
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
        if (!registry.find(std::to_string(entry.id))) {
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return base::fail("domain '{}' (process {}) has been told to end and has not done so within 10 s", entry.name,
                      entry.pid);
}

} // namespace windsor::toolstack
