// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "transport/tls.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::transport {

// Carries bytes between an encrypted connection and a local socket, in both directions as they come, with one buffer
// each way: who does not read stops who writes.
class TlsPump {
public:
    static constexpr std::chrono::milliseconds kFarewell{10'000};

    // `local` is a socket that outlives it. `farewell`: for how long it waits for the other end after the local one has
    // ended.
    TlsPump(TlsSession session, int local, std::chrono::milliseconds farewell = kFarewell);

    // Until both directions have ended, in good order or with the reason why not. An end of one direction is passed on
    // while the other goes on.
    base::Status run();

private:
    // Bytes on their way: what has come and has not been passed on.
    class Buffer {
    public:
        explicit Buffer(std::size_t size) : bytes_(size) {}
        std::span<std::uint8_t> room() { return bytes_; } // of an empty one
        void filled(std::size_t count) { begin_ = 0, end_ = count; }
        std::span<const std::uint8_t> held() const { return std::span{bytes_}.subspan(begin_, end_ - begin_); }
        void passed(std::size_t count) { begin_ += count; }
        bool empty() const { return begin_ == end_; }
        void drop() { begin_ = end_; }

    private:
        std::vector<std::uint8_t> bytes_;
        std::size_t begin_{0};
        std::size_t end_{0};
    };

    // One step of a direction; true if there may be another at once.
    base::Result<bool> step_out();
    base::Result<bool> step_in();
    bool take_local();
    void give_local();
    bool done() const { return said_farewell_ && remote_ended_ && in_.empty(); }
    base::Status wait();

    TlsSession session_;
    int local_;
    std::chrono::milliseconds farewell_;
    std::chrono::steady_clock::time_point give_up_at_{std::chrono::steady_clock::time_point::max()};
    Buffer out_{64u << 10};
    Buffer in_{TlsSession::kRecord};
    bool local_ended_{false};
    bool local_deaf_{false}; // it reads no more
    bool said_farewell_{false};
    bool remote_ended_{false};
};

} // namespace windsor::transport
