// SPDX-License-Identifier: GPL-2.0-or-later
// Gets a processor out of KVM_RUN from another thread. KVM API, kvm_run::immediate_exit.
#pragma once

#include "vcpu/signals.hpp"

#include <atomic>
#include <cstdint>

#include <linux/kvm.h>

namespace windsor::kvm {

// KVM_RUN returns at once where the flag is set, and a signal ends one that has begun. Both are needed: the flag is
// looked at once, and a signal that comes before KVM_RUN is lost.
class Kick final : public vcpu::Signals::Kick {
public:
    // Installs a handler that does nothing for the signal.
    explicit Kick(kvm_run& run);

    // From any thread: the KVM_RUN that runs, or else the next one before clear(), returns with EINTR.
    void send() override;

    // On the processor's thread. What was asked for before clear() is seen by looking after it.
    void clear() { flag().store(0, std::memory_order_seq_cst); }
    void demand() { flag().store(1, std::memory_order_seq_cst); }
    bool demanded() { return flag().load(std::memory_order_seq_cst) != 0; }

    // KVM_RUN; gives its result, errno as it left it.
    int run(int fd);
    // The same without an instruction of the guest's: KVM does what it has put off until the next one, unless it is
    // demanded() meanwhile. Always EINTR, or an exit.
    int run_without_guest(int fd);

private:
    std::atomic_ref<std::uint8_t> flag() { return std::atomic_ref<std::uint8_t>{run_.immediate_exit}; }

    kvm_run& run_;
    std::atomic<int> inside_{0}; // the thread that is in KVM_RUN
};

} // namespace windsor::kvm
