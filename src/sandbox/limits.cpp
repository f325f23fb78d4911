// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/steps.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

// Hard and soft; a limit that is lower already stays.
base::Status limit(__rlimit_resource_t resource, std::uint64_t most)
{
    rlimit now{};
    ::getrlimit(resource, &now);
    const rlim_t hard = std::min<rlim_t>(most, now.rlim_max);
    const rlimit wanted{.rlim_cur = hard, .rlim_max = hard};
    if (::setrlimit(resource, &wanted) != 0) {
        return base::fail("a limit cannot be set: {}", base::errno_text(errno));
    }
    return {};
}

} // namespace

base::Status close_others(std::span<const int> kept)
{
    std::vector<int> ordered{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    ordered.insert(ordered.end(), kept.begin(), kept.end());
    std::ranges::sort(ordered);
    unsigned first = 0;
    for (const int fd : ordered) {
        const auto number = static_cast<unsigned>(std::max(fd, 0));
        if (number > first && ::close_range(first, number - 1, 0) != 0) {
            return base::fail("descriptors cannot be closed: {}", base::errno_text(errno));
        }
        first = std::max(first, number + 1);
    }
    return ::close_range(first, ~0u, 0) == 0
               ? base::Status{}
               : base::fail("descriptors cannot be closed: {}", base::errno_text(errno));
}

base::Status set_limits(const Limits& limits)
{
    if (limits.data_bytes) {
        WINDSOR_TRY(limit(RLIMIT_DATA, *limits.data_bytes));
    }
    if (limits.file_bytes) {
        WINDSOR_TRY(limit(RLIMIT_FSIZE, *limits.file_bytes));
        ::signal(SIGXFSZ, SIG_IGN); // a write beyond it fails, and that is all
    }
    WINDSOR_TRY(limit(RLIMIT_NOFILE, limits.descriptors));
    if (limits.threads) {
        WINDSOR_TRY(limit(RLIMIT_NPROC, *limits.threads));
    }
    WINDSOR_TRY(limit(RLIMIT_MSGQUEUE, 0));
    return limit(RLIMIT_CORE, 0);
}

base::Status forbid_dumps()
{
    WINDSOR_TRY(limit(RLIMIT_CORE, 0));
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return base::fail("{}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::sandbox
