// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_front.hpp"

#include "display/peer_address.hpp"
#include "display/vnc_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::display {

namespace {

constexpr std::chrono::seconds kLongestWait{5};
constexpr std::chrono::seconds kAcceptPause{1};
constexpr std::size_t kFixedWaits = 2; // the listener and the wake-up come before the clients

// Who has wrong passwords in common. Whoever is on this host has all of 127.0.0.0/8 to come from.
std::string guesser_of(const std::string& network)
{
    return network.starts_with("127.") || network.starts_with("::ffff:127.") ? "127.0.0.0/8" : network;
}

} // namespace

VncFront::VncFront(base::Fd listener, std::optional<std::string> password,
                   std::span<const std::unique_ptr<VncSession>> sessions, std::function<void()> changed, base::Log& log)
    : listener_{std::move(listener)},
      password_{std::move(password)},
      sessions_{sessions},
      changed_{std::move(changed)},
      log_{log},
      wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
{
}

VncFront::~VncFront()
{
    stopping_ = true;
    if (wake_) {
        static_cast<void>(::eventfd_write(wake_.get(), 1));
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

base::Status VncFront::run()
{
    if (!wake_) {
        return base::fail("cannot start the VNC server: {}", base::errno_text(EMFILE));
    }
    thread_ = std::thread{[this] { loop(); }};
    return {};
}

bool VncFront::moves() const
{
    const std::uint32_t rounds = rounds_;
    return seen_rounds_.exchange(rounds) != rounds;
}

void VncFront::loop()
{
    while (!stopping_) {
        wait();
        ++rounds_;
        move_all();
        if ((waits_[0].revents & POLLIN) != 0) {
            accept_clients();
        }
    }
    clients_.clear();
}

// Fills waits_, with two for each client.
void VncFront::wait()
{
    const Clock::time_point now = Clock::now();
    Clock::time_point until = now + kLongestWait;
    const bool accepts = !accept_again_ || now >= *accept_again_;
    if (accepts) {
        accept_again_.reset();
    } else {
        until = std::min(until, *accept_again_);
    }
    waits_.clear();
    waits_.push_back({.fd = accepts ? listener_.get() : -1, .events = POLLIN, .revents = 0});
    waits_.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
    for (const Client& client : clients_) {
        waits_.push_back(client.connection->viewer_wait());
        waits_.push_back(client.connection->library_wait());
        until = std::min(until, client.connection->deadline().value_or(until));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    static_cast<void>(::poll(waits_.data(), waits_.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0))));
}

void VncFront::move_all()
{
    std::size_t at = kFixedWaits;
    for (Client& client : clients_) {
        client.ended = !move(client, waits_[at], waits_[at + 1]);
        if (client.ended && client.session != nullptr) {
            client.session->abandon();
        }
        at += 2;
    }
    std::erase_if(clients_, [](const Client& client) { return client.ended; });
}

bool VncFront::move(Client& client, const pollfd& viewer, const pollfd& library)
{
    VncConnection& connection = *client.connection;
    const base::Status moved = connection.move(viewer, library, Clock::now());
    if (!moved) {
        if (!moved.error().message().empty()) {
            log_.guest("vnc", "{} {}", connection.peer(), moved.error().message());
        }
        return false;
    }
    return !connection.wants_session() || give_session(client);
}

void VncFront::accept_clients()
{
    for (;;) {
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
        base::Fd socket{::accept4(listener_.get(), generic, &length, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!socket) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                log_.guest("vnc", "a client cannot be accepted: {}", base::errno_text(errno));
                accept_again_ = Clock::now() + kAcceptPause;
            }
            return;
        }
        const std::string peer = peer_name(address, length);
        Challenge challenge{};
        if (::getentropy(challenge.data(), challenge.size()) != 0) {
            log_.guest("vnc", "{} is turned away: no random bytes for the password: {}", peer, base::errno_text(errno));
            continue;
        }
        const std::string network = peer_network(address, length);
        make_room(network);
        clients_.push_back({.connection = std::make_unique<VncConnection>(std::move(socket), peer, password_, challenge,
                                                                          Clock::now(), gate_of(network)),
                            .network = network});
    }
}

PasswordGate VncFront::gate_of(const std::string& network)
{
    const std::string guesser = guesser_of(network);
    return {
        .closed_for = [this, guesser] { return guard_.wait_of(guesser, Clock::now()); },
        .tried = [this, guesser](bool right) { right ? guard_.right(guesser) : guard_.wrong(guesser, Clock::now()); }};
}

std::size_t VncFront::strangers(const std::string* network) const
{
    return static_cast<std::size_t>(std::ranges::count_if(clients_, [&](const Client& client) {
        return client.session == nullptr && (network == nullptr || client.network == *network);
    }));
}

// For one more stranger from there.
void VncFront::make_room(const std::string& network)
{
    if (strangers(&network) >= VncServer::kMostStrangersOfAddress) {
        drop_stranger(&network);
    } else if (strangers(nullptr) >= VncServer::kMostStrangers) {
        drop_stranger(nullptr);
    }
}

// From there, or from anywhere. Clients are in the order in which they have come.
void VncFront::drop_stranger(const std::string* network)
{
    auto victim = clients_.end();
    for (auto client = clients_.begin(); client != clients_.end(); ++client) {
        if (client->session != nullptr || (network != nullptr && client->network != *network)) {
            continue;
        }
        if (victim == clients_.end() || (victim->connection->has_spoken() && !client->connection->has_spoken())) {
            victim = client;
        }
    }
    if (victim != clients_.end()) {
        log_.guest("vnc", "{} has not logged in and makes room for others", victim->connection->peer());
        clients_.erase(victim);
    }
}

bool VncFront::give_session(Client& client)
{
    VncConnection& connection = *client.connection;
    const auto of_address = std::ranges::count_if(clients_, [&](const Client& other) {
        return other.session != nullptr && other.network == client.network;
    });
    const auto free = std::ranges::find_if(sessions_, [](const auto& session) { return !session->busy(); });
    const bool too_many = !password_ && of_address >= VncServer::kMostSessionsOfAddress;
    if (free == sessions_.end() || too_many) {
        log_.guest("vnc", "{} is turned away: there are too many viewers{}", connection.peer(),
                   too_many ? " of this address" : "");
        return false;
    }
    auto socket = connection.begin_session();
    // LibVNCServer waits with select().
    if (!socket || socket->get() >= FD_SETSIZE) {
        log_.guest("vnc", "{} {}", connection.peer(),
                   socket ? "is turned away: too many files are open" : socket.error().message());
        return false;
    }
    client.session = free->get();
    client.session->start(*std::move(socket), connection.peer(), changed_);
    changed_();
    return true;
}

} // namespace windsor::display
