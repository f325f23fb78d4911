// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/vcpu_fd.hpp"

#include "kvm/control.hpp"
#include "kvm/cpuid.hpp"
#include "x86/msr.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/mman.h>

namespace windsor::kvm {

namespace {

constexpr std::uint64_t kApicAt = 0xfee0'0000;
constexpr std::uint64_t kApicEnabled = 1 << 11;
constexpr std::uint64_t kApicBootstrap = 1 << 8;

using MsrBatch = List<kvm_msr_entry, kMsrFields.size()>;
static_assert(offsetof(MsrBatch, entries) == kListBytes && sizeof(kvm_xsave::region) == kXsaveBytes);

MsrBatch msr_batch(bool with_tsc_aux)
{
    MsrBatch batch;
    for (const MsrField& field : kMsrFields) {
        if (field.number != x86::msr::kTscAux || with_tsc_aux) {
            batch.entries[batch.count++].index = field.number;
        }
    }
    return batch;
}

} // namespace

base::Result<std::unique_ptr<VcpuFd>> VcpuFd::create(Vm& vm, const vcpu::CpuModel& model, std::uint32_t apic_id)
{
    std::unique_ptr<VcpuFd> result{new VcpuFd};
    WINDSOR_TRY(result->open(vm, apic_id));
    result->choose_tsc_rate(vm, model.tsc_hz());
    WINDSOR_TRY(result->set_cpuid(vm, model, apic_id));
    result->sregs2_ = vm.has(KVM_CAP_SREGS2);
    result->apics_ = vm.apics();
    return result;
}

VcpuFd::~VcpuFd()
{
    if (run_ != nullptr) {
        ::munmap(run_, run_bytes_);
    }
}

base::Status VcpuFd::open(Vm& vm, std::uint32_t apic_id)
{
    fd_.reset(control(vm.fd(), KVM_CREATE_VCPU, apic_id));
    if (!fd_) {
        return base::fail("KVM refuses to make a processor: {}", base::errno_text(errno));
    }
    void* page = ::mmap(nullptr, vm.run_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (page == MAP_FAILED) {
        return refused("shared page");
    }
    run_ = static_cast<kvm_run*>(page);
    run_bytes_ = vm.run_bytes();
    return {};
}

base::Status VcpuFd::set_cpuid(const Vm& vm, const vcpu::CpuModel& model, std::uint32_t apic_id)
{
    std::vector<kvm_cpuid_entry2> entries = WINDSOR_TRY(guest_cpuid(model, vm.supported_cpuid(), apic_id));
    if (tsc_khz_ != model.tsc_hz() / 1000) { // leaves 15H and 16H say the model's rate
        std::erase_if(entries,
                      [](const kvm_cpuid_entry2& entry) { return entry.function == 0x15 || entry.function == 0x16; });
    }
    List<kvm_cpuid_entry2, 256> table;
    table.count = static_cast<std::uint32_t>(std::min(entries.size(), table.entries.size()));
    std::copy_n(entries.begin(), table.count, table.entries.begin());
    WINDSOR_TRY(check(control(fd_.get(), kSetCpuid2, &table), "CPUID"));

    const auto bit = [&](std::uint32_t leaf, std::uint32_t kvm_cpuid_entry2::* word, unsigned number) {
        const auto found = std::ranges::find(entries, leaf, &kvm_cpuid_entry2::function);
        return found != entries.end() && ((*found.*word >> number) & 1) != 0;
    };
    avx_ = bit(1, &kvm_cpuid_entry2::ecx, 28) ? AvxState::Present : AvxState::Absent;
    tsc_aux_ = bit(0x80000001, &kvm_cpuid_entry2::edx, 27);
    // KVM shows the APIC bit of CPUID as this register has it, whatever the table says.
    if (bit(1, &kvm_cpuid_entry2::edx, 9)) {
        apic_base_ = kApicAt | kApicEnabled | (apic_id == 0 ? kApicBootstrap : 0);
    }
    return {};
}

// Where the host cannot scale it the counter runs at its own rate, as it does on a faster processor.
void VcpuFd::choose_tsc_rate(const Vm& vm, std::uint64_t hz)
{
    if (vm.has(KVM_CAP_TSC_CONTROL) && control(fd_.get(), KVM_SET_TSC_KHZ, hz / 1000) == 0) {
        tsc_khz_ = hz / 1000;
        return;
    }
    const int khz = control(fd_.get(), KVM_GET_TSC_KHZ);
    tsc_khz_ = khz > 0 ? static_cast<std::uint64_t>(khz) : hz / 1000;
}

std::span<std::uint8_t> VcpuFd::shared(std::uint64_t offset, std::uint64_t size)
{
    if (offset > run_bytes_ || size > run_bytes_ - offset) {
        return {};
    }
    return {static_cast<std::uint8_t*>(static_cast<void*>(run_)) + offset, size};
}

// Special registers before everything whose validity depends on the mode.
base::Status VcpuFd::load(const vcpu::CpuState& state)
{
    WINDSOR_TRY(load_sregs(state));
    kvm_regs regs = to_regs(state);
    WINDSOR_TRY(check(control(fd_.get(), KVM_SET_REGS, &regs), "general registers"));
    kvm_xcrs xcrs{};
    xcrs.nr_xcrs = 1;
    xcrs.xcrs[0].value = state.xcr0;
    WINDSOR_TRY(check(control(fd_.get(), KVM_SET_XCRS, &xcrs), "XCR0"));
    kvm_xsave xsave = to_xsave(state, avx_);
    WINDSOR_TRY(check(control(fd_.get(), kSetXsave, &xsave), "x87 and vector registers"));
    kvm_debugregs debug = to_debugregs(state);
    WINDSOR_TRY(check(control(fd_.get(), KVM_SET_DEBUGREGS, &debug), "debug registers"));
    WINDSOR_TRY(load_msrs(state));
    return set_events(to_events(state));
}

// A local APIC of KVM's stays as it is. The task priority has four bits here, so the lower four, which are for nothing
// but reading back, become zero.
base::Status VcpuFd::load_sregs(const vcpu::CpuState& state)
{
    kvm_sregs2 sregs = to_sregs2(state, apic_base_);
    sregs.cr8 = run_->cr8;
    if (apics_ == Apics::Kernel) {
        kvm_sregs now{};
        WINDSOR_TRY(check(control(fd_.get(), KVM_GET_SREGS, &now), "control and segment registers"));
        sregs.apic_base = now.apic_base;
        sregs.cr8 = now.cr8;
    }
    if (sregs2_) {
        return check(control(fd_.get(), KVM_SET_SREGS2, &sregs), "control and segment registers");
    }
    kvm_sregs old = to_sregs(sregs);
    return check(control(fd_.get(), KVM_SET_SREGS, &old), "control and segment registers");
}

base::Status VcpuFd::load_msrs(const vcpu::CpuState& state)
{
    MsrBatch batch = msr_batch(tsc_aux_);
    for (kvm_msr_entry& entry : std::span{batch.entries}.first(batch.count)) {
        entry.data = state.*(std::ranges::find(kMsrFields, entry.index, &MsrField::number)->field);
    }
    const int done = control(fd_.get(), kSetMsrs, &batch);
    if (done >= 0 && static_cast<std::uint32_t>(done) < batch.count) {
        return base::fail("KVM refuses the value {:#x} of the processor's MSR {:#x}",
                          batch.entries[static_cast<std::size_t>(done)].data,
                          batch.entries[static_cast<std::size_t>(done)].index);
    }
    return check(done, "model-specific registers");
}

base::Status VcpuFd::store(vcpu::CpuState& state) const
{
    kvm_sregs2 sregs{};
    if (sregs2_) {
        WINDSOR_TRY(check(control(fd_.get(), KVM_GET_SREGS2, &sregs), "control and segment registers"));
    } else {
        kvm_sregs old{};
        WINDSOR_TRY(check(control(fd_.get(), KVM_GET_SREGS, &old), "control and segment registers"));
        sregs = from_sregs(old);
    }
    from_sregs2(sregs, state);
    kvm_regs regs{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_REGS, &regs), "general registers"));
    from_regs(regs, state);
    kvm_xsave xsave{};
    WINDSOR_TRY(check(control(fd_.get(), kGetXsave, &xsave), "x87 and vector registers"));
    from_xsave(xsave, state);
    kvm_xcrs xcrs{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_XCRS, &xcrs), "XCR0"));
    for (const kvm_xcr& xcr : std::span{xcrs.xcrs}.first(std::min<std::size_t>(xcrs.nr_xcrs, KVM_MAX_XCRS))) {
        state.xcr0 = xcr.xcr == 0 ? xcr.value : state.xcr0;
    }
    kvm_debugregs debug{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_DEBUGREGS, &debug), "debug registers"));
    from_debugregs(debug, state);
    WINDSOR_TRY(store_msrs(state));
    from_events(WINDSOR_TRY(events()), state);
    return {};
}

