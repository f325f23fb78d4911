// SPDX-License-Identifier: GPL-2.0-or-later
// The host's own KVM, as the probe asks it.
#pragma once

#include "base/fd.hpp"
#include "kvm/probe.hpp"

#include <string>

namespace windsor::kvm {

class ThisHost final : public ProbedHost {
public:
    int open() override;
    int api_version() override;
    bool has(int capability) override;
    Trial run(TrialMode mode) override;

    // The start of the host and the modules that make up its KVM, which may be exchanged without one.
    static std::string boot();

private:
    base::Fd kvm_;
};

} // namespace windsor::kvm
