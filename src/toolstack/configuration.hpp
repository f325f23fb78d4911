// SPDX-License-Identifier: GPL-2.0-or-later
// Domain configurations that commands are given.
#pragma once

#include "config/load.hpp"
#include "toolstack/spawn.hpp"

namespace windsor::toolstack {

constexpr std::string_view kSearchPath = ".:/etc/xen";

// A name without a slash is looked for in the directories of the search path, which colons separate.
base::Result<std::string> find_config(const std::string& name, std::string_view search = kSearchPath);

struct Configuration {
    config::Loaded loaded;
    Origin origin;
};

// Reads a file, with settings KEY=VALUE that go before it.
base::Result<Configuration> read_configuration(const std::string& file, const std::vector<std::string>& overrides);

// What a configuration prints, and warnings.
void print_notes(Context& context, const std::vector<config::Warning>& host, const config::Loaded& loaded);

} // namespace windsor::toolstack
