// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "chipset/slot.hpp"
#include "devices/i440fx/pam_mapper.hpp"

namespace windsor::devices::i440fx {

// The host bridge, a PCI function; and the writes to shadow RAM in a range of kShadowSize bytes. What the options name
// outlives the device.
chipset::Make unit(PamMapper::Options options);

} // namespace windsor::devices::i440fx
