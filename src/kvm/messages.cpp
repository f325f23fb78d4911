// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/messages.hpp"

#include "kvm/apic_state.hpp"
#include "kvm/control.hpp"

#include <algorithm>
#include <cstddef>

namespace windsor::kvm {

namespace {

using Routes = List<kvm_irq_routing_entry, vcpu::ApicMessages::kMostReported>;
static_assert(offsetof(Routes, entries) == kListBytes);

} // namespace

// KVM gives the number of processors that took it.
bool Messages::deliver(const vcpu::ApicMessage& message)
{
    kvm_msi msi = to_msi(message);
    return control(vm_, KVM_SIGNAL_MSI, &msi) > 0;
}

base::Status Messages::report_ends(std::span<const vcpu::ApicMessage> messages)
{
    const std::vector<kvm_irq_routing_entry> routes = to_routes(messages);
    Routes table;
    table.count = static_cast<std::uint32_t>(std::min(routes.size(), table.entries.size()));
    std::copy_n(routes.begin(), table.count, table.entries.begin());
    if (control(vm_, kSetGsiRouting, &table) != 0) {
        return base::fail("KVM refuses the pins of the I/O APIC: {}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::kvm
