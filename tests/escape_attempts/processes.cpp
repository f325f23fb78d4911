// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempts.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

long new_process(unsigned long flags)
{
    const long child = ::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        ::_exit(0);
    }
    return child;
}

long execute(const char* path)
{
    std::array<char*, 1> none{};
    return ::execve(path, none.data(), none.data());
}

// A program that never was a file.
long execute_memory()
{
    const int from = ::open("/bin/true", O_RDONLY);
    const int file = ::memfd_create("program", 0);
    std::array<char, 65536> bytes{};
    const ssize_t count = from < 0 ? 0 : ::read(from, bytes.data(), bytes.size());
    // What fails here makes the last call fail, which the row is about.
    [[maybe_unused]] const ssize_t written =
        ::write(file, bytes.data(), static_cast<std::size_t>(std::max(count, ssize_t{0})));
    std::array<char*, 1> none{};
    return ::syscall(SYS_execveat, file, "", none.data(), none.data(), AT_EMPTY_PATH);
}

} // namespace

std::vector<Attempt> attempts_on_processes()
{
    return {
        {"fork", [](const Surroundings&) { return new_process(0); }},
        {"fork the old way",
         [](const Surroundings&) -> long {
             const long child = ::syscall(SYS_fork);
             if (child == 0) {
                 ::_exit(0);
             }
             return child;
         }},
        {"execute a program", [](const Surroundings&) { return execute("/bin/true"); }},
        {"execute memory", [](const Surroundings&) { return execute_memory(); }},
        {"signal the neighbour", [](const Surroundings& s) -> long { return ::kill(s.neighbour, 0); }},
        {"signal a thread of the neighbour",
         [](const Surroundings& s) { return ::syscall(SYS_tgkill, s.neighbour, s.neighbour, 0); }},
        {"signal everybody", [](const Surroundings&) -> long { return ::kill(-1, 0); }},
        {"get hold of the neighbour", [](const Surroundings& s) { return ::syscall(SYS_pidfd_open, s.neighbour, 0); }},
        {"trace the neighbour",
         [](const Surroundings& s) -> long { return ::ptrace(PTRACE_SEIZE, s.neighbour, 0, 0); }},
        {"read the neighbour's memory",
         [](const Surroundings& s) -> long {
             char byte = 0;
             const iovec mine{.iov_base = &byte, .iov_len = 1};
             const iovec other{.iov_base = const_cast<void*>(s.memory), .iov_len = 1};
             return ::process_vm_readv(s.neighbour, &mine, 1, &other, 1, 0);
         }},
        {"lower the neighbour's priority",
         [](const Surroundings& s) -> long { return ::setpriority(PRIO_PROCESS, static_cast<id_t>(s.neighbour), 5); }},
        {"move the neighbour to another processor",
         [](const Surroundings& s) -> long {
             cpu_set_t all{};
             return ::sched_getaffinity(s.neighbour, sizeof all, &all) < 0
                        ? -1
                        : ::sched_setaffinity(s.neighbour, sizeof all, &all);
         }},
        {"see the neighbour's limits",
         [](const Surroundings& s) -> long {
             rlimit now{};
             return ::prlimit(s.neighbour, RLIMIT_NOFILE, nullptr, &now);
         }},
        {"make a user namespace", [](const Surroundings&) { return ::syscall(SYS_unshare, CLONE_NEWUSER); }},
        {"make a process in a user namespace", [](const Surroundings&) { return new_process(CLONE_NEWUSER); }},
        {"make a mount namespace", [](const Surroundings&) { return ::syscall(SYS_unshare, CLONE_NEWNS); }},
        {"enter another namespace", [](const Surroundings&) { return ::syscall(SYS_setns, 0, 0); }},
        {"become root",
         [](const Surroundings&) -> long { return ::geteuid() == 0 ? 0 : ::syscall(SYS_setresuid, 0, 0, 0); }},
        {"have a capability again",
         [](const Surroundings&) -> long {
             // Version 3, this thread; CAP_SYS_ADMIN, which is number 21.
             std::array<unsigned, 2> header{0x20080522, 0};
             std::array<unsigned, 6> sets{1u << 21, 1u << 21, 0, 0, 0, 0};
             return ::syscall(SYS_capset, header.data(), sets.data());
         }},
    };
}

} // namespace windsor::escape
