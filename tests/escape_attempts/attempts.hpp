// SPDX-License-Identifier: GPL-2.0-or-later
// What somebody tries who has taken over a domain's process, or its console's.
#pragma once

#include "sandbox/enclose.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::escape {

// What lies and lives around the domain. All of it belongs to whoever made the domain.
struct Surroundings {
    std::string
        // the creator's; "secret" and "image" lie in it, "place" is a folder, "socket" is another domain's control
        // socket,
        folder;
        // and "datagrams" a socket that takes them
    std::string abstract;    // the name of an abstract socket that somebody listens on
    unsigned short port{0};  // of 127.0.0.1, that somebody listens on
    pid_t neighbour{0};      // another process of the same creator
    const void* memory{};    // a place in the neighbour that can be read
    int secret{-1};          // an open descriptor that the domain was not meant to have
    int log{-1};             // one that a domain is to have, for writing
    int listener{-1};        // what a console is to have: a socket that listens on a port,
    int events{-1};          // one that is connected with the domain,
    int wake{-1};            // and an eventfd that the domain writes
};

// Each is harmless where it succeeds: without walls, it does.
struct Attempt {
    std::string name;
    // -1 with errno where it was refused, anything else where it was done.
    std::function<long(const Surroundings&)> action;
    std::optional<sandbox::Role> role{}; // whose alone it is; nothing: both's
};

std::vector<Attempt> all_attempts(sandbox::Role role);
// In groups.
std::vector<Attempt> attempts_on_files();
std::vector<Attempt> attempts_on_sockets();
std::vector<Attempt> attempts_with_what_is_left();
std::vector<Attempt> attempts_on_processes();
std::vector<Attempt> attempts_on_kernel();
std::vector<Attempt> attempts_on_resources();

} // namespace windsor::escape
