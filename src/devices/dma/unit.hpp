// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"

namespace windsor::devices::dma {

// The first controller's 16 ports, the 16 page registers, and the second controller's 32 ports.
chipset::Make unit();

} // namespace windsor::devices::dma
