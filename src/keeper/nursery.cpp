// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/nursery.hpp"

#include "base/descriptor_message.hpp"
#include "base/descriptors.hpp"
#include "domain/registry.hpp"
#include "sandbox/fork_apart.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace windsor::keeper {

namespace {

enum class Want : std::uint32_t { Helper = 1, Restart = 2 };

struct Order {
    std::uint32_t want{0};
    std::uint32_t number{0}; // of a helper
    std::array<char, 68> name{}; // ends with a zero byte
};

template <typename T> std::span<char> bytes_of(T& message)
{
    return {static_cast<char*>(static_cast<void*>(&message)), sizeof message};
}

// The nursery's own process.
class Attendant {
public:
    Attendant(base::Fd socket, Nursery::Makers makers, std::span<const int> kept)
        : socket_{std::move(socket)}, makers_{std::move(makers)}, helpers_(makers_.become_helper.size()),
          kept_{kept.begin(), kept.end()}
    {
    }

    // Until the keeper has gone.
    void serve();

private:
    base::Result<pid_t> make(const Order& order, base::Fd descriptor);
    base::Result<pid_t> make_helper(std::size_t number, base::Fd report);
    base::Result<pid_t> make_domain(const Order& order, const base::Fd& errors);
    bool helper_is_there(std::size_t number) const;
    void give_up_helpers();

    base::Fd socket_;
    Nursery::Makers makers_;
    std::vector<base::Fd> helpers_; // a pidfd of each one's last process
    std::vector<int> kept_;         // what they need, which is theirs; closed by number
    bool restarted_{false};
};

void Attendant::serve()
{
    for (;;) {
        Order order;
        base::Fd descriptor;
        const ssize_t got = base::receive_with_descriptor(socket_.get(), bytes_of(order), descriptor);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got != sizeof order) {
            return;
        }
        pid_t made = make(order, std::move(descriptor)).value_or(-1);
        // Before it is known to the keeper, nobody can have waited for it.
        base::Fd handle{made > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, made, 0)) : -1};
        if (base::send_with_descriptor(socket_.get(), bytes_of(made), handle.get()) != sizeof made) {
            return;
        }
        if (made > 0 && order.want == static_cast<std::uint32_t>(Want::Helper)) {
            helpers_.at(order.number) = std::move(handle);
        }
    }
}

base::Result<pid_t> Attendant::make(const Order& order, base::Fd descriptor)
{
    switch (static_cast<Want>(order.want)) {
    case Want::Helper: return make_helper(order.number, std::move(descriptor));
    case Want::Restart: return make_domain(order, descriptor);
    }
    return base::fail("that is nothing that is made here");
}

base::Result<pid_t> Attendant::make_helper(std::size_t number, base::Fd report)
{
    if (number >= helpers_.size() || helper_is_there(number)) {
        return base::fail("there is no such helper, or its process is there already");
    }
    const pid_t child = WINDSOR_TRY(sandbox::fork_apart(sandbox::Parent::Reaper));
    if (child == 0) {
        socket_.reset();
        makers_.become_helper[number](std::move(report));
        ::_exit(1);
    }
    return child;
}

// Also if its end has not been waited for: it has a number until then.
bool Attendant::helper_is_there(std::size_t number) const
{
    const base::Fd& last = helpers_[number];
    return last && (::syscall(SYS_pidfd_send_signal, last.get(), 0, nullptr, 0) == 0 || errno != ESRCH);
}

base::Result<pid_t> Attendant::make_domain(const Order& order, const base::Fd& errors)
{
    const auto* const end = std::ranges::find(order.name, '\0');
    const std::string name{order.name.begin(), end};
    if (!makers_.restart || end == order.name.end() || !domain::check_name(name) || std::exchange(restarted_, true)) {
        return base::fail("no domain is started");
    }
    give_up_helpers();
    return sandbox::fork_away(sandbox::Parent::Reaper,
                              [&] { return makers_.restart(errors.get(), name).value_or(-1); });
}

// The fresh domain has helpers of its own, which listen where these did.
void Attendant::give_up_helpers()
{
    helpers_.clear();
    for (const int descriptor : kept_) {
        ::close(descriptor);
    }
    kept_.clear();
}

// Neither sending nor receiving waits for longer.
bool limit_waits(int socket, std::chrono::milliseconds patience)
{
    const timeval time{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
    return ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
           ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

base::Result<Child> ask(base::Fd& socket, Order order, int descriptor)
{
    pid_t made = -1;
    base::Fd handle;
    const bool asked = base::send_with_descriptor(socket.get(), bytes_of(order), descriptor) == sizeof order;
    ssize_t got = -1;
    do {
        got = asked ? base::receive_with_descriptor(socket.get(), bytes_of(made), handle) : -1;
    } while (asked && got < 0 && errno == EINTR);
    if (got != sizeof made) {
        // A late answer would be taken for the next order's.
        socket.reset();
        return base::fail("the process that makes others for the keeper does not answer, and is not asked again");
    }
    if (made <= 0) {
        return base::fail("cannot make a process; raise the limit on processes");
    }
    return Child{.pid = made, .handle = std::move(handle)};
}

} // namespace

base::Result<Child> Child::of(pid_t pid)
{
    base::Fd handle{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!handle) {
        return base::fail("a process cannot be held: {}", base::errno_text(errno));
    }
    return Child{.pid = pid, .handle = std::move(handle)};
}

void Child::end(int signal) const
{
    static_cast<void>(::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0));
}

base::Result<Nursery> Nursery::start(Makers makers, std::span<const int> kept, std::chrono::milliseconds patience)
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return base::fail("cannot make a process for the keeper: {}", base::errno_text(errno));
    }
    base::Fd own{ends[0]};
    base::Fd other{ends[1]};
    if (!limit_waits(own.get(), patience)) {
        return base::fail("cannot make a process for the keeper: {}", base::errno_text(errno));
    }
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail("cannot make a process for the keeper: {}", base::errno_text(errno));
    }
    if (child == 0) {
        std::vector<int> all{kept.begin(), kept.end()};
        all.push_back(other.get());
        base::close_all_but(all);
        ::prctl(PR_SET_NAME, "windsor-nursery");
        ::prctl(PR_SET_DUMPABLE, 0); // it has the configuration's passwords
        Attendant{std::move(other), std::move(makers), kept}.serve();
        ::_exit(0);
    }
    return Nursery{std::move(own)};
}

base::Result<Child> Nursery::helper(std::size_t number, int report)
{
    return ask(socket_,
               {.want = static_cast<std::uint32_t>(Want::Helper), .number = static_cast<std::uint32_t>(number)},
               report);
}

base::Result<Child> Nursery::restart(int errors, const std::string& name)
{
    Order order{.want = static_cast<std::uint32_t>(Want::Restart)};
    std::ranges::copy_n(name.begin(), static_cast<std::ptrdiff_t>(std::min(name.size(), order.name.size() - 1)),
                        order.name.begin());
    return ask(socket_, order, errors);
}

} // namespace windsor::keeper
