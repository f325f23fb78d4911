// SPDX-License-Identifier: GPL-2.0-or-later
// The file of a virtual processor, the page that it shares, and its state. KVM API, sections 4 and 5.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "kvm/conversion.hpp"
#include "kvm/vm.hpp"
#include "vcpu/cpu_model.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace windsor::kvm {

class VcpuFd {
public:
    static base::Result<std::unique_ptr<VcpuFd>> create(Vm& vm, const vcpu::CpuModel& model, std::uint32_t apic_id);
    ~VcpuFd();
    VcpuFd(const VcpuFd&) = delete;
    VcpuFd& operator=(const VcpuFd&) = delete;

    int fd() const { return fd_.get(); }
    kvm_run& run() { return *run_; }
    const kvm_run& run() const { return *run_; }
    // Bytes at an offset of the shared page, as exits name them; empty if they do not lie within it.
    std::span<std::uint8_t> shared(std::uint64_t offset, std::uint64_t size);

    // Everything of the state that KVM holds. The error says which part it refuses.
    base::Status load(const vcpu::CpuState& state);
    // Overwrites what KVM holds, and leaves the rest.
    base::Status store(vcpu::CpuState& state) const;

    // Ticks of the time-stamp counter in a thousandth of a second.
    std::uint64_t tsc_khz() const { return tsc_khz_; }
    base::Status set_tsc(std::uint64_t value);

    // In flight: acknowledged or raised, but not yet delivered.
    base::Result<kvm_vcpu_events> events() const;
    base::Status set_events(kvm_vcpu_events events);

    // Where KVM has the local APIC. Asking for the activity carries out an INIT or start-up IPI that has come.
    vcpu::Activity activity() const;
    base::Status set_activity(vcpu::Activity activity);
    base::Result<kvm_lapic_state> lapic() const;
    base::Status set_lapic(kvm_lapic_state lapic);
    base::Result<std::uint64_t> apic_base() const;
    base::Status set_apic_base(std::uint64_t value);
    // Makes an interrupt of the 8259's one in flight.
    base::Status inject(base::Vector vector);
    // An NMI that the processor has not taken is none any more.
    bool take_nmi();

private:
    VcpuFd() = default;
    base::Status open(Vm& vm, std::uint32_t apic_id);
    base::Status set_cpuid(const Vm& vm, const vcpu::CpuModel& model, std::uint32_t apic_id);
    void choose_tsc_rate(const Vm& vm, std::uint64_t hz);
    base::Status load_sregs(const vcpu::CpuState& state);
    base::Status load_msrs(const vcpu::CpuState& state);
    base::Status store_msrs(vcpu::CpuState& state) const;

    base::Fd fd_;
    kvm_run* run_{nullptr};
    std::size_t run_bytes_{0};
    AvxState avx_{AvxState::Absent};
    bool sregs2_{false};
    Apics apics_{Apics::Outside};
    bool tsc_aux_{false};
    std::uint64_t apic_base_{0};
    std::uint64_t tsc_khz_{0};
};

} // namespace windsor::kvm
