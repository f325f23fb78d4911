// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/fork_apart.hpp"

#include "base/fd.hpp"
#include "sandbox/user_map.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

// For the children of this process. Root's own privilege is enough; others have it in a user namespace. Root does not
// go into one here, where it could not become another user any more.
void leave_pid_namespace()
{
    if (::unshare(CLONE_NEWPID) == 0 || ::geteuid() == 0) {
        return;
    }
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // its map of users is written through /proc/self
    const base::Fd process{::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const UserMap map{process};
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0) {
        static_cast<void>(map.write());
    }
}

// The process between: the child is orphaned at once, so that it gets the parent that it shall have.
[[noreturn]] void introduce(pid_t child, int report_to)
{
    ::_exit(::write(report_to, &child, sizeof child) == sizeof child ? 0
                                                                     : 1); // the caller sees an end without a number
}

} // namespace

base::Result<pid_t> fork_away(Parent parent, const std::function<pid_t()>& make)
{
    std::array<int, 2> ends{};
    const bool adopts = parent == Parent::Reaper || ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
    if (!adopts || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot make a pipe to a process: {}", base::errno_text(errno));
    }
    base::Fd receive{ends[0]};
    base::Fd send{ends[1]};
    const pid_t between = ::fork();
    if (between == 0) {
        receive.reset();
        const pid_t child = make();
        if (child != 0) {
            introduce(child, send.get());
        }
        return 0;
    }
    send.reset();
    pid_t child = -1;
    if (between > 0) {
        while (::read(receive.get(), &child, sizeof child) < 0 && errno == EINTR) {
        }
        while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    if (child <= 0) {
        return base::fail("cannot make a process; raise the limit on processes");
    }
    return child;
}

base::Result<pid_t> fork_apart(Parent parent)
{
    return fork_away(parent, [] {
        leave_pid_namespace();
        return ::fork();
    });
}

} // namespace windsor::sandbox
