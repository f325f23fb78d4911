// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC in a saved state.
#pragma once

#include "devices/lapic/lapic.hpp"

namespace windsor::devices::lapic {

template <typename Archive> void describe(Archive& archive, VectorSet& set)
{
    archive.field("words", set.words);
}

template <typename Archive> void describe(Archive& archive, ApicTimer::State& timer)
{
    archive.choice("mode", timer.mode, TimerMode::Reserved);
    archive.field("divide", timer.divide);
    archive.field("initial_count", timer.initial_count);
    archive.field("running", timer.running);
    archive.field("expiry", timer.expiry);
    archive.field("tsc_deadline", timer.tsc_deadline);
}

template <typename Archive> void describe(Archive& archive, Lapic::State& lapic)
{
    archive.field("apic_base", lapic.apic_base);
    archive.field("task_priority", lapic.task_priority);
    archive.field("logical_destination", lapic.logical_destination);
    archive.field("destination_format", lapic.destination_format);
    archive.field("spurious", lapic.spurious);
    archive.field("in_service", lapic.in_service);
    archive.field("trigger_mode", lapic.trigger_mode);
    archive.field("requests", lapic.requests);
    archive.field("errors_shown", lapic.errors_shown);
    archive.field("errors_pending", lapic.errors_pending);
    archive.field("command", lapic.command);
    archive.field("lvt", lapic.lvt);
    archive.field("lint", lapic.lint);
    archive.field("timer", lapic.timer);
}

template <typename Archive> void describe(Archive& archive, ApicBus::State& bus)
{
    archive.field("last_lowest", bus.last_lowest);
}

} // namespace windsor::devices::lapic
