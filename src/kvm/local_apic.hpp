// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC that KVM has for a processor. KVM API, KVM_CAP_SPLIT_IRQCHIP.
#pragma once

#include "base/clock.hpp"
#include "kvm/blocked_flag.hpp"
#include "kvm/messages.hpp"
#include "kvm/vcpu_fd.hpp"
#include "vcpu/local_apic.hpp"

#include <optional>
#include <string>

namespace windsor::kvm {

// KVM's timer knows no pauses: it goes on in host time when the processor has stopped. So what it showed at the stop is
// noted, and what has become of it until the state is taken does not count.
class LocalApic final : public vcpu::LocalApic {
public:
    // All outlive it.
    LocalApic(VcpuFd& vcpu, Messages& messages, const base::Clock& clock);

    void give(const vcpu::LocalApicState& state) override;
    vcpu::LocalApicState take() override;
    bool waiting() const override { return blocked_.test(); }
    vcpu::ApicMessages& messages() override { return messages_; }

    // The processor stops, or runs.
    enum class Timer : std::uint8_t { Counts, Expired };
    Timer note_timer();
    void forget_timer() { noted_.reset(); }

    // Why KVM does not have the state that it was given; empty if it has.
    const std::string& failure() const { return failure_; }

private:
    base::Status load(const vcpu::LocalApicState& state);

    VcpuFd& vcpu_;
    Messages& messages_;
    const base::Clock& clock_;
    BlockedFlag blocked_;
    std::optional<vcpu::LocalApicState> noted_;
    std::string failure_;
};

} // namespace windsor::kvm
