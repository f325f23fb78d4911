// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "config/host_config.hpp"
#include "toolstack/arguments.hpp"
#include "transport/link.hpp"

#include <filesystem>
#include <optional>

namespace windsor::toolstack {

// The directory of the certificates that protect this connection, as the options or else the host's configuration say;
// none if it needs no TLS. Fails if it would be unprotected and nobody has said that it may be.
base::Result<std::optional<std::filesystem::path>> tls_directory(const transport::Endpoint& endpoint,
                                                                 const Arguments& arguments,
                                                                 const config::HostConfig& host);

} // namespace windsor::toolstack
