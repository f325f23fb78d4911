// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/character.hpp"
#include "chipset/slot.hpp"

namespace windsor::devices::uart {

// 8 ports and an interrupt. `sink` takes what the guest sends and outlives the device; null: nobody does.
chipset::Make unit(backend::CharacterSink* sink);

} // namespace windsor::devices::uart
