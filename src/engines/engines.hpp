// SPDX-License-Identifier: GPL-2.0-or-later
// The processor engines that a machine can have: the one place that knows them by name.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "emulate/core/trace.hpp"
#include "kvm/apic_choice.hpp"
#include "vcpu/engine_parts.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::engines {

enum class Type : std::uint8_t { Emulate, Translate, Kvm };

// As configurations, listings and saved domains have them: "emulate", "translate", "kvm".
std::string_view name_of(Type type);
std::optional<Type> type_named(std::string_view name);

// Whether a translator proves each block before it runs: docs/how-translation-works.md.
enum class Verify : std::uint8_t { No, Yes };

// What is asked of engines of whichever type; each heeds what is its own.
struct Settings {
    Verify verify{Verify::No};
    // Classes of instructions that the translator leaves to the interpreter, named as in docs/how-translation-works.md
    // and separated by commas.
    std::string interpreted{};
    kvm::ApicWish kvm_apics{kvm::ApicWish::Automatic};
    // Where every instruction is traced to; null: nowhere. Only an interpreter or a translator, and only one, can have
    // one.
    std::shared_ptr<emulate::TraceSink> trace{};
};

// The processor model without the features that such an engine does not have on this host. `kvm` is an open /dev/kvm,
// here and below; -1: it is opened.
base::Result<vcpu::CpuModel> fit_model(Type type, const vcpu::CpuModel& model, int kvm = -1);

// Fails if engines of that type, so many of them, cannot be traced.
base::Status check_trace(Type type, std::size_t processors);

using Engines = std::vector<std::unique_ptr<vcpu::Engine>>;

// One engine for each processor of a machine. Fails where the host refuses what they need, or where they cannot do what
// the settings ask for. The log is told where KVM's processors have their local APICs, and of translated code that must
// not run; it outlives the engines.
base::Result<Engines> make(Type type, std::span<const vcpu::EngineParts> processors, const Settings& settings,
                           base::Log& log, int kvm = -1);

} // namespace windsor::engines
