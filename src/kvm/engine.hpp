// SPDX-License-Identifier: GPL-2.0-or-later
// The host's hardware virtualization as an engine. KVM API, section 5.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kvm/kick.hpp"
#include "kvm/local_apic.hpp"
#include "kvm/vcpu_fd.hpp"
#include "kvm/vm.hpp"
#include "vcpu/engine.hpp"
#include "vcpu/engine_parts.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windsor::kvm {

// The local APIC is the machine's, and then interrupts, NMIs, INIT and start-up IPIs come as signals; or KVM's, if it
// is so in the VM: then it has HLT and the wait for the start, too, and only the 8259's interrupts come as signals.
class Engine final : public vcpu::Engine {
public:
    // Engines of one machine share a VM, which is of the same memory, and differ in their APIC id. Fails if KVM lacks
    // what the model needs. The engine starts in the state after RESET.
    static base::Result<std::unique_ptr<Engine>> create(std::shared_ptr<Vm> vm, const vcpu::EngineParts& parts);

    vcpu::HaltReason run() override;

    vcpu::CpuState state() const override;
    std::string unread() const override;
    void set_state(const vcpu::CpuState& state) override;

    void set_a20(bool open) override;

    vcpu::LocalApic* local_apic() override { return apic_.get(); }

    vcpu::Statistics statistics() const override { return statistics_; }
    std::vector<vcpu::Counter> counters() const override;
    const std::string& failure() const override { return failure_; }

private:
    using Ended = std::optional<vcpu::HaltReason>;

    Engine(std::shared_ptr<Vm> vm, const vcpu::EngineParts& parts, std::unique_ptr<VcpuFd> vcpu);

    vcpu::HaltReason run_on();
    vcpu::HaltReason fail(std::string why);
    void begin();
    Ended step();
    Ended halted() const;

    // signals.cpp: what other threads and devices ask for.
    Ended service_signals();
    void apply_init();
    void apply_sipi();
    void wake_if_due();
    bool nmi_blocked() const;
    void offer_nmi();
    void offer_interrupt();
    Ended stop();
    // Ends the instruction that waits for the answer to an exit.
    Ended complete();
    // Delivers what KVM has accepted and the guest has not seen, as states do not hold it.
    Ended deliver_in_flight();
    // With KVM's local APIC: has it do what it has put off, and notes the timer.
    Ended drain();
    Ended finish_entry();
    void inject(base::Vector vector);
    vcpu::Activity activity() const;

    // exits.cpp: what the guest asks for.
    int enter();
    Ended handle_exit();
    void port_exit();
    void mmio_exit();
    void mmio_access(std::uint64_t address, std::uint8_t* data, unsigned size, bool write);
    void msr_exit(bool write);
    bool write_tsc(std::uint32_t number, std::uint64_t value);
    Ended internal_error();

    std::uint64_t machine_ticks(std::uint64_t khz) const;
    std::uint64_t own_tsc_offset() const;

    std::shared_ptr<Vm> vm_;
    vcpu::EngineParts parts_;
    std::unique_ptr<VcpuFd> vcpu_;
    std::unique_ptr<LocalApic> apic_; // null: it is the machine's
    Kick kick_;
    // What KVM does not hold is up to date here; the rest is as set_state() had it. With a local APIC of its own KVM
    // holds the activity, and this is Running until a triple fault.
    vcpu::CpuState kept_;
    bool completing_{false};     // the last exit waits for its answer to be taken
    bool tsc_stale_{true};       // machine time may have stood still
    bool priority_stale_{true};  // a device may have changed it
    std::uint8_t priority_{0};   // CR8
    vcpu::Statistics statistics_;
    std::uint64_t exits_{0};
    std::uint64_t kicks_{0};
    std::uint64_t ends_{0}; // of level-triggered interrupts that KVM's local APIC has reported
    std::string failure_;
    mutable std::string unread_; // by the last state()
};

} // namespace windsor::kvm
