// SPDX-License-Identifier: GPL-2.0-or-later
#include "serial/relay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::serial {

namespace {

using Use = Opened::Use;

constexpr std::chrono::seconds kBeat{5};
constexpr int kMessagesAtOnce = 16;

bool is_ready(std::span<const pollfd> waits, const std::optional<std::size_t>& place)
{
    return place && *place < waits.size() && waits[*place].revents != 0;
}

// A descriptor is a device's or a socket's.
ssize_t write_some(int fd, std::span<const std::uint8_t> bytes)
{
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 && errno == ENOTSOCK ? ::write(fd, bytes.data(), bytes.size()) : sent;
}

bool would_wait(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

} // namespace

Relay::Relay(Opened end, base::Fd link, Limits limits) : end_{std::move(end)}, link_{std::move(link)}, limits_{limits}
{
    if (is(Use::Stream) || is(Use::File)) {
        stage_ = Stage::Joined;
    }
    // The successor of a process that has died goes on with the file as that has left it.
    struct stat file{};
    if (is(Use::File) && ::fstat(end_.descriptor.get(), &file) == 0) {
        written_ = static_cast<std::uint64_t>(file.st_size);
    }
}

std::vector<int> Relay::descriptors() const
{
    std::vector<int> all{link_.get()};
    if (end_.descriptor) {
        all.push_back(end_.descriptor.get());
    }
    return all;
}

// As long as somebody takes it, what cannot be kept stays with the domain, which drops the oldest itself.
std::size_t Relay::room() const
{
    return output_.size() < limits_.kept_bytes || stage_ != Stage::Joined ? kLongestMessage : 0;
}

void Relay::fill(std::vector<pollfd>& waits, Clock::time_point& until)
{
    link_wait_.reset();
    peer_wait_.reset();
    listener_wait_.reset();
    if (!link_) {
        return;
    }
    fill_link(waits);
    if (is(Use::Listener) && listens_) {
        listener_wait_ = waits.size();
        waits.push_back({.fd = end_.descriptor.get(), .events = POLLIN, .revents = 0});
    }
    if (stage_ != Stage::Alone && !is(Use::File)) {
        fill_peer(waits);
    }
    if ((is(Use::Remote) && stage_ != Stage::Joined) || (is(Use::File) && !output_.empty())) {
        until = std::min(until, due_);
    }
}

void Relay::fill_link(std::vector<pollfd>& waits)
{
    const int from_domain = room() > 0 ? POLLIN : 0;
    const int to_domain = input_.empty() ? 0 : POLLOUT;
    link_wait_ = waits.size();
    waits.push_back({.fd = link_.get(), .events = static_cast<short>(from_domain | to_domain), .revents = 0});
}

// One that is neither read nor written at present is not looked at: that it has hung up would be said again and again.
void Relay::fill_peer(std::vector<pollfd>& waits)
{
    const bool writes = stage_ == Stage::Connecting || !output_.empty();
    const bool reads = stage_ == Stage::Joined && input_.empty();
    peer_wait_ = waits.size();
    waits.push_back({.fd = reads || writes ? peer() : -1,
                     .events = static_cast<short>((writes ? POLLOUT : 0) | (reads ? POLLIN : 0)),
                     .revents = 0});
}

void Relay::take(std::span<const pollfd> waits, Clock::time_point now)
{
    if (!link_) {
        return;
    }
    now_ = now;
    if (is_ready(waits, listener_wait_)) {
        // Others who have the socket, too, may have shut it down, which would be said again and again.
        listens_ = (waits[*listener_wait_].revents & (POLLHUP | POLLERR)) == 0;
        accept();
    }
    if (stage_ == Stage::Connecting && is_ready(waits, peer_wait_)) {
        finish_connecting();
    } else if (stage_ == Stage::Joined && is_ready(waits, peer_wait_)) {
        read_input();
    }
    if (is_ready(waits, link_wait_)) {
        take_from_domain(waits[*link_wait_].revents);
    }
    act();
    if (stage_ == Stage::Joined) {
        write_output();
    }
}

void Relay::take_from_domain(short events)
{
    pass_on();
    if (room() > 0) {
        take_output();
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
        link_.reset();
    }
}

// What is due by the clock.
void Relay::act()
{
    if (!is(Use::Remote) || stage_ == Stage::Joined || now_ < due_) {
        return;
    }
    if (stage_ == Stage::Connecting || end_.addresses.empty()) {
        try_later();
        return;
    }
    connect();
}

void Relay::connect()
{
    Address& address = end_.addresses[next_address_];
    client_.reset(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    static_cast<void>(::setsockopt(client_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes));
    static_cast<void>(::setsockopt(client_.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes));
    stage_ = Stage::Connecting;
    due_ = now_ + kPatience;
    auto* const to = static_cast<const sockaddr*>(static_cast<const void*>(&address.bytes));
    if (::connect(client_.get(), to, address.size) == 0) {
        joined();
    } else if (errno != EINPROGRESS) {
        try_later();
    }
}

void Relay::finish_connecting()
{
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(client_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
        joined();
    } else {
        try_later();
    }
}

void Relay::joined()
{
    stage_ = Stage::Joined;
    break_ = kFirstBreak;
    told_unreachable_ = false;
    told_refused_ = false;
    note(Note::Connected);
}

// All addresses of the host are tried one after the other; then there is a break.
void Relay::try_later()
{
    stage_ = Stage::Alone;
    client_.reset();
    ++next_address_;
    due_ = now_;
    if (next_address_ >= end_.addresses.size()) {
        next_address_ = 0;
        due_ = now_ + break_;
        break_ = std::min(2 * break_, kLongestBreak);
        if (!std::exchange(told_unreachable_, true)) {
            note(Note::Unreachable);
        }
    }
}

// The other end is gone. What it had not taken of the guest's output is for whoever comes next.
void Relay::part(Note why)
{
    stage_ = Stage::Alone;
    client_.reset();
    due_ = now_ + kFirstBreak; // somebody who answers and hangs up at once is not asked all the time
    note(why);
    if (is(Use::Stream)) {
        end_.descriptor.reset();
    }
}

bool Relay::has_left() const
{
    pollfd peer{.fd = client_.get(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&peer, 1, 0) > 0;
}

// A client that has left holds nobody up: what it has sent is read first, but not if the guest takes nothing.
void Relay::accept()
{
    if (stage_ == Stage::Joined && has_left()) {
        if (input_.empty()) {
            return;
        }
        part(Note::Left);
    }
    base::Fd newcomer{::accept4(end_.descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!newcomer) {
        return;
    }
    if (stage_ == Stage::Joined) {
        if (!std::exchange(told_refused_, true)) {
            note(Note::Refused);
        }
        return;
    }
    client_ = std::move(newcomer);
    joined();
}

// What the domain has sent.
void Relay::take_output()
{
    std::array<std::uint8_t, kLongestMessage> message{};
    for (int i = 0; i < kMessagesAtOnce && room() > 0; ++i) {
        const ssize_t got = ::recv(link_.get(), message.data(), message.size(), MSG_DONTWAIT);
        if (would_wait(got)) {
            return;
        }
        if (got <= 0) {
            link_.reset();
            return;
        }
        output_.insert(output_.end(), message.begin(), message.begin() + got);
        const std::size_t most = limits_.kept_bytes + kLongestMessage;
        if (output_.size() > most || (stage_ != Stage::Joined && output_.size() > limits_.kept_bytes)) {
            const std::size_t much = output_.size() - limits_.kept_bytes;
            output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(much));
        }
    }
}

void Relay::write_output()
{
    while (!output_.empty() && stage_ == Stage::Joined) {
        std::array<std::uint8_t, kLongestMessage> bytes{};
        const std::size_t count = std::min(bytes.size(), output_.size());
        std::copy_n(output_.begin(), count, bytes.begin());
        const std::span<const std::uint8_t> next{bytes.data(), count};
        if (is(Use::File)) {
            if (!write_file(next)) {
                return;
            }
            continue;
        }
        const ssize_t sent = write_some(peer(), next);
        if (would_wait(sent)) {
            return;
        }
        if (sent <= 0) {
            part(Note::Left);
            return;
        }
        output_.erase(output_.begin(), output_.begin() + sent);
    }
}

// False: not now.
bool Relay::write_file(std::span<const std::uint8_t> bytes)
{
    const std::uint64_t left = limits_.file_bytes - std::min(limits_.file_bytes, written_);
    if (left == 0) {
        if (!std::exchange(full_, true)) {
            note(Note::Full);
        }
        output_.clear();
        return true;
    }
    if (now_ < due_) {
        return false;
    }
    const std::size_t count = std::min<std::uint64_t>(bytes.size(), left);
    const ssize_t sent = ::write(end_.descriptor.get(), bytes.data(), count);
    if (sent > 0) {
        written_ += static_cast<std::uint64_t>(sent);
        output_.erase(output_.begin(), output_.begin() + sent);
        told_unreachable_ = false;
        return true;
    }
    due_ = now_ + kFileBreak;
    if (!std::exchange(told_unreachable_, true)) {
        note(Note::Failed);
    }
    return false;
}

void Relay::read_input()
{
    if (!input_.empty()) {
        return;
    }
    std::array<std::uint8_t, kLongestMessage - 1> bytes{};
    const ssize_t got = ::read(peer(), bytes.data(), bytes.size());
    if (would_wait(got)) {
        return;
    }
    if (got <= 0) {
        part(Note::Left);
        return;
    }
    input_.push_back(static_cast<std::uint8_t>(Message::Characters));
    input_.insert(input_.end(), bytes.begin(), bytes.begin() + got);
    pass_on();
}

// To the domain; what it does not take now stays, and nothing more is read meanwhile.
void Relay::pass_on()
{
    if (input_.empty()) {
        return;
    }
    const ssize_t sent = ::send(link_.get(), input_.data(), input_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!would_wait(sent)) {
        input_.clear();
    }
}

// A domain that does not read has no note.
void Relay::note(Note note)
{
    const std::array message{static_cast<std::uint8_t>(Message::Note), static_cast<std::uint8_t>(note)};
    static_cast<void>(::send(link_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

void serve(std::span<const std::unique_ptr<Relay>> relays, const base::Fd& life, const std::function<void()>& beat)
{
    using Milliseconds = std::chrono::milliseconds;
    std::vector<pollfd> waits;
    for (;;) {
        waits.assign(1, {.fd = life.get(), .events = POLLIN, .revents = 0});
        const Relay::Clock::time_point begun = Relay::Clock::now();
        Relay::Clock::time_point until = begun + kBeat;
        for (const auto& relay : relays) {
            relay->fill(waits, until);
        }
        const auto left = std::chrono::ceil<Milliseconds>(until - begun).count();
        const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, Milliseconds{kBeat}.count()));
        if (::poll(waits.data(), waits.size(), timeout) < 0 && errno != EINTR) {
            return;
        }
        if (waits.front().revents != 0 || std::ranges::none_of(relays, &Relay::connected)) {
            return;
        }
        for (const auto& relay : relays) {
            relay->take(waits, Relay::Clock::now());
        }
        beat();
    }
}

} // namespace windsor::serial
