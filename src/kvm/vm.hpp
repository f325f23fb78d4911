// SPDX-License-Identifier: GPL-2.0-or-later
// A virtual machine of KVM: what the engines of one machine share. KVM API, sections 2 and 4.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "kvm/messages.hpp"
#include "kvm/slots.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <linux/kvm.h>

namespace windsor::kvm {

// A capability of KVM that the engine cannot do without.
struct Capability {
    int number;
    const char* name;
    const char* since; // the first version of Linux that has it
};
std::span<const Capability> needed_capabilities();

// The processor model without the features that this host's KVM does not have. Fails without KVM, or where features are
// missing that nothing does without. `device` is an open /dev/kvm; -1: it is opened.
base::Result<vcpu::CpuModel> fit_to_host(const vcpu::CpuModel& model, int device = -1);

// Where the processors' local APICs are. Other interrupt controllers are never KVM's.
enum class Apics : std::uint8_t { Outside, Kernel };

class Vm {
public:
    // Fails, with one sentence, if KVM is not there or refuses. `memory` outlives the VM. Local APICs in the kernel are
    // a wish: apics() says what has become of it. `device` is as above.
    static base::Result<std::shared_ptr<Vm>> create(memory::GuestMemory& memory, Apics apics = Apics::Outside,
                                                   int device = -1);
    ~Vm();
    Vm(const Vm&) = delete;
    Vm& operator=(const Vm&) = delete;

    int fd() const { return vm_.get(); }
    Apics apics() const { return messages_ ? Apics::Kernel : Apics::Outside; }
    // With local APICs in the kernel; null without.
    Messages* messages() { return messages_.get(); }
    memory::GuestMemory& memory() { return memory_; }
    MemorySlots& slots() { return *slots_; }
    // Bytes of a processor's shared page.
    std::size_t run_bytes() const { return run_bytes_; }
    bool has(int capability) const;
    const std::vector<kvm_cpuid_entry2>& supported_cpuid() const { return supported_cpuid_; }

private:
    class Table;

    explicit Vm(memory::GuestMemory& memory);
    base::Status open(int device);
    base::Status take_apics();
    base::Status prepare_intel();
    base::Status filter_msrs();

    memory::GuestMemory& memory_;
    base::Fd kvm_;
    base::Fd vm_;
    std::size_t run_bytes_{0};
    std::vector<kvm_cpuid_entry2> supported_cpuid_;
    std::unique_ptr<Table> table_;
    std::unique_ptr<MemorySlots> slots_;
    std::unique_ptr<Messages> messages_;
};

} // namespace windsor::kvm
