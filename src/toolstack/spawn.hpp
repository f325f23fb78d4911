// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands that make a domain have in common.
#pragma once

#include "base/result.hpp"
#include "domain/domain.hpp"
#include "domain/paths.hpp"
#include "domain/registry.hpp"
#include "domain/status.hpp"
#include "engines/choice.hpp"
#include "keeper/begin.hpp"
#include "toolstack/command.hpp"

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace windsor::toolstack {

using domain::Origin;
using keeper::Started;

// As keeper::begin() does it, with a restart that evaluates the configuration anew.
base::Result<Started> start_domain(domain::Settings settings, domain::Claim claim, const Origin& origin,
                                   const domain::Paths& paths, const std::vector<int>& inherited);

// Says so before it is measured how well KVM works, which takes seconds where it does not. `to` must outlive it.
std::function<void()> say_measuring(std::ostream& to);

// The engine that --engine names, and that a configuration wants; nothing: whichever is best here.
base::Result<std::optional<engines::Type>> engine_named(const std::string& name);
std::optional<engines::Type> engine_wanted(config::EngineChoice choice);

// Engine, console, name and id, as create and restore say them.
void print_started(Context& context, const domain::DomainStatus& status);

} // namespace windsor::toolstack
