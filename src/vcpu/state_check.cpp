// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/state_check.hpp"

#include "vcpu/state_rules.hpp"

#include <array>

namespace windsor::vcpu {

Checked::Checked(const CpuState& of_state, const CpuModel& of_model)
    : s{of_state},
      model{of_model},
      one{model.cpuid(1, 0, s, 0)},
      seven{.ebx = model.word(7, 0, 1), .ecx = model.word(7, 0, 2)},
      extended{.edx = model.word(0x80000001, 0, 3)},
      paging{(s.cr0 & x86::cr0::kPg) != 0},
      protected_mode{(s.cr0 & x86::cr0::kPe) != 0},
      virtual8086{protected_mode && (s.rflags & x86::rflags::kVm) != 0},
      long_mode{(s.efer & x86::efer::kLma) != 0},
      code64{long_mode && s.segment(x86::Seg::Cs).attributes.l}
{
}

base::Status check_state(const CpuState& state, const CpuModel& model)
{
    const Checked checked{state, model};
    for (const auto& rules : std::array{control_rules(), floating_rules(), register_rules()}) {
        for (const Rule& rule : rules) {
            if (!rule.holds(checked)) {
                return base::fail("its {} is {:#x}, which no processor of this kind can hold: {}", rule.name,
                                  rule.value(checked), rule.reason);
            }
        }
    }
    return check_segments(checked);
}

} // namespace windsor::vcpu
