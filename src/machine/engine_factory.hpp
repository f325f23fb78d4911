// SPDX-License-Identifier: GPL-2.0-or-later
// The processor engines that a machine can have.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "emulate/cpu.hpp"
#include "emulate/trace.hpp"
#include "vcpu/engine.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace windsor::machine {

enum class EngineType : std::uint8_t { Emulate, Translate, Kvm };

// The processor model without the features that such an engine does not have on this host.
base::Result<vcpu::CpuModel> fit_model(EngineType type, const vcpu::CpuModel& model);

using Engines = std::vector<std::unique_ptr<vcpu::Engine>>;

// One engine for each processor of a machine. Fails where the host refuses what they need. `trace` may be null, and
// outlives them; only an interpreter or a translator, and only one, can have one. The log is told where KVM's processors
// have their local APICs.
base::Result<Engines> make_engines(EngineType type, std::span<const emulate::Cpu::Parts> processors,
                                   emulate::TraceSink* trace, base::Log& log);

// The trace that the environment asks for; null for none.
base::Result<std::unique_ptr<emulate::TraceSink>> make_trace(base::Log& log);

} // namespace windsor::machine
