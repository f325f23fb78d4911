// SPDX-License-Identifier: GPL-2.0-or-later
// The processor that a domain's configuration asks for.
#pragma once

#include "base/log.hpp"
#include "config/domain_config.hpp"
#include "vcpu/cpu_model.hpp"

namespace windsor::domain {

// The standard model without what the keys `pae` and `cpuid` hide. The log says what `cpuid` asks for in vain.
vcpu::CpuModel processor_model(const config::DomainConfig& config, base::Log& log);

} // namespace windsor::domain
