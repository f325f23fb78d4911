// SPDX-License-Identifier: GPL-2.0-or-later
// Who is to have the local APICs where KVM can have them: docs/SUPPORT.md.
#pragma once

#include "kvm/vm.hpp"

#include <cstdint>
#include <string_view>

namespace windsor::kvm {

// What a configuration asks for.
enum class ApicWish : std::uint8_t { Automatic, Kernel, Windsor };

struct ApicChoice {
    Apics apics{Apics::Outside};
    std::string_view why_outside{};
};

// `hypervisor` is the one under the host.
ApicChoice choose_apics(ApicWish wish, std::string_view hypervisor);

} // namespace windsor::kvm
