// SPDX-License-Identifier: GPL-2.0-or-later
// A domain that comes from another Windsor while its guest runs there.
#pragma once

#include "domain/channel.hpp"
#include "domain/registry.hpp"
#include "domain/saved_domain.hpp"

#include <memory>
#include <string>

namespace windsor::domain {

// What is added to a domain's name while it is on its way: at the target, until it is handed over, and at the source,
// from then on.
constexpr std::string_view kIncoming = "--incoming";
constexpr std::string_view kMigratedAway = "--migratedaway";
// The name, made shorter if there were no room.
std::string name_with(std::string_view name, std::string_view suffix);

struct Incoming {
    std::shared_ptr<Channel> channel;
    SavedFile saved; // its beginning; memory is still at the source
};

// Reads who comes and what it needs, and fails with what stands in the way of it here.
base::Result<std::shared_ptr<Incoming>> receive_beginning(std::shared_ptr<Channel> channel);

// Fails if another domain than the one that comes has its name.
base::Status check_name_free(const Registry& registry, const Incoming& incoming);

} // namespace windsor::domain
