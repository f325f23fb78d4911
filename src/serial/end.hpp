// SPDX-License-Identifier: GPL-2.0-or-later
// What a serial port of the guest's is connected to, spelt as in QEMU's option -serial, which xm and xl have, too.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace windsor::serial {

enum class Kind : std::uint8_t {
    Absent, // none: the machine does not have the port
    Nobody, // null: it has the port, and nobody is at the other end
    Terminal, // pty: a pseudo-terminal, for the console command
    File, // file:PATH
    Device, // /dev/NAME: a terminal of the host's, such as a serial port
    Tcp, // tcp:HOST:PORT
    Unix, // unix:PATH
};

// Of a socket.
enum class Part : std::uint8_t { Connects, Listens };

struct End {
    Kind kind{Kind::Nobody};
    std::string path{}; // of a file, a device or a Unix socket; absolute
    std::string host{}; // a name or an address; never empty
    std::string port{}; // 1 to 65535
    Part part{Part::Connects};
    bool awaited{false}; // QEMU would wait for the first client before the guest begins: "server" without "nowait"

    bool operator==(const End&) const = default;
};

// COM1 to COM4.
constexpr std::size_t kMostPorts = 4;

// Fails with a sentence that says what is wrong with the text, and what it may be.
base::Result<End> parse_end(std::string_view text);

// Whether the process of serial lines serves it.
constexpr bool is_served(const End& end)
{
    return end.kind >= Kind::File;
}

} // namespace windsor::serial
