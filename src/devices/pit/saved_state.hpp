// SPDX-License-Identifier: GPL-2.0-or-later
// The interval timer in a saved state.
#pragma once

#include "devices/pit/pit.hpp"

namespace windsor::devices::pit {

template <typename Archive> void describe(Archive& archive, Counter::State& counter)
{
    archive.choice("mode", counter.mode, Mode::HardwareStrobe);
    archive.choice("access", counter.access, AccessMode::LowThenHigh);
    archive.field("bcd", counter.bcd);
    archive.field("gate", counter.gate);
    archive.field("programmed", counter.programmed);
    archive.field("loaded", counter.loaded);
    archive.field("triggered", counter.triggered);
    archive.field("counting", counter.counting);
    archive.field("has_pending", counter.has_pending);
    archive.field("write_high", counter.write_high);
    archive.field("read_high", counter.read_high);
    archive.field("status_latched", counter.status_latched);
    archive.field("count_bytes_latched", counter.count_bytes_latched);
    archive.field("latched_status", counter.latched_status);
    archive.field("low_byte", counter.low_byte);
    archive.field("latched_count", counter.latched_count);
    archive.field("period", counter.period);
    archive.field("pending", counter.pending);
    archive.field("since", counter.since);
    archive.field("elapsed", counter.elapsed);
    archive.field("seen", counter.seen);
    archive.field("rises", counter.rises);
}

template <typename Archive> void describe(Archive& archive, Pit::State& pit)
{
    archive.field("counters", pit.counters);
    archive.field("lost_edges", pit.lost_edges);
    archive.field("owed_edges", pit.owed_edges);
}

template <typename Archive> void describe(Archive& archive, SystemControlPort::State& port)
{
    archive.field("written", port.written);
}

} // namespace windsor::devices::pit
