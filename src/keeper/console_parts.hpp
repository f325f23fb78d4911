// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain and its console have in common, made before there is a process for either.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "display/console_server.hpp"
#include "display/viewers.hpp"
#include "domain/domain.hpp"

#include <array>
#include <optional>

namespace windsor::keeper {

struct ConsoleParts {
    display::VncListener listener;
    display::VncOptions options;
    display::SharedFrame frame;
    display::ViewerChannel channel;

    // Listens. Fails with the place in the configuration if the port cannot be had. None if there is to be no console.
    static base::Result<std::optional<ConsoleParts>> create(const config::GraphicsConfig& graphics,
                                                            const std::string& name, domain::DomainId id);
};

} // namespace windsor::keeper
