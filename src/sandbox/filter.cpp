// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp(2) filters, made by libseccomp.
#include "base/fd.hpp"
#include "sandbox/filter_lists.hpp"
#include "sandbox/steps.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <linux/filter.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

struct ContextDeleter {
    void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, ContextDeleter>;
using Program = std::vector<sock_filter>;

// Other calls are refused with EPERM: a library that tries one has a way without it. Those of another processor mode
// (i386, x32), which have other numbers, and the deadly ones end the process.
Context make_context(const Rules& rules)
{
    Context context{::seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (!context) {
        return nullptr;
    }
    bool good = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
    ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2); // since version 2.5; slower without
    for (const Rule& rule : rules) {
        good = good && ::seccomp_rule_add_array(context.get(), SCMP_ACT_ALLOW, rule.call,
                                                static_cast<unsigned>(rule.arguments.size()),
                                                rule.arguments.data()) == 0;
    }
    for (const int call : deadly_calls()) {
        if (std::ranges::find(rules, call, &Rule::call) != rules.end()) {
            continue; // this role has a use for it
        }
        good = good && ::seccomp_rule_add_array(context.get(), SCMP_ACT_KILL_PROCESS, call, 0, nullptr) == 0;
    }
    good = good && ::seccomp_rule_add_array(context.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, nullptr) == 0;
    return good ? std::move(context) : nullptr;
}

// All calls are let through but these.
Context make_refusing_context(const Rules& refused)
{
    Context context{::seccomp_init(SCMP_ACT_ALLOW)};
    if (!context) {
        return nullptr;
    }
    bool good = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
    for (const Rule& rule : refused) {
        good =
            good && ::seccomp_rule_add_array(context.get(), SCMP_ACT_ERRNO(EPERM), rule.call,
                                             static_cast<unsigned>(rule.arguments.size()), rule.arguments.data()) == 0;
    }
    good = good && ::seccomp_rule_add_array(context.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, nullptr) == 0;
    return good ? std::move(context) : nullptr;
}

// Empty if it cannot be made.
Program make_program(const Context& context)
{
    std::array<int, 2> ends{-1, -1};
    // Not a file, which a limit on files may keep from growing. A pipe has room for twice the longest program.
    if (!context || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return {};
    }
    const base::Fd receive{ends[0]};
    const base::Fd send{ends[1]};
    Program program(BPF_MAXINSNS);
    const ssize_t bytes = ::seccomp_export_bpf(context.get(), send.get()) == 0
                              ? ::read(receive.get(), program.data(), program.size() * sizeof(sock_filter))
                              : 0;
    program.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)) / sizeof(sock_filter));
    return program;
}

bool load(const Program& program)
{
    constexpr unsigned long kSetModeFilter = 1; // SECCOMP_SET_MODE_FILTER
    const sock_fprog all{.len = static_cast<unsigned short>(program.size()),
                         .filter = const_cast<sock_filter*>(program.data())};
    return !program.empty() && ::syscall(SYS_seccomp, kSetModeFilter, 0, &all) == 0;
}

constexpr std::size_t kThreadRoles = 7;
using ThreadPrograms = std::array<Program, kThreadRoles>;

// Made once, by enclose(): a thread that starts only loads one.
const ThreadPrograms& thread_programs()
{
    static const ThreadPrograms programs = [] {
        ThreadPrograms all;
        for (std::size_t role = 0; role < kThreadRoles; ++role) {
            all[role] = make_program(make_context(rules_of(static_cast<ThreadRole>(role))));
        }
        return all;
    }();
    return programs;
}

// Those of this process once it has its filter; none before, and in one that is left open. Like the filter itself, this
// is something that a process has once, and that is never taken back.
std::atomic<const ThreadPrograms*>& programs_in_force()
{
    static std::atomic<const ThreadPrograms*> programs{nullptr};
    return programs;
}

} // namespace

base::Status filter_system_calls(Role role)
{
    for (const Program& program : thread_programs()) {
        if (program.empty()) {
            return base::fail("libseccomp cannot make a thread's filter");
        }
    }
    const Context context =
        role == Role::Share ? make_refusing_context(refusals_of_share()) : make_context(rules_of(role));
    if (!load(make_program(context))) {
        return base::fail("{}", base::errno_text(errno));
    }
    programs_in_force() = &thread_programs();
    return {};
}

void confine_thread(ThreadRole role)
{
    const ThreadPrograms* const programs = programs_in_force();
    if (programs != nullptr && !load((*programs)[static_cast<std::size_t>(role)])) {
        ::_exit(kNotConfined);
    }
}

} // namespace windsor::sandbox
