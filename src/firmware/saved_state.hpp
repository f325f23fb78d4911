// SPDX-License-Identifier: GPL-2.0-or-later
// The firmware configuration device in a saved state.
#pragma once

#include "firmware/fw_cfg.hpp"

namespace windsor::firmware {

template <typename Archive> void describe(Archive& archive, FwCfg::State& state)
{
    archive.field("selected", state.selected);
    archive.field("position", state.position);
    archive.field("dma_address", state.dma_address);
}

} // namespace windsor::firmware
