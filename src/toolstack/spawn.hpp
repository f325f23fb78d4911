// SPDX-License-Identifier: GPL-2.0-or-later
// Making a domain's process.
#pragma once

#include "base/result.hpp"
#include "domain/domain.hpp"
#include "domain/paths.hpp"
#include "domain/registry.hpp"
#include "domain/status.hpp"
#include "toolstack/command.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::toolstack {

using domain::Origin;

struct Started {
    pid_t keeper; // ends after the domain
    domain::DomainStatus status; // as the domain says it
};

// Forks a domain's keeper, in a session of its own, which owns the claim from now on and forks the domain's process;
// waits until the machine is built. Fails with the domain's error sentence, with nothing left behind. `inherited` is
// closed in them: a domain must not keep what its creator was given, or pipes would never end and locks never be
// released.
base::Result<Started> start_domain(domain::Settings settings, domain::Claim claim, const Origin& origin,
                                   const domain::Paths& paths, const std::vector<int>& inherited);

// Says so before it is measured how well KVM works, which takes seconds where it does not. `to` must outlive it.
std::function<void()> say_measuring(std::ostream& to);

// The choice that --engine names.
base::Result<config::EngineChoice> engine_named(const std::string& name);

// Engine, console, name and id, as create and restore say them.
void print_started(Context& context, const domain::DomainStatus& status);

} // namespace windsor::toolstack
