// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/engine_settings.hpp"

#include "emulate/core/trace_file.hpp"

namespace windsor::domain {

namespace {

kvm::ApicWish wish_of(config::KvmApics apics)
{
    switch (apics) {
    case config::KvmApics::Kernel: return kvm::ApicWish::Kernel;
    case config::KvmApics::Windsor: return kvm::ApicWish::Windsor;
    case config::KvmApics::Auto: break;
    }
    return kvm::ApicWish::Automatic;
}

} // namespace

engines::Settings engine_settings(const config::DomainConfig& config)
{
    return {.verify = config.verify == config::Switch::On ? engines::Verify::Yes : engines::Verify::No,
            .interpreted = config.interpret,
            .kvm_apics = wish_of(config.kvm_apics)};
}

base::Result<std::shared_ptr<emulate::TraceSink>> trace_of(const config::DomainConfig& config, engines::Type engine,
                                                           base::Log& log)
{
    if (config.trace.empty()) {
        return nullptr;
    }
    // Before the file is touched.
    if (const auto possible = engines::check_trace(engine, static_cast<std::size_t>(config.vcpus)); !possible) {
        return std::unexpected{config::at_key(config, "trace", possible.error())};
    }
    const std::uint64_t lines =
        config.trace_lines != 0 ? static_cast<std::uint64_t>(config.trace_lines) : emulate::TraceFile::kUnlimited;
    auto trace = emulate::TraceFile::create(config.trace, lines, log);
    if (!trace) {
        return std::unexpected{config::at_key(config, "trace", trace.error())};
    }
    log.info("every instruction is traced to {}", config.trace);
    return std::shared_ptr<emulate::TraceSink>{*std::move(trace)};
}

} // namespace windsor::domain
