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

namespace windsor::machine {

enum class EngineType : std::uint8_t { Emulate, Translate, Kvm };

// Fails where the host refuses what the engine needs. `trace` may be null, and outlives the engine; KVM has none.
base::Result<std::unique_ptr<vcpu::Engine>> make_engine(EngineType type, const emulate::Cpu::Parts& parts,
                                                        emulate::TraceSink* trace);

// The trace that the environment asks for; null for none.
base::Result<std::unique_ptr<emulate::TraceSink>> make_trace(base::Log& log);

} // namespace windsor::machine
