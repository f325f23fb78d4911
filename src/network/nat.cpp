// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/nat.hpp"

#include "backend/network_link.hpp"
#include "base/result.hpp"
#include "network/nat_plan.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <iterator>
#include <sys/socket.h>
#include <unistd.h>

#include <slirp/libslirp.h>

namespace windsor::network {

namespace {

// How many frames wait for a guest that takes none. TCP's windows keep what libslirp sends far below that.
constexpr std::size_t kLongestBacklog = 4096;
// How many of a guest's frames are taken before others have their turn.
constexpr unsigned kTurn = 64;
// With so many connections nobody else is taken in by forwarded ports. A process may have 1,024 descriptors: with none
// for the next one poll(2) would tell of it over and over, and the guest's own connections need some, too.
constexpr std::size_t kCrowd = 768;
// Between two signs of life, in milliseconds.
constexpr int kBeat = 5000;

std::int64_t now_ns()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// The bits of poll(2) and of libslirp mean the same, and may have other values.
struct Bit {
    int slirp;
    short poll;
};
constexpr std::array kBits{Bit{SLIRP_POLL_IN, POLLIN}, Bit{SLIRP_POLL_OUT, POLLOUT}, Bit{SLIRP_POLL_PRI, POLLPRI},
                           Bit{SLIRP_POLL_ERR, POLLERR}, Bit{SLIRP_POLL_HUP, POLLHUP}};

short to_poll(int events)
{
    int bits = 0;
    for (const Bit& bit : kBits) {
        bits |= (events & bit.slirp) != 0 ? bit.poll : 0;
    }
    return static_cast<short>(bits);
}

int to_slirp(short events)
{
    int bits = 0;
    for (const Bit& bit : kBits) {
        bits |= (events & bit.poll) != 0 ? bit.slirp : 0;
    }
    return bits;
}

sockaddr* generic(sockaddr_in& address)
{
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

bool listens(int descriptor)
{
    int answer = 0;
    socklen_t size = sizeof answer;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 && answer != 0;
}

// Where a packet of IPv4 (RFC 791) or IPv6 (RFC 8200) goes; empty if the frame is none.
std::span<const std::uint8_t> destination(std::span<const std::uint8_t> frame)
{
    constexpr std::size_t kType = 12;
    constexpr std::size_t kV4 = backend::kFrameHeader + 16;
    constexpr std::size_t kV6 = backend::kFrameHeader + 24;
    const unsigned type = frame[kType] << 8u | frame[kType + 1];
    if (type == 0x0800 && frame.size() >= kV4 + 4) {
        return frame.subspan(kV4, 4);
    }
    return type == 0x86dd && frame.size() >= kV6 + 16 ? frame.subspan(kV6, 16) : std::span<const std::uint8_t>{};
}

// Networks 127 and 0, which lead to the host itself (RFC 6890), and in IPv6 all that begins with eight zero bytes:
// "::", "::1" and the forms of IPv4 addresses. libslirp would take them for addresses like others.
bool is_of_the_host(std::span<const std::uint8_t> address)
{
    if (address.size() == 4) {
        return address[0] == 127 || address[0] == 0;
    }
    return address.size() == 16 && std::ranges::all_of(address.first(8), [](std::uint8_t byte) { return byte == 0; });
}

} // namespace

// What libslirp calls. The opaque pointer is the network.
struct Nat::Calls {
    static Nat& nat(void* opaque) { return *static_cast<Nat*>(opaque); }
    static ssize_t send_packet(const void* frame, size_t size, void* opaque)
    {
        Nat& self = nat(opaque);
        self.to_guest(self.share_.to_guest({static_cast<const std::uint8_t*>(frame), size}));
        return static_cast<ssize_t>(size);
    }
    // What a guest does wrong is the guest's affair.
    static void guest_error(const char*, void*) {}
    static std::int64_t clock_get_ns(void*) { return now_ns(); }
    static void* timer_new_opaque(SlirpTimerId id, void* timer_opaque, void* opaque)
    {
        auto& timers = nat(opaque).timers_;
        timers.push_back(std::make_unique<Timer>(Timer{.id = id, .opaque = timer_opaque}));
        return timers.back().get();
    }
    static void timer_free(void* timer, void* opaque)
    {
        std::erase_if(nat(opaque).timers_, [=](const auto& known) { return known.get() == timer; });
    }
    static void timer_mod(void* timer, std::int64_t due_ms, void*) { static_cast<Timer*>(timer)->due_ms = due_ms; }
    // Each round asks for them all; these are only counted.
    static void register_poll_fd(int fd, void* opaque) { nat(opaque).connections_.insert(fd); }
    static void unregister_poll_fd(int fd, void* opaque) { nat(opaque).connections_.erase(fd); }
    static void notify(void*) {} // it is polled again in any case
    static int add_poll(int fd, int events, void* opaque)
    {
        const Nat& self = nat(opaque);
        auto& waits = *self.filling_;
        const bool rests = self.crowded_ && std::ranges::find(self.listeners_, fd) != self.listeners_.end();
        waits.push_back({.fd = rests ? -1 : fd, .events = to_poll(events), .revents = 0});
        return static_cast<int>(waits.size() - 1);
    }
    static int get_revents(int index, void* opaque)
    {
        const auto waits = nat(opaque).taking_;
        const auto at = static_cast<std::size_t>(index);
        return index >= 0 && at < waits.size() ? to_slirp(waits[at].revents) : 0;
    }
};

void Nat::End::operator()(Slirp* slirp) const
{
    ::slirp_cleanup(slirp);
}

Nat::~Nat() = default;

base::Result<std::unique_ptr<Nat>> Nat::create(const NatOptions& options, base::Fd frames)
{
    static constexpr SlirpCb kCalls{.send_packet = Calls::send_packet,
                                    .guest_error = Calls::guest_error,
                                    .clock_get_ns = Calls::clock_get_ns,
                                    .timer_new = nullptr,
                                    .timer_free = Calls::timer_free,
                                    .timer_mod = Calls::timer_mod,
                                    .register_poll_fd = Calls::register_poll_fd,
                                    .unregister_poll_fd = Calls::unregister_poll_fd,
                                    .notify = Calls::notify,
                                    .init_completed = nullptr,
                                    .timer_new_opaque = Calls::timer_new_opaque};
    SlirpConfig config{};
    config.version = 4;
    config.in_enabled = true;
    config.vnetwork = kNatNetwork;
    config.vnetmask = kNatMask;
    config.vhost = kNatGateway;
    config.vdhcp_start = kNatGuest;
    config.vnameserver = kNatNameServer;
    config.in6_enabled = true;
    ::inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
    config.vprefix_len = 64;
    ::inet_pton(AF_INET6, "fec0::2", &config.vhost6);
    ::inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
    config.vhostname = options.guest_name.empty() ? nullptr : options.guest_name.c_str();
    config.bootfile = options.boot_file.empty() ? nullptr : options.boot_file.c_str();
    config.disable_host_loopback = options.host == HostServices::Hidden;

    std::unique_ptr<Nat> nat{new Nat{std::move(frames), options.share}};
    nat->slirp_.reset(::slirp_new(&config, &kCalls, nat.get()));
    if (!nat->slirp_) {
        return base::fail("libslirp refuses to make a network");
    }
    WINDSOR_TRY(nat->open_share());
    for (const HostForward& forward : options.forwards) {
        const int udp = forward.transport == Transport::Udp ? 1 : 0;
        if (::slirp_add_hostfwd(nat->slirp_.get(), udp, forward.host, forward.host_port, forward.guest,
                                forward.guest_port) != 0) {
            return base::fail("cannot forward {}: {}; choose another port of the host", to_string(forward),
                              base::errno_text(errno));
        }
    }
    std::ranges::copy_if(nat->descriptors(), std::back_inserter(nat->listeners_), listens);
    return nat;
}

// libslirp answers for that address by ARP if something of it leads somewhere. Nothing arrives here: the frames go
// another way (ShareRoute), as libslirp tells connections apart only if it makes a process or a Unix socket for each.
base::Status Nat::open_share()
{
    constexpr auto kNowhere = [](const void*, size_t size, void*) { return static_cast<ssize_t>(size); };
    in_addr address = kNatShare;
    if (share_.exists() && ::slirp_add_guestfwd(slirp_.get(), kNowhere, this, &address, kSmbPort) != 0) {
        return base::fail("libslirp refuses to answer at the address of shared folders");
    }
    return {};
}

bool Nat::has(const sockaddr_in& end, std::uint16_t port) const
{
    return std::ranges::any_of(connections_, [&](int fd) {
        sockaddr_in own{};
        sockaddr_in other{};
        socklen_t size = sizeof own;
        socklen_t other_size = sizeof other;
        return ::getsockname(fd, generic(own), &size) == 0 && ::getpeername(fd, generic(other), &other_size) == 0 &&
               own.sin_family == AF_INET && own.sin_port == end.sin_port &&
               own.sin_addr.s_addr == end.sin_addr.s_addr && other.sin_family == AF_INET &&
               other.sin_port == htons(port) && other.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    });
}

// What it would wait for.
std::vector<int> Nat::descriptors()
{
    std::vector<pollfd> waits;
    int timeout = 0;
    fill(waits, timeout);
    std::vector<int> all;
    std::ranges::transform(waits, std::back_inserter(all), &pollfd::fd);
    return all;
}

void Nat::to_guest(std::span<const std::uint8_t> frame)
{
    flush();
    if (backlog_.empty() && ::send(frames_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        return;
    }
    if (backlog_.size() < kLongestBacklog) {
        backlog_.emplace_back(frame.begin(), frame.end());
    }
}

void Nat::flush()
{
    while (!backlog_.empty()) {
        const std::vector<std::uint8_t>& frame = backlog_.front();
        if (::send(frames_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            connected_ = connected_ && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS);
            return;
        }
        backlog_.pop_front();
    }
}

void Nat::fill(std::vector<pollfd>& waits, int& timeout)
{
    own_wait_ = waits.size();
    waits.push_back({.fd = connected_ ? frames_.get() : -1,
                     .events = static_cast<short>(backlog_.empty() ? POLLIN : POLLIN | POLLOUT),
                     .revents = 0});
    filling_ = &waits;
    auto wanted = static_cast<std::uint32_t>(timeout);
    ::slirp_pollfds_fill(slirp_.get(), &wanted, Calls::add_poll, this);
    filling_ = nullptr;
    timeout = static_cast<int>(std::min<std::uint32_t>(wanted, INT_MAX));
    for (const auto& timer : timers_) {
        if (timer->due_ms >= 0) {
            const std::int64_t left = std::max<std::int64_t>(timer->due_ms - now_ns() / 1'000'000, 0);
            timeout = static_cast<int>(std::min<std::int64_t>(timeout, left));
        }
    }
}

void Nat::take(std::span<const pollfd> waits)
{
    run_timers();
    if (waits[own_wait_].revents != 0) {
        flush();
        take_frames();
    }
    taking_ = waits;
    ::slirp_pollfds_poll(slirp_.get(), 0, Calls::get_revents, this);
    taking_ = {};
}

void Nat::take_frames()
{
    std::array<std::uint8_t, backend::kLongestFrame> frame{};
    for (unsigned count = 0; count < kTurn; ++count) {
        const ssize_t size = ::recv(frames_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
        if (size < 0) {
            connected_ = connected_ && (errno == EAGAIN || errno == EINTR);
            return;
        }
        if (size == 0) {
            connected_ = false;
            return;
        }
        const std::span<const std::uint8_t> taken{frame.data(), static_cast<std::size_t>(size)};
        if (taken.size() < backend::kFrameHeader || is_of_the_host(destination(taken))) {
            continue;
        }
        if (const auto whole = fragments_.take(taken, now_ns() / 1'000'000); !whole.empty()) {
            const auto led = share_.from_guest(whole);
            ::slirp_input(slirp_.get(), led.data(), static_cast<int>(led.size()));
        }
    }
}

void Nat::run_timers()
{
    const std::int64_t now = now_ns() / 1'000'000;
    for (std::size_t at = 0; at < timers_.size(); ++at) { // a timer may make others
        Timer& timer = *timers_[at];
        if (timer.due_ms >= 0 && timer.due_ms <= now) {
            timer.due_ms = -1;
            ::slirp_handle_timer(slirp_.get(), static_cast<SlirpTimerId>(timer.id), timer.opaque);
        }
    }
}

namespace {

// With so many connections of the process's the ports rest.
bool is_crowded(std::span<const std::unique_ptr<Nat>> networks)
{
    std::size_t connections = 0;
    for (const auto& nat : networks) {
        connections += nat->connections();
    }
    return connections > kCrowd;
}

} // namespace

void serve(std::span<const std::unique_ptr<Nat>> networks, ShareGate* gate, const base::Fd& life,
           const std::function<void()>& beat)
{
    const auto is_own = [&](const sockaddr_in& end, std::uint16_t port) {
        return std::ranges::any_of(networks, [&](const auto& nat) { return nat->has(end, port); });
    };
    std::vector<pollfd> waits;
    bool crowded = false;
    for (;;) {
        waits.assign(1, {.fd = life.get(), .events = POLLIN, .revents = 0});
        int timeout = kBeat;
        for (const auto& nat : networks) {
            nat->fill(waits, timeout);
        }
        if (gate != nullptr) {
            gate->fill(waits, crowded);
        }
        if (::poll(waits.data(), waits.size(), timeout) < 0 && errno != EINTR) {
            return;
        }
        if (waits.front().revents != 0 || std::ranges::none_of(networks, &Nat::connected)) {
            return;
        }
        if (gate != nullptr) {
            gate->take(waits, is_own);
        }
        for (const auto& nat : networks) {
            nat->take(waits);
        }
        crowded = is_crowded(networks);
        for (const auto& nat : networks) {
            nat->set_crowded(crowded);
        }
        beat();
    }
}

} // namespace windsor::network
