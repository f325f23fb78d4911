// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/domain.hpp"

#include "kvm/probe.hpp"

namespace windsor::domain {

namespace {

using machine::EngineType;

// By how the configuration asks for it.
EngineReport report(EngineType type, std::string_view name, std::string_view why)
{
    return {type, std::string{name}, fmt::format("engine: {} ({})", name, why)};
}

EngineReport automatic(const kvm::Probe& probe)
{
    return probe.useful() ? report(EngineType::Kvm, "kvm", probe.reason)
                          : report(EngineType::Translate, "translate", "the translator, as " + probe.reason);
}

// Slow is slow, but works.
base::Result<EngineReport> hardware(const kvm::Probe& probe)
{
    if (probe.useful()) {
        return report(EngineType::Kvm, "kvm", probe.reason + ", as asked for");
    }
    if (probe.verdict == kvm::Verdict::Slow) {
        return report(EngineType::Kvm, "kvm", "as asked for, but " + probe.reason);
    }
    return base::fail("engine = 'kvm' cannot be had, as {}; or leave the key out", probe.reason);
}

} // namespace

base::Result<EngineReport> choose_engine(config::EngineChoice choice, const std::filesystem::path& runtime,
                                         const std::function<void()>& before_trials)
{
    switch (choice) {
    case config::EngineChoice::Auto: return automatic(kvm::probe(runtime, before_trials));
    case config::EngineChoice::Kvm: return hardware(kvm::probe(runtime, before_trials));
    case config::EngineChoice::Translate:
        return report(EngineType::Translate, "translate", "the translator, as asked for");
    case config::EngineChoice::Emulate: break;
    }
    return report(EngineType::Emulate, "emulate", "the interpreter, as asked for");
}

} // namespace windsor::domain
