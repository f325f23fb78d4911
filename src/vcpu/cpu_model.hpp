// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUID answers: the processor that the guest believes to have.
#pragma once

#include "base/result.hpp"
#include "vcpu/state.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windsor::vcpu {

struct CpuidLeaf {
    std::uint32_t eax{0};
    std::uint32_t ebx{0};
    std::uint32_t ecx{0};
    std::uint32_t edx{0};

    bool operator==(const CpuidLeaf&) const = default;
};

// An immutable processor model.
class CpuModel {
public:
    // By name (see names()); an unknown name is an error that lists them.
    static base::Result<CpuModel> find(std::string_view name);
    static std::vector<std::string> names();
    // The model of domains that choose none: what every engine provides.
    static CpuModel standard();

    const std::string& name() const { return name_; }
    // CPUID.1:EAX.
    std::uint32_t signature() const;
    // TSC ticks a second.
    std::uint64_t tsc_hz() const { return tsc_hz_; }

    // The answer of CPUID as `state` shapes it (OSXSAVE, APIC id, XSAVE size). SDM volume 2A, CPUID.
    CpuidLeaf cpuid(std::uint32_t leaf, std::uint32_t subleaf, const CpuState& state, std::uint32_t apic_id) const;

    // One register (0 to 3: EAX to EDX) of a leaf as the model has it; zero if it has no such leaf.
    std::uint32_t word(std::uint32_t leaf, std::uint32_t subleaf, unsigned reg) const;

    // Sets or clears one bit, for the configuration's `cpuid` key.
    void override_bit(std::uint32_t leaf, std::uint32_t subleaf, unsigned reg, unsigned bit, bool value);
    // The machine has so many processors, 1 to 128: cores of one package, where the model can say so, and otherwise
    // packages of their own. Their APIC ids are even, see firmware/acpi_tables.hpp.
    void share_package(unsigned cores);
    // For a machine without local APICs.
    void hide_apic();
    // Physical address extension, and what needs it: long mode and NX.
    void hide_pae();

private:
    CpuModel() = default;
    bool is_intel() const;

    std::string name_;
    std::uint64_t tsc_hz_{0};
    std::map<std::pair<std::uint32_t, std::uint32_t>, CpuidLeaf> leaves_;
};

} // namespace windsor::vcpu
