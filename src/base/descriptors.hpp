// SPDX-License-Identifier: GPL-2.0-or-later
// Which files a process holds open.
#pragma once

#include <span>
#include <vector>

namespace windsor::base {

// The descriptors beyond standard error that this process has now.
std::vector<int> open_descriptors();

// Closes all of them but these. For a process that has just been forked: objects that own one of the others must never
// be destroyed.
void close_all_but(std::span<const int> kept);

// Standard input, output and error lead nowhere from now on.
void silence_standard_streams();

} // namespace windsor::base
