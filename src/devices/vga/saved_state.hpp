// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of the standard VGA in a saved state; video memory is memory.
#pragma once

#include "devices/vga/vga.hpp"
#include "state/in_place.hpp"

namespace windsor::devices::vga {

template <typename Archive> void describe(Archive& archive, Registers& vga)
{
    archive.field("misc_output", vga.misc_output);
    archive.field("feature_control", vga.feature_control);
    archive.field("video_enable", vga.video_enable);
    archive.field("sequencer_index", vga.sequencer_index);
    archive.field("sequencer", vga.sequencer);
    archive.field("crtc_index", vga.crtc_index);
    archive.field("crtc", vga.crtc);
    archive.field("graphics_index", vga.graphics_index);
    archive.field("graphics", vga.graphics);
    archive.field("latch", vga.latch);
    archive.field("attribute_index", vga.attribute_index);
    archive.field("attribute_data_next", vga.attribute_data_next);
    archive.field("attribute", vga.attribute);
    archive.field("pel_mask", vga.pel_mask);
    archive.field("dac_state", vga.dac_state);
    archive.field("dac_read_index", vga.dac_read_index);
    archive.field("dac_write_index", vga.dac_write_index);
    archive.field("dac_component", vga.dac_component);
    archive.field("dac_pending", vga.dac_pending);
    archive.field("dac", vga.dac);
    archive.field("dac_8bit", vga.dac_8bit);
}

template <typename Archive> void describe(Archive& archive, Dispi& vga)
{
    archive.field("dispi_index", vga.dispi_index);
    archive.field("dispi", vga.dispi);
}

template <typename Archive> void describe(Archive& archive, State& vga)
{
    state::in_place(archive, static_cast<Registers&>(vga));
    state::in_place(archive, static_cast<Dispi&>(vga));
}

} // namespace windsor::devices::vga
