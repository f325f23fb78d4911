// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/processor_model.hpp"

#include "config/cpuid_key.hpp"

#include <array>

namespace windsor::domain {

namespace {

// As the guest will see it, with everything hidden that depends on what was hidden.
bool shows(const vcpu::CpuModel& model, const config::CpuidBit& bit)
{
    const vcpu::CpuidLeaf leaf = model.cpuid(bit.leaf, bit.subleaf, {}, 0);
    const std::array registers{leaf.eax, leaf.ebx, leaf.ecx, leaf.edx};
    return ((registers.at(bit.reg) >> bit.bit) & 1) != 0;
}

} // namespace

vcpu::CpuModel processor_model(const config::DomainConfig& config, base::Log& log)
{
    const std::vector<config::CpuidBit>& bits = config.cpuid;
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    if (config.pae == config::Switch::Off) {
        model.hide_pae();
    }
    for (const config::CpuidBit& bit : bits) {
        if (!bit.value && shows(model, bit)) {
            model.override_bit(bit.leaf, bit.subleaf, bit.reg, bit.bit, false);
        }
    }
    // Only now is it known what is left. Nothing is added: the engines run what the model has, and no more.
    for (const config::CpuidBit& bit : bits) {
        if (bit.value && !shows(model, bit)) {
            log.warning("cpuid: {} is not provided; the bit stays clear", config::describe(bit));
        } else if (!bit.value && shows(model, bit)) {
            log.warning("cpuid: {} cannot be hidden; the bit stays set", config::describe(bit));
        }
    }
    return model;
}

} // namespace windsor::domain
