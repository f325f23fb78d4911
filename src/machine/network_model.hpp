// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace windsor::machine {

// The network cards that a machine can have: what guests know as RTL8139C+ and 82540EM.
enum class NetworkModel : std::uint8_t { Rtl8139, E1000 };

} // namespace windsor::machine
