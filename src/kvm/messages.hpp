// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts to the local APICs in KVM, and their ends. KVM API, KVM_SIGNAL_MSI and KVM_SET_GSI_ROUTING.
#pragma once

#include "vcpu/local_apic.hpp"

#include <utility>

namespace windsor::kvm {

class Messages final : public vcpu::ApicMessages {
public:
    // The file of a virtual machine, which outlives this.
    explicit Messages(int vm) : vm_{vm} {}

    bool deliver(const vcpu::ApicMessage& message) override;
    base::Status report_ends(std::span<const vcpu::ApicMessage> messages) override;
    void on_end(std::function<void(std::uint8_t)> listener) override { listener_ = std::move(listener); }

    // A processor says so, by KVM_EXIT_IOAPIC_EOI.
    void ended(std::uint8_t vector)
    {
        if (listener_) {
            listener_(vector);
        }
    }

private:
    int vm_;
    std::function<void(std::uint8_t)> listener_;
};

} // namespace windsor::kvm
