// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands that make a domain have in common.
#pragma once

#include "base/result.hpp"
#include "domain/domain.hpp"
#include "domain/paths.hpp"
#include "domain/registry.hpp"
#include "domain/status.hpp"
#include "keeper/begin.hpp"
#include "toolstack/command.hpp"

#include <functional>
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

// The choice that --engine names.
base::Result<config::EngineChoice> engine_named(const std::string& name);

// Engine, console, name and id, as create and restore say them.
void print_started(Context& context, const domain::DomainStatus& status);

} // namespace windsor::toolstack
