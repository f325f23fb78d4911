// SPDX-License-Identifier: GPL-2.0-or-later
// Reaching running domains.
#pragma once

#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "domain/status.hpp"
#include "toolstack/command.hpp"

#include <string_view>
#include <vector>

namespace windsor::toolstack {

struct Connection {
    domain::Entry entry;
    domain::RpcClient client;
};

// To the domain of that name or id.
base::Result<Connection> connect(const Context& context, std::string_view name_or_id);

// One call to the domain of that name or id.
base::Result<domain::Json> call(const Context& context, std::string_view name_or_id, const std::string& method,
                                const domain::Json& params = domain::Json::object());

// A method's answer, unless it is not what the method's description says: a domain may be an intruder's by now.
base::Result<domain::Json> fitting(std::string_view method, base::Result<domain::Json> answer);

// Until the domain's process has let go of its name, its disks and its ports, which is soon after it was told to end.
base::Status wait_until_gone(const Context& context, const domain::Entry& entry);

struct ShownStatus {
    domain::DomainStatus status;
    bool answered{true};
};

// What a domain says of itself. A domain that does not answer is shown by what the registry knows, with
// "------" as its state.
ShownStatus status_of(const domain::Entry& entry);
// The same; fails if it does not answer.
base::Result<domain::DomainStatus> ask_for_status(Connection& connection);

// The status of all domains by id.
base::Result<std::vector<ShownStatus>> all_status(const Context& context);

} // namespace windsor::toolstack
