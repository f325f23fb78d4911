// SPDX-License-Identifier: GPL-2.0-or-later
// Puts a guest's IPv4 fragments (RFC 791, 3.2) together. libslirp could do so, too, but keeps any number of them for
// half a minute, and version 4.7.0 as Debian 12 compiles it follows a wild pointer when the last one comes first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace windsor::network {

class Reassembly {
public:
    static constexpr std::size_t kMostDatagrams = 16; // that wait for more of them; the oldest is given up for another
    static constexpr std::size_t kMostFragments = 128; // of a datagram
    static constexpr std::int64_t kLongestWait = 30'000; // in milliseconds

    // What is to be gone on with: the frame itself if it has no fragment, or one with the whole datagram if it has what
    // was missing, until the next call. Empty if there is more to come, or the fragment makes no sense. `now` is in
    // milliseconds.
    std::span<const std::uint8_t> take(std::span<const std::uint8_t> frame, std::int64_t now);

private:
    using Bytes = std::vector<std::uint8_t>;

    struct Part {
        std::size_t begin;
        std::size_t end;
        bool operator==(const Part&) const = default;
    };
    struct Datagram {
        std::array<std::uint8_t, 11> key{}; // addresses, identification and protocol
        std::int64_t begun{0};
        Bytes header{}; // of the first fragment's frame
        Bytes data{};
        std::vector<Part> parts{};
        std::size_t received{0};
        std::optional<std::size_t> size{}; // known by the last fragment
    };
    enum class Added : std::uint8_t { Yes, Again, Never };

    std::deque<Datagram>::iterator find(const std::array<std::uint8_t, 11>& key, std::int64_t now);
    static Added add(Datagram& datagram, Part part, bool last);
    void put_together(const Datagram& datagram);

    std::deque<Datagram> waiting_; // in the order in which they began
    Bytes whole_;
};

} // namespace windsor::network
