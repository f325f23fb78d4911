// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_choice.hpp"

#include "kvm/host.hpp"

namespace windsor::kvm {

base::Result<ApicChoice> choose_apics(const char* wish, std::string_view hypervisor)
{
    if (wish == nullptr) {
        if (is_qemu_tcg(hypervisor)) {
            return ApicChoice{Apics::Outside, "the host's processor is emulated by QEMU, which may lose the host's "
                                              "interrupts with KVM's; WINDSOR_KVM_APICS=kernel tries them"};
        }
        return ApicChoice{Apics::Kernel};
    }
    if (std::string_view{wish} == "kernel") {
        return ApicChoice{Apics::Kernel};
    }
    if (std::string_view{wish} == "windsor") {
        return ApicChoice{Apics::Outside, "WINDSOR_KVM_APICS asks for that"};
    }
    return base::fail("WINDSOR_KVM_APICS is '{}': set it to 'kernel' or 'windsor'", wish);
}

} // namespace windsor::kvm
