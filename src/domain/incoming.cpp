// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/incoming.hpp"

#include "domain/rpc.hpp"
#include "domain/status.hpp"
#include "domain/uuid.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace windsor::domain {

std::string name_with(std::string_view name, std::string_view suffix)
{
    return std::string{name.substr(0, kLongestName - suffix.size())} + std::string{suffix};
}

base::Result<std::shared_ptr<Incoming>> receive_beginning(std::shared_ptr<Channel> channel)
{
    auto input = std::make_unique<ChannelInput>(*channel);
    SavedFile saved = WINDSOR_TRY(begin_restore(std::move(input)));
    const std::vector<std::string> found = obstacles(saved, Images::InUse);
    if (!found.empty()) {
        return base::fail("{}", fmt::join(found, "; "));
    }
    return std::make_shared<Incoming>(Incoming{std::move(channel), std::move(saved)});
}

// On one host the source has the name until the hand-over.
base::Status check_name_free(const Registry& registry, const Incoming& incoming)
{
    const std::string& name = incoming.saved.config.name;
    const std::vector<Entry> entries = WINDSOR_TRY(registry.list());
    const auto found = std::ranges::find(entries, name, &Entry::name);
    if (found == entries.end()) {
        return {};
    }
    auto client = RpcClient::connect(found->control_socket());
    const auto status = client ? client->call("status") : base::Result<Json>{std::unexpected{client.error()}};
    if (status && status_from(*status).uuid == format_uuid(incoming.saved.needs.uuid)) {
        return {};
    }
    return base::fail("a domain named '{}' is running already (id {}); choose another name, or shut it down first",
                      name, found->id);
}

} // namespace windsor::domain
