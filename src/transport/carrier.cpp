// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/carrier.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace windsor::transport {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReap{5'000};
constexpr milliseconds kLook{10};
constexpr int kNothingDone = 127; // as of sh(1)

} // namespace

base::Result<Carrier> Carrier::start(std::string_view what, const std::function<void()>& work)
{
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail("cannot make a process for {}: {}", what, base::errno_text(errno));
    }
    if (child == 0) {
        ::signal(SIGINT, SIG_IGN);
        sigset_t none{};
        ::sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        work();
        ::_exit(kNothingDone); // the creator's buffers and exit handlers are the creator's
    }
    return Carrier{child};
}

Carrier::~Carrier()
{
    if (pid_ < 0) {
        return;
    }
    for (milliseconds waited{0}; waited < kReap; waited += kLook) {
        if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
            return;
        }
        std::this_thread::sleep_for(kLook);
    }
    stop();
    ::waitpid(pid_, nullptr, 0);
}

void Carrier::stop() const
{
    ::kill(pid_, SIGTERM);
}

base::Result<SocketPair> make_socket_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return base::fail("cannot make a pair of sockets: {}", base::errno_text(errno));
    }
    return SocketPair{.own = base::Fd{ends[0]}, .other = base::Fd{ends[1]}};
}

} // namespace windsor::transport
