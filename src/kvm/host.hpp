// SPDX-License-Identifier: GPL-2.0-or-later
// The host, where it is a virtual machine itself.
#pragma once

#include "vcpu/cpu_model.hpp"

#include <string>
#include <string_view>

namespace windsor::kvm {

// What the hypervisor calls itself; empty: there is none. Of CPUID's leaves 1 and 0x4000'0000.
std::string hypervisor_name(const vcpu::CpuidLeaf& features, const vcpu::CpuidLeaf& hypervisor);
// The hypervisor that this host runs under.
std::string host_hypervisor();

// Whether it is QEMU without hardware virtualization. Before version 10.2 a VMRUN there, with a virtual interrupt
// pending, changes the processor's set of pending interrupts without a lock, and the host may lose one of its own:
// QEMU's "cpu-common: use atomic access for interrupt_request".
bool is_qemu_tcg(std::string_view hypervisor);

} // namespace windsor::kvm
