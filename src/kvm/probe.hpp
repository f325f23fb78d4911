// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the host's KVM is there and runs whole operating systems well.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace windsor::kvm {

enum class Verdict : std::uint8_t {
    Useful,
    Absent,       // no /dev/kvm
    Forbidden,    // no permission
    Unavailable,  // it cannot be opened
    WrongVersion, // of the interface
    Lacking,      // a capability is missing
    Refuses,      // it ends or fails a guest's kernel
    Slow,         // it interprets a guest's kernel
};

struct Probe {
    Verdict verdict{};
    std::string reason{}; // one line without a full stop: what is so, and where it is wrong what to do

    bool useful() const { return verdict == Verdict::Useful; }
    bool operator==(const Probe&) const = default;
};

// A KVM may run a guest's programs natively and interpret its kernel. So a loop runs in ring 0, in each of these.
enum class TrialMode : std::uint8_t { Real, Protected, Long }; // protected with two-level paging

// Instructions of a trial, and how many a second are the least that is useful: the translator does more.
constexpr std::uint64_t kTrialInstructions = 1'000'000;
constexpr std::uint64_t kLeastRate = 20'000'000;
// How often a trial is repeated that was slow, as the host may have been busy.
constexpr unsigned kTrialRepeats = 3;

struct Trial {
    enum class Outcome : std::uint8_t { Finished, Shutdown, Failed, TimedOut };

    Outcome outcome{};
    base::Nanoseconds time{0};
    std::string failure{}; // of Failed: why
};

// The host as the probe asks it, in this order.
class ProbedHost {
public:
    virtual ~ProbedHost() = default;
    // Opens /dev/kvm; an errno value, 0 for success.
    virtual int open() = 0;
    virtual int api_version() = 0;
    virtual bool has(int capability) = 0;
    virtual Trial run(TrialMode mode) = 0;
};

// What is known without running anything; nothing: trials have to tell.
std::optional<Probe> look(ProbedHost& host);
Probe try_out(ProbedHost& host);

// What trials told since the host was started, in a file. `boot` names the start and what may differ within it.
class ProbeCache {
public:
    ProbeCache(std::filesystem::path directory, std::string boot);

    std::optional<Probe> load() const;
    // Without effect if the directory is not there or cannot be written to.
    void save(const Probe& probe) const;

private:
    std::filesystem::path file_;
    std::string boot_;
};

Probe probe(ProbedHost& host, const ProbeCache& cache, const std::function<void()>& before_trials = {});
// Of this host; `directory` is the user's own, and holds what is to be known until the host is started again. Trials
// take seconds where KVM is slow: whoever waits is told by `before_trials`.
Probe probe(const std::filesystem::path& directory, const std::function<void()>& before_trials = {});

} // namespace windsor::kvm
