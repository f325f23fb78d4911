// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/reception.hpp"

#include "display/peer_address.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::transport {

namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kWindow{60};
constexpr unsigned kToldOf = 20; // failures in a window
constexpr int kBrought = 0;
constexpr int kNothing = 1;

// The new process goes with the one that waits, so that nothing is received behind the back of who has ended that.
void begin_child()
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none{};
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

} // namespace

void Reception::Report::welcome() const
{
    const char known = 1;
    [[maybe_unused]] const ssize_t told = ::write(fd_, &known, 1);
}

base::Status Reception::wait(const base::Fd& listener, const Endpoint& at, const base::Interrupts& interrupts,
                             const Serve& serve)
{
    Reception reception{listener, serve};
    const int flags = ::fcntl(listener.get(), F_GETFL);
    ::fcntl(listener.get(), F_SETFL, flags | O_NONBLOCK); // who has gone again must not be waited for
    base::Result<bool> came = false;
    while (came && !reception.reap()) {
        came = interrupts.wait_for(listener.get(), POLLIN, kLook);
        if (came && *came) {
            reception.admit();
        }
    }
    if (at.kind == Endpoint::Kind::Unix) {
        ::unlink(at.place.c_str());
    }
    WINDSOR_TRY(std::move(came));
    return {};
}

Reception::~Reception()
{
    while (!visitors_.empty()) {
        turn_out(visitors_.begin());
    }
}

void Reception::admit()
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    base::Fd connection{::accept4(listener_.get(), generic, &length, SOCK_CLOEXEC)};
    const std::string network = address.ss_family == AF_UNIX ? "" : display::peer_network(address, length);
    if (!connection || !make_room(network)) {
        return;
    }
    const int on = 1;
    ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // means nothing to other sockets
    start(std::move(connection), network);
}

bool Reception::make_room(const std::string& network)
{
    const auto from_there = [&](const Visitor& visitor) { return !visitor.welcome && visitor.network == network; };
    if (!network.empty() &&
        static_cast<std::size_t>(std::ranges::count_if(visitors_, from_there)) >= kMostStrangersOfAddress) {
        turn_out(std::ranges::find_if(visitors_, from_there));
    }
    if (visitors_.size() < kMost) {
        return true;
    }
    const auto victim = least_missed(network);
    if (victim == visitors_.end()) {
        return false;
    }
    turn_out(victim);
    return true;
}

// Of those whose address has the most places: the first stranger, if they are as many as the newcomer's at least; else
// the last of the known, if they are two more. A domain comes over one connection.
std::list<Reception::Visitor>::iterator Reception::least_missed(const std::string& network)
{
    const auto places = [&](const std::string& of) { return std::ranges::count(visitors_, of, &Visitor::network); };
    const auto own = places(network);
    auto stranger = visitors_.end();
    auto known = visitors_.end();
    std::ptrdiff_t strangers = std::max<std::ptrdiff_t>(own, 1);
    std::ptrdiff_t knowns = own + 2;
    for (auto visitor = visitors_.begin(); visitor != visitors_.end(); ++visitor) {
        const auto held = places(visitor->network);
        if (!visitor->welcome && (held > strangers || (held == strangers && stranger == visitors_.end()))) {
            stranger = visitor;
            strangers = held;
        } else if (visitor->welcome && held >= knowns) {
            known = visitor;
            knowns = held;
        }
    }
    return stranger != visitors_.end() ? stranger : known;
}

void Reception::start(base::Fd connection, const std::string& network)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return;
    }
    base::Fd receive{ends[0]};
    base::Fd send{ends[1]};
    const Telling told = telling();
    const pid_t child = ::fork();
    if (child == 0) {
        begin_child();
        ::close(listener_.get());
        receive.reset();
        visitors_.clear(); // the domain that comes has nothing to do with the others' reports
        const bool brought = serve_(std::move(connection), Report{send.get()}, told);
        ::_exit(brought ? kBrought : kNothing);
    }
    if (child > 0) {
        visitors_.push_back({.process = child, .report = std::move(receive), .network = network});
    }
}

bool Reception::reap()
{
    bool brought = false;
    for (auto visitor = visitors_.begin(); visitor != visitors_.end();) {
        char known = 0;
        visitor->welcome = visitor->welcome || ::read(visitor->report.get(), &known, 1) == 1;
        int status = 0;
        if (::waitpid(visitor->process, &status, WNOHANG) == 0) {
            ++visitor;
            continue;
        }
        const bool success = WIFEXITED(status) && WEXITSTATUS(status) == kBrought;
        success ? static_cast<void>(brought = true) : note_failure();
        visitor = visitors_.erase(visitor);
    }
    return brought;
}

void Reception::turn_out(std::list<Visitor>::iterator visitor)
{
    ::kill(visitor->process, SIGKILL);
    ::waitpid(visitor->process, nullptr, 0);
    visitors_.erase(visitor);
}

Reception::Telling Reception::telling() const
{
    const bool fresh = std::chrono::steady_clock::now() - window_ >= kWindow;
    return fresh || failures_ < kToldOf ? Telling::Aloud : Telling::Silent;
}

void Reception::note_failure()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - window_ >= kWindow) {
        window_ = now;
        failures_ = 0;
    }
    ++failures_;
}

} // namespace windsor::transport
