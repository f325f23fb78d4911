// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempts.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

// getpid(2) as 32-bit programs call it, which has number 20 there. A filter for 64-bit calls alone would let them pass.
long call_as_i386()
{
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    if (result < 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return result;
}

// For calls that would hurt the host: they are made with arguments that cannot be, of which the kernel complains only
// to who may make them.
long let_through(long result, int complaint)
{
    return result == -1 && errno == complaint ? 0 : result;
}

} // namespace

std::vector<Attempt> attempts_on_kernel()
{
    return {
        {"load a BPF program",
         [](const Surroundings&) {
             bpf_attr map{};
             map.map_type = BPF_MAP_TYPE_ARRAY;
             map.key_size = 4;
             map.value_size = 8;
             map.max_entries = 1;
             return ::syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
         }},
        {"count events of the processor",
         [](const Surroundings&) {
             perf_event_attr event{};
             event.type = PERF_TYPE_SOFTWARE;
             event.size = sizeof event;
             event.exclude_kernel = 1;
             return ::syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
         }},
        {"reach the keyring", [](const Surroundings&) { return ::syscall(SYS_keyctl, 0, -3, 1); }},
        {"add a key", [](const Surroundings&) { return ::syscall(SYS_add_key, "user", "windsor", "x", 1, -2); }},
        {"set up an io_uring",
         [](const Surroundings&) {
             io_uring_params parameters{};
             return ::syscall(SYS_io_uring_setup, 1, &parameters);
         }},
        {"handle page faults", [](const Surroundings&) { return ::syscall(SYS_userfaultfd, 1); }},
        {"load a module",
         [](const Surroundings&) { return let_through(::syscall(SYS_init_module, nullptr, 0, ""), ENOEXEC); }},
        {"load another kernel",
         [](const Surroundings&) { return let_through(::syscall(SYS_kexec_load, 0, 0, nullptr, ~0ul), EINVAL); }},
        {"restart the host",
         [](const Surroundings&) { return let_through(::syscall(SYS_reboot, 0, 0, 0, nullptr), EINVAL); }},
        {"read the kernel's log", [](const Surroundings&) { return ::syscall(SYS_syslog, 10, nullptr, 0); }},
        {"set the clock",
         [](const Surroundings&) -> long {
             const timespec impossible{.tv_sec = 0, .tv_nsec = -1};
             return ::clock_settime(CLOCK_REALTIME, &impossible);
         }},
        {"set the host's name",
         [](const Surroundings&) -> long {
             std::array<char, 65> name{};
             ::gethostname(name.data(), name.size() - 1);
             return ::sethostname(name.data(), std::strlen(name.data()));
         }},
        {"make a segment", [](const Surroundings&) { return ::syscall(SYS_modify_ldt, 0, nullptr, 0); }},
        {"reach ports of the host", [](const Surroundings&) { return ::syscall(SYS_iopl, 3); }},
        {"change what programs mean", [](const Surroundings&) -> long { return ::personality(READ_IMPLIES_EXEC); }},
        {"call the kernel as a 32-bit program", [](const Surroundings&) { return call_as_i386(); }},
        {"call the kernel as an x32 program", [](const Surroundings&) { return ::syscall(0x40000000 + SYS_getpid); }},
    };
}

} // namespace windsor::escape
