// SPDX-License-Identifier: GPL-2.0-or-later
// The real-time clock and its RAM in a saved state.
#pragma once

#include "devices/rtc/rtc.hpp"

namespace windsor::devices::rtc {

template <typename Archive> void describe(Archive& archive, Rtc::State& rtc)
{
    archive.field("cmos", rtc.cmos);
    archive.field("index", rtc.index);
    archive.field("extended_index", rtc.extended_index);
    archive.field("nmi_masked", rtc.nmi_masked);
    archive.field("running", rtc.running);
    archive.field("seconds", rtc.seconds);
    archive.field("origin", rtc.origin);
    archive.field("seen", rtc.seen);
    archive.field("weekday_ahead", rtc.weekday_ahead);
    archive.field("told_offset", rtc.told_offset);
    archive.field("lost_periodic", rtc.lost_periodic);
    archive.field("owed_periodic", rtc.owed_periodic);
    archive.field("reinjected", rtc.reinjected);
}

} // namespace windsor::devices::rtc
