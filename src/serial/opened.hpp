// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a serial line, opened where nobody has walls around him yet.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "serial/end.hpp"

#include <cstdint>
#include <sys/socket.h>
#include <vector>

namespace windsor::serial {

struct Address {
    sockaddr_storage bytes{};
    socklen_t size{0};
};

struct Opened {
    enum class Use : std::uint8_t {
        File,     // what the guest sends is appended, up to a limit
        Stream,   // a device or a connection, both ways
        Listener, // of which clients come, one at a time
        Remote,   // no descriptor: it connects to one of `addresses`, and again when the connection is lost
    };
    Use use{Use::Stream};
    base::Fd descriptor{};
    std::vector<Address> addresses{};
};

// What the file of an end has in it before.
enum class Contents : std::uint8_t { Empty, Kept };

// Of an end that is_served(): makes the file, opens the device, binds and listens, connects to a Unix socket, looks the
// host's name up (which may take as long as the resolver's patience). Fails with a sentence.
base::Result<Opened> open(const End& end, Contents contents = Contents::Empty);

} // namespace windsor::serial
