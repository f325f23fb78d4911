// SPDX-License-Identifier: GPL-2.0-or-later
// What a file server of the host's may not do. It has no network but the connections that it is given, and the walls
// around files and processes are others.
#include "sandbox/filter_lists.hpp"

#include <algorithm>
#include <array>
#include <linux/sched.h>
#include <sys/socket.h>

namespace windsor::sandbox {

namespace {

// Of the deadly ones those that a program needs, or tries in vain without privileges.
constexpr std::array kOfPrograms{SCMP_SYS(execve),    SCMP_SYS(fork),      SCMP_SYS(vfork),
                                 SCMP_SYS(unshare),   SCMP_SYS(setuid),    SCMP_SYS(setgid),
                                 SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups)};

// A connection that it has been given could be let go and made to anybody, or made a socket that listens.
constexpr std::array kOfSockets{SCMP_SYS(connect), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4)};

constexpr std::array kNamespaces{CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,   CLONE_NEWUSER,
                                 CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};

scmp_arg_cmp compared(unsigned argument, scmp_compare how, std::uint64_t value)
{
    return {.arg = argument, .op = how, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp has_bits(unsigned argument, std::uint64_t mask, std::uint64_t value)
{
    return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// It asks the kernel for interfaces (netlink(7)), and has a socket of datagrams for its own processes. Others of the
// host's local sockets, which no namespace hides where there is none, are reached by streams.
void refuse_sockets(Rules& refused)
{
    constexpr std::uint64_t kType = 0xf; // the other bits are SOCK_CLOEXEC and SOCK_NONBLOCK
    for (std::uint64_t family = 0; family < AF_NETLINK; ++family) {
        if (family != AF_UNIX) {
            refused.push_back({SCMP_SYS(socket), {compared(0, SCMP_CMP_EQ, family)}});
        }
    }
    refused.push_back({SCMP_SYS(socket), {compared(0, SCMP_CMP_GT, AF_NETLINK)}});
    for (const std::uint64_t type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        refused.push_back({SCMP_SYS(socket), {compared(0, SCMP_CMP_EQ, AF_UNIX), has_bits(1, kType, type)}});
    }
}

} // namespace

Rules refusals_of_share()
{
    Rules refused;
    for (const int call : deadly_calls()) {
        if (std::ranges::find(kOfPrograms, call) == kOfPrograms.end()) {
            refused.push_back({call});
        }
    }
    for (const int call : kOfSockets) {
        refused.push_back({call});
    }
    refuse_sockets(refused);
    // The flag connects a socket that is not connected any more.
    refused.push_back({SCMP_SYS(sendto), {has_bits(3, MSG_FASTOPEN, MSG_FASTOPEN)}});
    refused.push_back({SCMP_SYS(sendmsg), {has_bits(2, MSG_FASTOPEN, MSG_FASTOPEN)}});
    refused.push_back({SCMP_SYS(sendmmsg), {has_bits(3, MSG_FASTOPEN, MSG_FASTOPEN)}});
    for (const std::uint64_t space : kNamespaces) {
        refused.push_back({SCMP_SYS(clone), {has_bits(0, space, space)}});
        refused.push_back({SCMP_SYS(unshare), {has_bits(0, space, space)}});
    }
    // It asks whether others of its processes are there, and signals nobody: without a namespace all of the user's are
    // in reach.
    refused.push_back({SCMP_SYS(kill), {compared(1, SCMP_CMP_NE, 0)}});
    return refused;
}

} // namespace windsor::sandbox
