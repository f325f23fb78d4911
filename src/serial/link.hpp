// SPDX-License-Identifier: GPL-2.0-or-later
// What passes between a domain and the process of its serial lines, over a socket of type SOCK_SEQPACKET for each line.
// The domain sends what the guest has transmitted and nothing else. What comes back begins with a byte that says what
// it is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windsor::serial {

constexpr std::size_t kLongestMessage = 4096; // in either direction, with its first byte

enum class Message : std::uint8_t {
    Characters = 0, // for the guest; they follow
    Note = 1, // for the log; a Note follows
};

enum class Note : std::uint8_t {
    Connected, // somebody is at the other end
    Left, // and is gone
    Unreachable, // nobody answers; it is tried again
    Refused, // somebody else, as there is one already
    Full, // the file has reached its limit, and takes no more
    Failed, // the file or device takes nothing any more
};

// For the log: "the port's client has gone". Null if there is no such note.
const char* sentence_for(std::uint8_t note);

} // namespace windsor::serial
