// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sandbox/enclose.hpp"

#include <cstdint>

namespace windsor::sandbox {

// What the walls around a domain's process depend on.
struct DomainNeeds {
    unsigned id{0};
    Mode mode{Mode::On};
    unsigned processors{1};
    // The largest file that it has to write: an image, its memory, or a saved state. Nothing: as large as the host lets
    // it, for a trace of every instruction.
    std::optional<std::uint64_t> largest_file{};
};

// Also what the tests of the walls put up.
Plan plan_for_domain(const DomainNeeds& needs);

} // namespace windsor::sandbox
