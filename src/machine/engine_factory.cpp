// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/engine_factory.hpp"

#include "emulate/core/interpreter.hpp"
#include "emulate/core/trace_file.hpp"
#include "kvm/apic_choice.hpp"
#include "kvm/engine.hpp"
#include "kvm/host.hpp"
#include "translate/run/translator.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace windsor::machine {

namespace {

// Classes of instructions to be interpreted, named in the environment: docs/how-translation-works.md.
base::Result<translate::Options> translate_options()
{
    translate::Options options;
    if (const char* names = std::getenv("WINDSOR_INTERPRET")) {
        const auto classes = translate::parse_classes(names);
        if (!classes) {
            return base::fail("WINDSOR_INTERPRET names a class of instructions that there is not: '{}'", names);
        }
        options.interpreted = *classes;
    }
    return options;
}

base::Result<std::uint64_t> trace_limit()
{
    const char* text = std::getenv("WINDSOR_TRACE_LIMIT");
    if (text == nullptr) {
        return emulate::TraceFile::kUnlimited;
    }
    const std::string_view digits{text};
    std::uint64_t limit = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), limit);
    if (error != std::errc{} || end != digits.end() || limit == 0) {
        return base::fail("WINDSOR_TRACE_LIMIT is no number of lines: '{}'", digits);
    }
    return limit;
}

bool has_apic(const vcpu::CpuModel& model)
{
    constexpr std::uint32_t kApic = 1 << 9; // CPUID.1:EDX
    return (model.cpuid(1, 0, {}, 0).edx & kApic) != 0;
}

void log_apics(const kvm::Vm& vm, const kvm::ApicChoice& choice, base::Log& log)
{
    if (vm.apics() == kvm::Apics::Kernel) {
        log.info("the local APICs are KVM's");
    } else if (choice.apics == kvm::Apics::Kernel) {
        log.info("the local APICs are Windsor's: KVM on this host has none alone (KVM_CAP_SPLIT_IRQCHIP)");
    } else if (!choice.why_outside.empty()) {
        log.info("the local APICs are Windsor's: {}", choice.why_outside);
    }
}

base::Result<Engines> make_kvm(std::span<const vcpu::EngineParts> processors, base::Log& log, int device)
{
    kvm::ApicChoice choice;
    if (has_apic(processors.front().model)) {
        choice = WINDSOR_TRY(kvm::choose_apics(std::getenv("WINDSOR_KVM_APICS"), kvm::host_hypervisor()));
    }
    const std::shared_ptr<kvm::Vm> vm = WINDSOR_TRY(kvm::Vm::create(processors.front().memory, choice.apics, device));
    log_apics(*vm, choice, log);
    Engines engines;
    for (const vcpu::EngineParts& parts : processors) {
        engines.push_back(WINDSOR_TRY(kvm::Engine::create(vm, parts)));
    }
    return engines;
}

Engines make_interpreters(std::span<const vcpu::EngineParts> processors, emulate::TraceSink* trace)
{
    Engines engines;
    for (const vcpu::EngineParts& parts : processors) {
        auto engine = std::make_unique<emulate::Interpreter>(parts);
        engine->set_trace(trace);
        engines.push_back(std::move(engine));
    }
    return engines;
}

// Each processor translates for itself; many have less room each.
std::size_t code_bytes(std::size_t processors)
{
    constexpr std::size_t kAll = std::size_t{128} << 20;
    constexpr std::size_t kLeast = std::size_t{32} << 20;
    return std::max(kAll / processors, kLeast);
}

// Each page of a window may be a mapping of its own, with another one behind it, and the host gives a process some
// 65,000 of these.
std::size_t window_pages(std::size_t processors)
{
    constexpr std::size_t kLeast = 1024;
    return std::max(translate::Windows::Options{}.pages / processors, kLeast);
}

base::Result<Engines> make_translators(std::span<const vcpu::EngineParts> processors, emulate::TraceSink* trace,
                                       Verify verify, base::Log& log)
{
    translate::Options options = WINDSOR_TRY(translate_options());
    options.code_bytes = code_bytes(processors.size());
    options.windows.pages = window_pages(processors.size());
    options.verify = verify == Verify::Yes;
    options.on_violation = [&log](const std::string& what) {
        log.guest("verify", "a piece of guest code is left to the interpreter: {}", what);
    };
    options.report = [&log](const std::string& text) { log.guest("translator", "{}", text); };
    Engines engines;
    for (const vcpu::EngineParts& parts : processors) {
        auto engine = WINDSOR_TRY(translate::Translator::create(parts, options));
        engine->set_trace(trace);
        engines.push_back(std::move(engine));
    }
    return engines;
}

} // namespace

base::Result<vcpu::CpuModel> fit_model(EngineType type, const vcpu::CpuModel& model, int kvm)
{
    return type == EngineType::Kvm ? kvm::fit_to_host(model, kvm) : model;
}

base::Result<Engines> make_engines(EngineType type, std::span<const vcpu::EngineParts> processors,
                                   emulate::TraceSink* trace, Verify verify, base::Log& log, int kvm)
{
    if (trace != nullptr && type == EngineType::Kvm) {
        return base::fail("KVM cannot trace instructions: unset WINDSOR_TRACE, or set engine = 'translate'");
    }
    if (trace != nullptr && processors.size() > 1) {
        return base::fail("a trace is of one processor: unset WINDSOR_TRACE, or set vcpus = 1");
    }
    switch (type) {
    case EngineType::Kvm: return make_kvm(processors, log, kvm);
    case EngineType::Translate: return make_translators(processors, trace, verify, log);
    case EngineType::Emulate: break;
    }
    return make_interpreters(processors, trace);
}

base::Result<std::unique_ptr<emulate::TraceSink>> make_trace(base::Log& log)
{
    const char* path = std::getenv("WINDSOR_TRACE");
    if (path == nullptr) {
        return nullptr;
    }
    const std::uint64_t limit = WINDSOR_TRY(trace_limit());
    auto trace = WINDSOR_TRY(emulate::TraceFile::create(path, limit, log));
    log.info("every instruction is traced to {}", path);
    return trace;
}

} // namespace windsor::machine
