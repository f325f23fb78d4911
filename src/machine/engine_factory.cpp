// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/engine_factory.hpp"

#include "emulate/interpreter.hpp"
#include "emulate/trace_file.hpp"
#include "kvm/engine.hpp"
#include "translate/translator.hpp"

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

base::Result<std::unique_ptr<vcpu::Engine>> make_kvm(const emulate::Cpu::Parts& parts)
{
    auto vm = WINDSOR_TRY(kvm::Vm::create(parts.memory));
    return WINDSOR_TRY(kvm::Engine::create(std::move(vm), {.io = parts.io,
                                                           .model = parts.model,
                                                           .clock = parts.clock,
                                                           .apic_id = parts.apic_id,
                                                           .msr_policy = parts.msr_policy}));
}

} // namespace

base::Result<std::unique_ptr<vcpu::Engine>> make_engine(EngineType type, const emulate::Cpu::Parts& parts,
                                                        emulate::TraceSink* trace)
{
    if (type == EngineType::Kvm) {
        if (trace != nullptr) {
            return base::fail("KVM cannot trace instructions: unset WINDSOR_TRACE, or set engine = 'translate'");
        }
        return make_kvm(parts);
    }
    if (type == EngineType::Emulate) {
        auto engine = std::make_unique<emulate::Interpreter>(parts);
        engine->set_trace(trace);
        return engine;
    }
    const translate::Options options = WINDSOR_TRY(translate_options());
    auto engine = WINDSOR_TRY(translate::Translator::create(parts, options));
    engine->set_trace(trace);
    return engine;
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
