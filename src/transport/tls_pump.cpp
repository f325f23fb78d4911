// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls_pump.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::transport {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

bool may_work_later()
{
    return errno == EAGAIN || errno == EINTR;
}

} // namespace

TlsPump::TlsPump(TlsSession session, int local, milliseconds farewell)
    : session_{std::move(session)}, local_{local}, farewell_{farewell}
{
    ::fcntl(local_, F_SETFL, ::fcntl(local_, F_GETFL) | O_NONBLOCK);
}

base::Status TlsPump::run()
{
    while (!done()) {
        const bool in = WINDSOR_TRY(step_in()); // first: if sending fails, what has come may say why
        const bool out = WINDSOR_TRY(step_out());
        if (!in && !out && !done()) {
            WINDSOR_TRY(wait());
        }
        if (Clock::now() >= give_up_at_) {
            return base::fail("the other end of the connection has not ended in time");
        }
    }
    return {};
}

// From the local socket to the connection.
base::Result<bool> TlsPump::step_out()
{
    if (said_farewell_) {
        return false;
    }
    if (out_.empty() && !local_ended_ && !take_local()) {
        return false;
    }
    if (!out_.empty()) {
        const auto sent = WINDSOR_TRY(session_.send(out_.held()));
        out_.passed(sent.value_or(0));
        return sent.has_value();
    }
    said_farewell_ = WINDSOR_TRY(session_.say_farewell());
    return said_farewell_;
}

// False if there is nothing yet.
bool TlsPump::take_local()
{
    const auto room = out_.room();
    const ssize_t count = ::read(local_, room.data(), room.size());
    if (count < 0 && may_work_later()) {
        return false;
    }
    if (count > 0) {
        out_.filled(static_cast<std::size_t>(count));
        return true;
    }
    local_ended_ = true;
    give_up_at_ = Clock::now() + farewell_;
    return true;
}

// From the connection to the local socket.
base::Result<bool> TlsPump::step_in()
{
    if (in_.empty() && !remote_ended_) {
        const auto count = WINDSOR_TRY(session_.receive(in_.room()));
        if (!count) {
            return false;
        }
        in_.filled(*count);
        remote_ended_ = *count == 0;
        if (remote_ended_) {
            ::shutdown(local_, SHUT_WR);
        }
    }
    if (in_.empty()) {
        return false;
    }
    give_local();
    return in_.empty();
}

// What nobody reads any more is dropped, so that the other end can come to its own end.
void TlsPump::give_local()
{
    if (!local_deaf_) {
        const auto held = in_.held();
        const ssize_t count = ::send(local_, held.data(), held.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            in_.passed(static_cast<std::size_t>(count));
            return;
        }
        local_deaf_ = !may_work_later();
    }
    if (local_deaf_) {
        in_.drop();
    }
}

base::Status TlsPump::wait()
{
    const auto wants = [](bool read, bool write) {
        return static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    };
    const short of_local = wants(out_.empty() && !local_ended_, !in_.empty());
    const short of_session = wants(in_.empty() && !remote_ended_, !out_.empty() || (local_ended_ && !said_farewell_));
    // Of what is not asked for, poll(2) would still report the end, over and over.
    std::array waiting{pollfd{.fd = of_local != 0 ? local_ : -1, .events = of_local, .revents = 0},
                       pollfd{.fd = of_session != 0 ? session_.fd() : -1, .events = of_session, .revents = 0}};
    int patience = -1;
    if (give_up_at_ != Clock::time_point::max()) {
        const auto left = std::chrono::ceil<milliseconds>(give_up_at_ - Clock::now());
        patience = static_cast<int>(std::max(left, milliseconds{0}).count());
    }
    if (::poll(waiting.data(), waiting.size(), patience) < 0 && errno != EINTR) {
        return base::fail("cannot wait for a connection: {}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::transport
