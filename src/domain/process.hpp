// SPDX-License-Identifier: GPL-2.0-or-later
// What proc(5) says of a process to everybody who sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace windsor::domain {

struct ProcessStat {
    char state{0}; // R, S, Z and others
    pid_t parent{0};
    std::uint64_t start{0}; // in ticks since the host was booted: together with its number it is no other process's
};

// Nothing if there is no such process.
std::optional<ProcessStat> process_stat(pid_t pid);

} // namespace windsor::domain
