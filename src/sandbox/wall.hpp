// SPDX-License-Identifier: GPL-2.0-or-later
// The walls around a process that a guest or the network may have taken over, and whether they stand.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::sandbox {

// The key 'sandbox' of a configuration.
enum class Mode : std::uint8_t {
    Off,      // the process is left as it is
    On,       // the walls that the host allows
    Required, // all of them, or the process does not start
};

// Each is of use without the others: what one lets through, another stops.
enum class WallKind : std::uint8_t {
    Environment,      // no environment variables but those that are asked for
    Descriptors,      // no open descriptors but those that are asked for
    Limits,           // setrlimit(2) on data, files, processes and descriptors
    Secrecy,          // no core dumps, no ptrace(2) by others of the same user: PR_SET_DUMPABLE
    User,             // not root; where the creator is root, a user of its own
    UserNamespace,    // user_namespaces(7): other privileges are none, even if they are gained
    EmptyRoot,        // mount_namespaces(7): no files at all below /
    IpcNamespace,     // ipc_namespaces(7): no System V objects and message queues of others
    NetworkNamespace, // network_namespaces(7): no interface, no abstract sockets of others
    PidNamespace,     // pid_namespaces(7): no processes of others to name
    Landlock,         // landlock(7): opens, binds and connects nothing; signals nobody
    Capabilities,     // capabilities(7): none, and none to be had
    NoNewPrivileges,  // PR_SET_NO_NEW_PRIVS: an execve(2) gives nothing
    Seccomp,          // seccomp(2): the system calls of a list, for what they are needed for
};

// All kinds, in the order of the enumeration.
std::span<const WallKind> all_walls();
// As `info` and the log name it: "no-new-privileges".
std::string_view name_of(WallKind kind);

struct Wall {
    WallKind kind{};
    std::string name{};
    bool stands{false};
    std::string note{}; // why it does not stand, or how it differs from the usual
};

// One line for the log and for `info`: "environment, …, seccomp; without user-namespace (…)".
std::string describe(std::span<const Wall> walls);

} // namespace windsor::sandbox
