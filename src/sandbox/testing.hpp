// SPDX-License-Identifier: GPL-2.0-or-later
// Runs attempts in processes of their own, which end with them.
#pragma once

#include "sandbox/enclose.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::sandbox::testing {

// A filter of system calls would refuse those that sanitizers make of their own accord.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WINDSOR_SANITIZED
#endif
#endif
#ifdef WINDSOR_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Who makes the enclosed process.
enum class Creator : std::uint8_t {
    Itself,       // whoever runs the test
    Nobody,       // an ordinary user
    Unprivileged, // an ordinary user of a host that lets nobody make namespaces
};

constexpr uid_t kNobody = 65534;

// What unshare(2) says in most containers.
inline void refuse_namespaces()
{
    scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
    ::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0, nullptr);
    ::seccomp_load(filter);
    ::seccomp_release(filter);
}

inline void become(Creator creator)
{
    if (creator != Creator::Itself && ::geteuid() == 0 &&
        (::setresgid(kNobody, kNobody, kNobody) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0)) {
        std::abort(); // what is tried as nobody must not be tried as root
    }
    if (creator == Creator::Unprivileged) {
        refuse_namespaces();
    }
}

// How a process ended: by a signal, or with a status, which is 0 for success and an errno value otherwise.
struct End {
    int signal{0};
    int status{0};
    bool operator==(const End&) const = default;
};
constexpr End kSucceeded{};
constexpr End kKilled{.signal = SIGSYS};
constexpr End refused_with(int number)
{
    return {.status = number};
}

inline End run(const std::function<int()>& action)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(action());
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return {.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
            .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0};
}

// Whether this host lets a creator make user namespaces. Containers do not as a rule, and no chroot does.
inline bool has_user_namespaces(Creator creator)
{
    return creator != Creator::Unprivileged &&
           run([=] { return become(creator), ::unshare(CLONE_NEWUSER); }) == kSucceeded;
}

constexpr int kNotEnclosed = 255;

// The attempt gives -1 and errno for a failure, as system calls do.
inline End run_enclosed(const Plan& plan, Creator creator, const std::function<long()>& attempt)
{
    return run([&] {
        become(creator);
        if (!enclose(plan)) {
            return kNotEnclosed;
        }
        return attempt() == -1 ? errno : 0;
    });
}

} // namespace windsor::sandbox::testing
