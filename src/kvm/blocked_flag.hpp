// SPDX-License-Identifier: GPL-2.0-or-later
// Whether KVM has put a processor to sleep, by its statistics. KVM API, KVM_GET_STATS_FD.
#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace windsor::kvm {

// Where in a file of statistics the named one is; nothing: there is no such one. `file` is the file from its start.
std::optional<std::uint64_t> find_statistic(std::span<const std::uint8_t> file, const char* name);

// Before Linux 5.16 it never says so.
class BlockedFlag {
public:
    // Of the processor with this file.
    explicit BlockedFlag(int vcpu);

    // From any thread.
    bool test() const;

private:
    base::Fd statistics_;
    std::optional<std::uint64_t> offset_;
};

} // namespace windsor::kvm
