// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/share_gate.hpp"

#include "base/descriptor_message.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace windsor::network {

namespace {

constexpr int kBacklog = 16;

sockaddr* generic(sockaddr_in& address)
{
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

} // namespace

base::Result<ShareGate::Listener> ShareGate::listen()
{
    Listener listener{.socket = base::Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (!listener.socket || ::bind(listener.socket.get(), generic(at), sizeof at) != 0 ||
        ::listen(listener.socket.get(), kBacklog) != 0 ||
        ::getsockname(listener.socket.get(), generic(at), &size) != 0) {
        return base::fail("cannot take connections to shared folders: {}", base::errno_text(errno));
    }
    listener.port = ntohs(at.sin_port);
    return listener;
}

base::Result<std::unique_ptr<ShareGate>> ShareGate::create(base::Fd server)
{
    std::unique_ptr<ShareGate> gate{new ShareGate};
    for (Listener& listener : gate->listeners_) {
        listener = WINDSOR_TRY(listen());
    }
    gate->server_ = std::move(server);
    gate->ports_ = {.direct = gate->listeners_[0].port, .session = gate->listeners_[1].port};
    return gate;
}

std::vector<int> ShareGate::descriptors() const
{
    return {listeners_[0].socket.get(), listeners_[1].socket.get(), server_.get()};
}

void ShareGate::fill(std::vector<pollfd>& waits, bool rests)
{
    own_wait_ = waits.size();
    for (const Listener& listener : listeners_) {
        waits.push_back({.fd = rests ? -1 : listener.socket.get(), .events = POLLIN, .revents = 0});
    }
}

void ShareGate::take(std::span<const pollfd> waits, const IsOwn& is_own) const
{
    for (std::size_t number = 0; number < listeners_.size(); ++number) {
        if (waits[own_wait_ + number].revents != 0) {
            accept(listeners_[number], is_own);
        }
    }
}

// A connection of two ends of this host has one socket at each of them, so that a socket of this process's with these
// two ends is the other one. It is closed here if it is a stranger's, or nobody serves it.
void ShareGate::accept(const Listener& listener, const IsOwn& is_own) const
{
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const base::Fd connection{::accept4(listener.socket.get(), generic(peer), &size, SOCK_CLOEXEC)};
    if (connection && peer.sin_family == AF_INET && is_own(peer, listener.port)) {
        std::array<char, 1> word{};
        static_cast<void>(base::send_with_descriptor(server_.get(), word, connection.get(), MSG_DONTWAIT));
    }
}

} // namespace windsor::network
