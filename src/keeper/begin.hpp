// SPDX-License-Identifier: GPL-2.0-or-later
// Making a domain's processes.
#pragma once

#include "domain/status.hpp"
#include "keeper/charge.hpp"

#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

struct Started {
    pid_t keeper; // ends after the domain
    domain::DomainStatus status; // as the domain says it
};

// Forks a domain's keeper, in a session of its own, which owns the claim from now on and forks the domain's process;
// waits until the machine is built. Fails with the domain's error sentence, with nothing left behind. `inherited` is
// closed in them: a domain must not keep what its creator was given, or pipes would never end and locks never be
// released. The report of `charge` is made here.
base::Result<Started> begin(Charge charge, const std::vector<int>& inherited);

} // namespace windsor::keeper
