// SPDX-License-Identifier: GPL-2.0-or-later
// Where a guest's connections to its shared folders arrive, and are handed on to whoever serves them: two ports of
// 127.0.0.1, to which ShareRoute leads. All users of the host reach them, but only this process's own connections are
// taken, each of which is a guest's.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "network/share_route.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <vector>

namespace windsor::network {

class ShareGate {
public:
    // `server` is one end of a SOCK_SEQPACKET pair: each message has a connection with it.
    static base::Result<std::unique_ptr<ShareGate>> create(base::Fd server);

    ShareRoute::Ports ports() const { return ports_; }
    std::vector<int> descriptors() const;

    // As those of Nat. It rests while the process has many connections.
    void fill(std::vector<pollfd>& waits, bool rests);
    // Whether one end of a connection of this process's is that, with the other end at the port of this host.
    using IsOwn = std::function<bool(const sockaddr_in& end, std::uint16_t port)>;
    void take(std::span<const pollfd> waits, const IsOwn& is_own) const;

private:
    struct Listener {
        base::Fd socket{};
        std::uint16_t port{0};
    };

    ShareGate() = default;
    static base::Result<Listener> listen();
    void accept(const Listener& listener, const IsOwn& is_own) const;

    std::array<Listener, 2> listeners_{};
    base::Fd server_{};
    ShareRoute::Ports ports_{};
    std::size_t own_wait_{0}; // the first in `waits`
};

} // namespace windsor::network
