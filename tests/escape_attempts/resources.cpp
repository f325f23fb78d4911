// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempts.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace windsor::escape {

namespace {

constexpr std::size_t kGiB = std::size_t{1} << 30;

long take_memory(std::size_t bytes)
{
    void* const area =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return area == MAP_FAILED ? -1 : 0;
}

// They stay, each with its stack.
long make_threads()
{
    constexpr unsigned kMany = 2000;
    for (unsigned made = 0; made < kMany; ++made) {
        try {
            std::thread{[] { std::this_thread::sleep_for(std::chrono::seconds{30}); }}.detach();
        } catch (const std::system_error& error) {
            errno = error.code().value();
            return -1;
        }
    }
    return 0;
}

long open_descriptors()
{
    constexpr unsigned kMany = 5000;
    for (unsigned made = 0; made < kMany; ++made) {
        if (::dup(STDIN_FILENO) < 0) {
            return -1;
        }
    }
    return 0;
}

// The file has a hole, so that it takes no room where nothing stops it.
long fill_the_disk(int log)
{
    constexpr off_t kHuge = off_t{1} << 42;
    return ::pwrite(log, "x", 1, kHuge);
}

} // namespace

std::vector<Attempt> attempts_on_resources()
{
    return {
        {"write more than a file may have", [](const Surroundings& s) { return fill_the_disk(s.log); }},
        {"take 16 GiB of memory", [](const Surroundings&) { return take_memory(16 * kGiB); }},
        {"make 2000 threads", [](const Surroundings&) { return make_threads(); }},
        {"open 5000 descriptors", [](const Surroundings&) { return open_descriptors(); }},
        {"raise a limit",
         [](const Surroundings&) -> long {
             const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
             return ::setrlimit(RLIMIT_CORE, &all);
         }},
        {"have its memory dumped",
         [](const Surroundings&) -> long {
             if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) {
                 return -1;
             }
             return ::prctl(PR_GET_DUMPABLE) == 1 ? 0 : -1;
         }},
        {"find a secret in the environment",
         [](const Surroundings&) -> long {
             errno = ENOENT;
             return ::getenv("WINDSOR_ESCAPE_SECRET") != nullptr ? 0 : -1;
         }},
        {"type into the terminal",
         [](const Surroundings&) -> long {
             char key = 'x';
             return ::ioctl(STDIN_FILENO, TIOCSTI, &key);
         }},
        {"have memory to write and execute",
         [](const Surroundings&) -> long {
             void* const area =
                 ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
             return area == MAP_FAILED ? -1 : 0;
         }},
        {"gain privileges by a program",
         [](const Surroundings&) -> long {
             errno = EPERM;
             return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? -1 : 0;
         }},
    };
}

} // namespace windsor::escape
