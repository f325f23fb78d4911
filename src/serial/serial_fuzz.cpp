// SPDX-License-Identifier: GPL-2.0-or-later
// What a configuration or a saved state says of a serial port; and a domain that is an intruder's, with a client that
// is one, too, at both sides of a relay.
#include "serial/end.hpp"
#include "serial/relay.hpp"

#include <array>
#include <cstdlib>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using windsor::base::Fd;
using namespace windsor::serial;

struct Pair {
    Fd one;
    Fd other;
};

Pair pair_of(int type)
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        std::abort();
    }
    return {Fd{ends[0]}, Fd{ends[1]}};
}

void round(Relay& relay, Relay::Clock::time_point now)
{
    std::vector<pollfd> waits;
    auto until = now;
    relay.fill(waits, until);
    static_cast<void>(::poll(waits.data(), waits.size(), 0));
    relay.take(waits, now);
}

void play(std::span<const std::uint8_t> script)
{
    Pair link = pair_of(SOCK_SEQPACKET);
    Pair peer = pair_of(SOCK_STREAM);
    Relay relay{{.use = Opened::Use::Stream, .descriptor = std::move(peer.one)},
                std::move(link.one),
                {.file_bytes = 64, .kept_bytes = 128}};
    Relay::Clock::time_point now{};
    std::array<std::uint8_t, kLongestMessage> buffer{};
    while (script.size() >= 2) {
        const std::uint8_t what = script[0];
        const std::size_t size = std::min<std::size_t>(script[1], script.size() - 2);
        const auto bytes = script.subspan(2, size);
        script = script.subspan(2 + size);
        switch (what % 6) {
        case 0: static_cast<void>(::send(link.other.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)); break;
        case 1: static_cast<void>(::send(peer.other.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)); break;
        case 2: static_cast<void>(::recv(link.other.get(), buffer.data(), buffer.size(), 0)); break;
        case 3: static_cast<void>(::recv(peer.other.get(), buffer.data(), buffer.size(), 0)); break;
        case 4: now += std::chrono::seconds{size}; break;
        case 5: (size % 8 == 0 ? link.other : peer.other).reset(); break;
        }
        round(relay, now);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text{data, data + size};
    if (const auto end = parse_end(text); end && is_served(*end)) {
        const bool whole =
            end->kind == Kind::Tcp ? !end->host.empty() && !end->port.empty() : end->path.starts_with('/');
        if (!whole) {
            std::abort();
        }
    }
    play({data, size});
    return 0;
}
