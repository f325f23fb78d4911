// SPDX-License-Identifier: GPL-2.0-or-later
// Puts walls around the process that calls it. What it needs is opened before; what it opens later, somebody outside
// opens for it and sends as a descriptor.
#pragma once

#include "base/result.hpp"
#include "sandbox/wall.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::sandbox {

enum class Role : std::uint8_t {
    Domain,  // runs the guest: processors, chips, disks, the control socket
    Console, // talks with viewers over the network
    Network, // connects the guest's network with the host's, as a user's program does
    Share,   // runs a file server for the guest's shared folders: a program of the host's, behind the same walls
    Keeper,  // outside: it opens what the configuration names, keeps the domain's folder, and ends its processes
};

// A file or a directory, with all that is in it, that stays within reach of a process that opens files.
struct Reach {
    enum class Use : std::uint8_t {
        Read,
        Write,
        Execute, // and read
    };

    std::string path;
    Use use{Use::Read};
};

// What the process may use. Nothing: as it is.
struct Limits {
    std::optional<std::uint64_t> data_bytes{}; // private memory, RLIMIT_DATA; guest memory is shared and not counted
    std::optional<std::uint64_t> file_bytes{}; // the size that a file may be given, RLIMIT_FSIZE
    std::uint64_t descriptors{1024};
    // Of this user; counted in the user namespace, and left alone for an ordinary user who has none, as it would count
    // all that this user runs.
    std::optional<std::uint64_t> threads{512};
};

struct Plan {
    Role role{Role::Domain};
    Mode mode{Mode::On};
    Limits limits{};
    // What stays open beside standard input, output and error; nothing: all that is open is its own already.
    std::optional<std::vector<int>> descriptors{};
    // The names of the environment variables that stay.
    std::vector<std::string> variables{};
    // The user and group that root becomes; see own_user().
    uid_t user{65534};
    // What Landlock lets it open, and what is left in its file system if that is empty otherwise. Where nothing is
    // there when the walls are put up, it never opens anything.
    std::vector<Reach> reach{};
    // Numbers of capabilities that root's process keeps, of those in capabilities(7).
    std::vector<unsigned> capabilities{};
    // Walls that are left away, to be shown what they are good for.
    std::vector<WallKind> without{};
};

// Encloses the process, which must have one thread, for the rest of its life; threads made later are enclosed with it.
// Gives all walls of the role, with those that the host does not allow. Fails, with the process half enclosed, if it
// has more than one thread, or if a wall is missing and all are required: the error says which and why. Mode::Off does
// nothing, and gives none.
base::Result<std::vector<Wall>> enclose(const Plan& plan);

// What enclose() gave in this mode, in one line.
std::string describe(Mode mode, std::span<const Wall> walls);

// The user that the domain of this number becomes where root starts it: nobody else's, and another one for each domain
// that lives at the same time. systemd's list of user ids (UIDS-GIDS) keeps 0x70000000 and up free; numbers repeat
// after 2^24 domains.
uid_t own_user(unsigned domain);

// The walls that would stand here: a process is made, enclosed by the plan, and ends.
base::Result<std::vector<Wall>> survey(const Plan& plan);

} // namespace windsor::sandbox
