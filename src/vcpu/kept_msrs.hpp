// SPDX-License-Identifier: GPL-2.0-or-later
// The model-specific registers that are only kept for the guest, that live outside the processor core, or that there
// are not: what every engine does alike. SDM volume 4, chapter 2.
#pragma once

#include "vcpu/msr_policy.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"

#include <cstdint>
#include <optional>

namespace windsor::vcpu {

struct KeptMsrs {
    CpuState& state;
    const CpuModel& model;
    CpuIo& io;
    MsrPolicy* policy{nullptr}; // null: unknown registers fault
};

// None: #GP.
std::optional<std::uint64_t> read_kept_msr(const KeptMsrs& msrs, std::uint32_t number);
// False: #GP.
bool write_kept_msr(const KeptMsrs& msrs, std::uint32_t number, std::uint64_t value);

} // namespace windsor::vcpu
