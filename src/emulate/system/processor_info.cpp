// SPDX-License-Identifier: GPL-2.0-or-later
// CPUID and the counters: RDTSC, RDTSCP, RDPMC. SDM volume 2.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/msr.hpp"

namespace windsor::emulate {

using x86::Exception;

namespace {

// A local APIC that IA32_APIC_BASE[11] has switched off is not there. SDM volume 3A, section 10.4.3; AMD has the flag
// twice (AMD64 APM volume 3, Fn8000_0001_EDX).
void follow_apic_base(Cpu& cpu, std::uint32_t leaf, vcpu::CpuidLeaf& answer)
{
    constexpr std::uint32_t kApic = 1u << 9;
    constexpr std::uint64_t kEnabled = 1u << 11;
    if ((leaf != 1 && leaf != 0x80000001) || (answer.edx & kApic) == 0) {
        return;
    }
    const auto base = cpu.io().read_msr(x86::msr::kApicBase);
    if (base && (*base & kEnabled) == 0) {
        answer.edx &= ~kApic;
    }
}

Outcome cpuid(Cpu& cpu, const Insn&)
{
    const auto number = cpu.reg<std::uint32_t>(x86::kRax);
    auto leaf = cpu.model().cpuid(number, cpu.reg<std::uint32_t>(x86::kRcx), cpu.s, cpu.apic_id());
    follow_apic_base(cpu, number, leaf);
    cpu.set_reg(x86::kRax, leaf.eax);
    cpu.set_reg(x86::kRbx, leaf.ebx);
    cpu.set_reg(x86::kRcx, leaf.ecx);
    cpu.set_reg(x86::kRdx, leaf.edx);
    return Outcome::Next;
}

bool read_tsc(Cpu& cpu)
{
    if ((cpu.s.cr4 & x86::cr4::kTsd) != 0 && cpu.cpl() != 0) {
        return cpu.refuse(Exception::Gp);
    }
    const std::uint64_t tsc = cpu.tsc();
    cpu.set_reg(x86::kRax, static_cast<std::uint32_t>(tsc));
    cpu.set_reg(x86::kRdx, static_cast<std::uint32_t>(tsc >> 32));
    return true;
}

Outcome rdtsc(Cpu& cpu, const Insn&)
{
    return read_tsc(cpu) ? Outcome::Next : Outcome::Fault;
}

Outcome rdtscp(Cpu& cpu, const Insn&)
{
    if (!read_tsc(cpu)) {
        return Outcome::Fault;
    }
    cpu.set_reg(x86::kRcx, static_cast<std::uint32_t>(cpu.s.tsc_aux));
    return Outcome::Next;
}

// The model has no performance counters.
Outcome rdpmc(Cpu& cpu, const Insn&)
{
    return cpu.raise(Exception::Gp);
}

} // namespace

void add_processor_info(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_CPUID, plain<serializing<cpuid>>);
    table.set(ZYDIS_MNEMONIC_RDTSC, plain<rdtsc>);
    table.set(ZYDIS_MNEMONIC_RDTSCP, plain<rdtscp>);
    table.set(ZYDIS_MNEMONIC_RDPMC, plain<rdpmc>);
}

} // namespace windsor::emulate
