// SPDX-License-Identifier: GPL-2.0-or-later
// The DMA controllers in a saved state.
#pragma once

#include "devices/dma/dma.hpp"

namespace windsor::devices::dma {

template <typename Archive> void describe(Archive& archive, I8237::Channel& channel)
{
    archive.field("base_address", channel.base_address);
    archive.field("base_count", channel.base_count);
    archive.field("address", channel.address);
    archive.field("count", channel.count);
    archive.field("mode", channel.mode);
}

template <typename Archive> void describe(Archive& archive, I8237::State& chip)
{
    archive.field("channels", chip.channels);
    archive.field("command", chip.command);
    archive.field("terminal_counts", chip.terminal_counts);
    archive.field("requests", chip.requests);
    archive.field("dreq", chip.dreq);
    archive.field("masks", chip.masks);
    archive.field("temporary", chip.temporary);
    archive.field("high_byte", chip.high_byte);
}

template <typename Archive> void describe(Archive& archive, Dma::State& dma)
{
    archive.field("first", dma.first);
    archive.field("second", dma.second);
    archive.field("pages", dma.pages);
}

} // namespace windsor::devices::dma
