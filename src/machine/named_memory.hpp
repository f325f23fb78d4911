// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "memory/guest_memory.hpp"

#include <string>

namespace windsor::machine {

// Memory that belongs to a saved state, by its name there.
struct NamedMemory {
    std::string name;
    memory::Block* block; // the machine's
};

} // namespace windsor::machine
