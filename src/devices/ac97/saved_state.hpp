// SPDX-License-Identifier: GPL-2.0-or-later
// The sound card in a saved state.
#pragma once

#include "devices/ac97/ac97.hpp"
#include "pci/saved_state.hpp"
#include "state/archive.hpp"

#include <array>
#include <cstdint>

namespace windsor::devices::ac97 {

// Words as bytes, lowest first: the codec is one field, and not 64.
template <typename Archive> void describe(Archive& archive, Codec::State& codec)
{
    std::array<std::uint8_t, 2 * mixer::kWords> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(codec.words[i / 2] >> i % 2 * 8);
    }
    archive.field("words", bytes);
    for (std::size_t i = 0; i < codec.words.size(); ++i) {
        codec.words[i] = static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
    }
}

template <typename Archive> void describe(Archive& archive, BusMaster::State& master)
{
    archive.field("list", master.list);
    archive.field("current", master.current);
    archive.field("last_valid", master.last_valid);
    archive.field("prefetched", master.prefetched);
    archive.field("status", master.status);
    archive.field("left", master.left);
    archive.field("control", master.control);
    archive.field("loaded", master.loaded);
    archive.field("tells", master.tells);
    archive.field("address", master.address);
    archive.field("at", master.at);
    archive.field("phase", master.phase);
}

template <typename Archive> void describe(Archive& archive, Ac97::State& state)
{
    archive.field("pci", state.pci);
    archive.field("codec", state.codec);
    archive.field("channels", state.channels);
    archive.field("control", state.control);
    archive.field("status", state.status);
    archive.field("semaphore", state.semaphore);
}

} // namespace windsor::devices::ac97
