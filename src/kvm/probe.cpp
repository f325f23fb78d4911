// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/probe.hpp"

#include "kvm/vm.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace windsor::kvm {

namespace {

namespace fs = std::filesystem;

constexpr std::array kModes{TrialMode::Real, TrialMode::Protected, TrialMode::Long};

std::string_view name(TrialMode mode)
{
    switch (mode) {
    case TrialMode::Real: return "real mode";
    case TrialMode::Protected: return "32-bit mode with paging";
    case TrialMode::Long: return "64-bit mode";
    }
    return {};
}

Probe cannot_open(int error)
{
    switch (error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return {Verdict::Absent,
                "there is no /dev/kvm: load the module kvm_intel or kvm_amd, or turn on virtualization "
                "in the host's firmware"};
    case EACCES:
    case EPERM:
        return {Verdict::Forbidden,
                "this user may not open /dev/kvm: add the user to the group 'kvm' and log in again"};
    default:
        return {Verdict::Unavailable, fmt::format("/dev/kvm cannot be opened ({}): the host's kernel log may say why",
                                                  base::errno_text(error))};
    }
}

// Instructions a second.
std::uint64_t rate(const Trial& trial)
{
    const auto time = static_cast<std::uint64_t>(std::max<base::Nanoseconds>(trial.time, 1));
    return kTrialInstructions * static_cast<std::uint64_t>(base::kSecond) / time;
}

Probe slow(TrialMode mode, const std::string& how)
{
    return {Verdict::Slow, fmt::format("KVM here interprets guest kernels, in {} {}: use the translator, or a host "
                                       "whose processor lets KVM run them",
                                       name(mode), how)};
}

// Nothing: the mode is well.
std::optional<Probe> fault_of(TrialMode mode, const Trial& trial)
{
    switch (trial.outcome) {
    case Trial::Outcome::Finished:
        if (rate(trial) >= kLeastRate) {
            return std::nullopt;
        }
        return slow(mode, fmt::format("{:.1f} million instructions a second, and {} are the least that is useful",
                                      static_cast<double>(rate(trial)) / 1e6, kLeastRate / 1'000'000));
    case Trial::Outcome::TimedOut: return slow(mode, "without an end");
    case Trial::Outcome::Shutdown:
        return Probe{Verdict::Refuses,
                     fmt::format("KVM here shuts guest kernels in {} down: use the translator, or a host whose "
                                 "processor lets KVM run them",
                                 name(mode))};
    case Trial::Outcome::Failed: break;
    }
    return Probe{Verdict::Refuses, fmt::format("KVM here does not run guest kernels in {} ({}): use the translator",
                                               name(mode), trial.failure)};
}

std::optional<Probe> try_mode(ProbedHost& host, TrialMode mode)
{
    std::optional<Probe> fault;
    for (unsigned repeat = 0; repeat < kTrialRepeats; ++repeat) {
        const Trial trial = host.run(mode);
        fault = fault_of(mode, trial);
        if (!fault || trial.outcome != Trial::Outcome::Finished) {
            break;
        }
    }
    return fault;
}

bool own(const fs::path& file)
{
    struct stat facts {};
    return ::stat(file.c_str(), &facts) == 0 && facts.st_uid == ::geteuid();
}

} // namespace

std::optional<Probe> look(ProbedHost& host)
{
    if (const int error = host.open(); error != 0) {
        return cannot_open(error);
    }
    if (const int version = host.api_version(); version != KVM_API_VERSION) {
        return Probe{
            Verdict::WrongVersion,
            fmt::format("/dev/kvm speaks version {} of its interface and Windsor version {}: update the host's "
                        "kernel",
                        version, KVM_API_VERSION)};
    }
    for (const Capability& capability : needed_capabilities()) {
        if (!host.has(capability.number)) {
            return Probe{Verdict::Lacking, fmt::format("KVM here lacks {}, which Linux has since {}: update the host's "
                                                       "kernel",
                                                       capability.name, capability.since)};
        }
    }
    return std::nullopt;
}

Probe try_out(ProbedHost& host)
{
    for (const TrialMode mode : kModes) {
        if (const auto fault = try_mode(host, mode)) {
            return *fault;
        }
    }
    return {Verdict::Useful, "the host's hardware virtualization"};
}

ProbeCache::ProbeCache(fs::path directory, std::string boot)
    : file_{std::move(directory) / "kvm-probe"}, boot_{std::move(boot)}
{
}

// The boot, the verdict's number, the reason: a line each.
std::optional<Probe> ProbeCache::load() const
{
    if (!own(file_)) {
        return std::nullopt;
    }
    std::ifstream file{file_};
    std::string boot;
    std::string verdict;
    Probe probe;
    if (!std::getline(file, boot) || !std::getline(file, verdict) || !std::getline(file, probe.reason) ||
        boot != boot_) {
        return std::nullopt;
    }
    for (const Verdict known : {Verdict::Useful, Verdict::Refuses, Verdict::Slow}) {
        if (verdict == std::to_string(static_cast<unsigned>(known))) {
            probe.verdict = known;
            return probe;
        }
    }
    return std::nullopt;
}

void ProbeCache::save(const Probe& probe) const
{
    fs::path fresh = file_;
    fresh += fmt::format(".{}", ::getpid());
    {
        std::ofstream file{fresh};
        file << boot_ << '\n' << static_cast<unsigned>(probe.verdict) << '\n' << probe.reason << '\n';
    }
    std::error_code ignored;
    fs::rename(fresh, file_, ignored);
}

Probe probe(ProbedHost& host, const ProbeCache& cache, const std::function<void()>& before_trials)
{
    if (const auto seen = look(host)) {
        return *seen;
    }
    if (const auto known = cache.load()) {
        return *known;
    }
    if (before_trials) {
        before_trials();
    }
    const Probe tried = try_out(host);
    cache.save(tried);
    return tried;
}

} // namespace windsor::kvm
