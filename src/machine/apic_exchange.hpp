// SPDX-License-Identifier: GPL-2.0-or-later
// Local APICs and their messages as the machine's chips have them, and as engines take and give them.
#pragma once

#include "base/clock.hpp"
#include "devices/lapic/lapic.hpp"
#include "devices/lapic/message.hpp"
#include "vcpu/local_apic.hpp"

#include <cstdint>
#include <optional>

namespace windsor::machine {

// `id` is the physical APIC ID; at machine time `now`.
vcpu::LocalApicState to_engine(const devices::lapic::Lapic::State& state, std::uint32_t id, base::Nanoseconds now);
// Overwrites what engines hold, and leaves the rest: the levels of pins, errors that the guest has not asked for, TSC
// deadlines, which the processor does not offer. Bits that the machine's local APIC does not have are zero.
void from_engine(const vcpu::LocalApicState& engine, devices::lapic::Lapic::State& state);

// Nothing: no local APIC takes such a one.
std::optional<vcpu::ApicMessage> to_engine(const devices::lapic::Message& message);

} // namespace windsor::machine
