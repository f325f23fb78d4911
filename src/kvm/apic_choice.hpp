// SPDX-License-Identifier: GPL-2.0-or-later
// Who is to have the local APICs where KVM can have them: docs/SUPPORT.md.
#pragma once

#include "base/result.hpp"
#include "kvm/vm.hpp"

#include <string_view>

namespace windsor::kvm {

struct ApicChoice {
    Apics apics{Apics::Outside};
    std::string_view why_outside{};
};

// `wish` is what WINDSOR_KVM_APICS says, or null; `hypervisor` is the one under the host.
base::Result<ApicChoice> choose_apics(const char* wish, std::string_view hypervisor);

} // namespace windsor::kvm
