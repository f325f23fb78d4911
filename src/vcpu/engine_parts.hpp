// SPDX-License-Identifier: GPL-2.0-or-later
// What every engine is made of.
#pragma once

#include "base/clock.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"
#include "vcpu/signals.hpp"

#include <cstdint>

namespace windsor::vcpu {

class MsrPolicy;

// All outlive the engine.
struct EngineParts {
    memory::GuestMemory& memory;
    CpuIo& io;
    const CpuModel& model;
    const base::Clock& clock;
    Signals& signals;
    std::uint32_t apic_id{0};
    MsrPolicy* msr_policy{nullptr}; // of unknown MSRs; null: #GP
};

} // namespace windsor::vcpu
