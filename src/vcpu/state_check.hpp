// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a processor can be in a state. What a file or another host says is not to be believed: engines take for
// granted that reserved bits are clear and that modes fit each other.
#pragma once

#include "base/result.hpp"
#include "vcpu/cpu_model.hpp"

namespace windsor::vcpu {

// The error names the first register that no processor of `model` can hold so, with its value and the reason. Every
// state that an engine has come to by running passes.
base::Status check_state(const CpuState& state, const CpuModel& model);

} // namespace windsor::vcpu