base::Status VcpuFd::store_msrs(vcpu::CpuState& state) const
{
    MsrBatch batch = msr_batch(tsc_aux_);
    const int done = control(fd_.get(), kGetMsrs, &batch);
    if (done < 0 || static_cast<std::uint32_t>(done) < batch.count) {
        return refused("model-specific registers");
    }
    for (const kvm_msr_entry& entry : std::span{batch.entries}.first(batch.count)) {
        state.*(std::ranges::find(kMsrFields, entry.index, &MsrField::number)->field) = entry.data;
    }
    return {};
}

base::Status VcpuFd::set_tsc(std::uint64_t value)
{
    MsrBatch batch;
    batch.count = 1;
    batch.entries[0].index = x86::msr::kTsc;
    batch.entries[0].data = value;
    return control(fd_.get(), kSetMsrs, &batch) == 1 ? base::Status{} : refused("time-stamp counter");
}

base::Result<kvm_vcpu_events> VcpuFd::events() const
{
    kvm_vcpu_events events{};
    WINDSOR_TRY(check(control(fd_.get(), KVM_GET_VCPU_EVENTS, &events), "pending events"));
    return events;
}

base::Status VcpuFd::set_events(kvm_vcpu_events events)
{
    return check(control(fd_.get(), KVM_SET_VCPU_EVENTS, &events), "pending events");
}

} // namespace windsor::kvm
