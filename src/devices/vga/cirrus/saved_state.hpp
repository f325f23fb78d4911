// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of the Cirrus adapter in a saved state, and the BLT that waits for data; video memory is memory.
#pragma once

#include "devices/vga/cirrus/cirrus.hpp"
#include "devices/vga/saved_state.hpp"

namespace windsor::devices::vga::cirrus {

template <typename Archive> void describe(Archive& archive, Operation& operation)
{
    archive.field("width", operation.width);
    archive.field("height", operation.height);
    archive.field("destination_pitch", operation.destination_pitch);
    archive.field("source_pitch", operation.source_pitch);
    archive.field("destination", operation.destination);
    archive.field("source", operation.source);
    archive.field("foreground", operation.foreground);
    archive.field("background", operation.background);
    archive.field("key", operation.key);
    archive.field("mode", operation.mode);
    archive.field("rop", operation.rop);
    archive.field("extensions", operation.extensions);
    archive.field("clip", operation.clip);
}

template <typename Archive> void describe(Archive& archive, Transfer& transfer)
{
    archive.field("active", transfer.active);
    archive.field("operation", transfer.operation);
    archive.field("line", transfer.line);
    archive.field("filled", transfer.filled);
    archive.field("data", transfer.data);
}

template <typename Archive> void describe(Archive& archive, Extension& extension)
{
    archive.field("sequencer", extension.sequencer);
    archive.field("graphics", extension.graphics);
    archive.field("crtc", extension.crtc);
    archive.field("cursor_x", extension.cursor_x);
    archive.field("cursor_y", extension.cursor_y);
    archive.field("extra_colors", extension.extra_colors);
    archive.field("hidden_dac", extension.hidden_dac);
    archive.field("pel_mask_reads", extension.pel_mask_reads);
    archive.field("latches", extension.latches);
}

template <typename Archive> void describe(Archive& archive, State& cirrus)
{
    archive.field("registers", cirrus.registers);
    archive.field("extension", cirrus.extension);
    archive.field("transfer", cirrus.transfer);
}

} // namespace windsor::devices::vga::cirrus
