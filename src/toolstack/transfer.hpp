// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace windsor::toolstack {

// From a domain's process to a file that it has no descriptor of: it cannot change what has been looked at, nor fill
// the disk.
class Transfer {
public:
    // The file stays the caller's and outlives this. What comes after `most` bytes is an error.
    static base::Result<Transfer> to(int file, std::uint64_t most);

    int sender() const { return send_.get(); }
    // The domain has a copy.
    void close_sender() { send_.reset(); }
    bool ended() const { return !receive_; }
    // What there is, if something comes in that time. After an error nothing more is taken, and the domain notices.
    base::Status move(std::chrono::milliseconds patience);
    // Until the domain closes its end, which it does soon after it has said that it has written all.
    base::Status take_rest();

private:
    Transfer(int file, std::uint64_t most, base::Fd receive, base::Fd send);

    int file_;
    std::uint64_t left_; // of the bytes that may come
    base::Fd receive_;
    base::Fd send_;
    std::vector<char> buffer_;
};

} // namespace windsor::toolstack
