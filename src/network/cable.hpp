// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <string>

namespace windsor::network {

enum class LeadsTo : std::uint8_t {
    Nowhere, // it is not plugged in
    Nat,
    Bridge,
};

// What a network card is plugged into.
struct Cable {
    base::Fd card_end{}; // empty if it leads nowhere
    LeadsTo leads_to{LeadsTo::Nowhere};
    std::string interface{}; // of the host's, that of a bridge; empty otherwise
};

} // namespace windsor::network
