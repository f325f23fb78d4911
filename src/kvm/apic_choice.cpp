// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_choice.hpp"

#include "kvm/host.hpp"

namespace windsor::kvm {

ApicChoice choose_apics(ApicWish wish, std::string_view hypervisor)
{
    switch (wish) {
    case ApicWish::Kernel: return {Apics::Kernel};
    case ApicWish::Windsor: return {Apics::Outside, "kvm_apics = 'windsor' asks for that"};
    case ApicWish::Automatic: break;
    }
    if (is_qemu_tcg(hypervisor)) {
        return {Apics::Outside, "the host's processor is emulated by QEMU, which may lose the host's interrupts with "
                                "KVM's; kvm_apics = 'kernel' tries them"};
    }
    return {Apics::Kernel};
}

} // namespace windsor::kvm
