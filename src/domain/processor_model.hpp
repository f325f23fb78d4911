// SPDX-License-Identifier: GPL-2.0-or-later
// The processor that a domain's configuration asks for.
#pragma once

#include "base/log.hpp"
#include "config/domain_config.hpp"
#include "vcpu/cpu_model.hpp"

#include <span>

namespace windsor::domain {

// The standard model without the bits that the configuration hides. The log says what it asks for in vain.
vcpu::CpuModel processor_model(std::span<const config::CpuidBit> bits, base::Log& log);

} // namespace windsor::domain
