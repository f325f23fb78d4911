// SPDX-License-Identifier: GPL-2.0-or-later
// Which engine a domain gets, and why.
#pragma once

#include "base/result.hpp"
#include "engines/engines.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace windsor::engines {

struct Choice {
    Type type{};
    std::string name{}; // kvm, translate or emulate
    std::string line{}; // "engine: translate (the translator, as …)"
};

// Nothing asked for: KVM where it is useful, and the translator elsewhere. KVM is looked at once a boot of the host;
// what was found is kept in `directory`. `before_trials` is called before that takes its time. Fails where KVM is asked
// for and cannot be had.
base::Result<Choice> choose(std::optional<Type> wanted, const std::filesystem::path& directory,
                            const std::function<void()>& before_trials = {});

} // namespace windsor::engines
