// SPDX-License-Identifier: GPL-2.0-or-later
// Starting a VNC viewer for a domain.
#pragma once

#include "base/result.hpp"
#include "domain/status.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::toolstack {

struct ViewerCommand {
    std::string program; // path
    std::vector<std::string> arguments;
    std::optional<std::string> password; // to be handed over unasked
};

// The address a viewer on this host connects to: "127.0.0.1:1" for display 1, wherever it listens.
// Fails if the domain has no VNC console.
base::Result<std::string> viewer_address(const domain::DomainStatus& status);

// The first of these programs in `path`, a list of directories like $PATH; nothing if there is none of them.
std::optional<std::string> find_program(std::span<const char* const> names, std::string_view path);

// Whether it consists of letters, digits and what addresses have between them, and is no option of a viewer.
bool is_address(std::string_view host);

// The first known viewer in `path`, a list of directories like $PATH.
base::Result<std::string> find_viewer(std::string_view path);

// Becomes the viewer; returns only if that fails.
base::Error exec_viewer(const ViewerCommand& viewer);

// Starts the viewer beside this process.
base::Status start_viewer(const ViewerCommand& viewer);

} // namespace windsor::toolstack
