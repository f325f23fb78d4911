// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/sound.hpp"
#include "chipset/slot.hpp"

namespace windsor::devices::ac97 {

// A PCI function. Whoever listens outlives the machine; null: nobody does.
chipset::Make unit(backend::SoundOutput* output);

} // namespace windsor::devices::ac97
