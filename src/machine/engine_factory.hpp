// SPDX-License-Identifier: GPL-2.0-or-later
// The processor engines that a machine can have.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "emulate/core/trace.hpp"
#include "vcpu/engine_parts.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace windsor::machine {

enum class EngineType : std::uint8_t { Emulate, Translate, Kvm };

// Whether a translator proves each block before it runs: docs/how-translation-works.md.
enum class Verify : std::uint8_t { No, Yes };

// The processor model without the features that such an engine does not have on this host. `kvm` is an open /dev/kvm,
// here and below; -1: it is opened.
base::Result<vcpu::CpuModel> fit_model(EngineType type, const vcpu::CpuModel& model, int kvm = -1);

using Engines = std::vector<std::unique_ptr<vcpu::Engine>>;

// One engine for each processor of a machine. Fails where the host refuses what they need. `trace` may be null, and
// outlives them; only an interpreter or a translator, and only one, can have one. The log is told where KVM's
// processors have their local APICs, and of translated code that must not run; it outlives the engines.
base::Result<Engines> make_engines(EngineType type, std::span<const vcpu::EngineParts> processors,
                                   emulate::TraceSink* trace, Verify verify, base::Log& log, int kvm = -1);

// The trace that the environment asks for; null for none.
base::Result<std::unique_ptr<emulate::TraceSink>> make_trace(base::Log& log);

} // namespace windsor::machine
