// SPDX-License-Identifier: GPL-2.0-or-later
// The keeper of a domain: a small process without threads and without the guest's data. It is the parent of the
// domain's process and of the one that serves its console, waits for both, and does for the domain what that cannot do
// itself.
#pragma once

#include "keeper/charge.hpp"

namespace windsor::keeper {

// Listens for viewers, forks the domain's process and the console's, and stays until the former has ended; the latter
// it starts anew as often as that ends. Then it keeps the log and removes the registry's folder.
// Gives the exit status. To be called in a process of its own, which must exit without destroying what it was forked
// with: every descriptor that is not the keeper's is closed.
int keep(Charge charge);

} // namespace windsor::keeper
