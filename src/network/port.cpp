// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/port.hpp"

#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace windsor::network {

namespace {

// How many frames are read before they are given to the guest.
constexpr std::size_t kBatch = 64;

// The shorter of two times to wait, of which negative ones have no end.
int shorter(int a, int b)
{
    return a < 0 || b < 0 ? std::max(a, b) : std::min(a, b);
}

} // namespace

Port::Port(Plug plug, const base::Clock& clock, std::function<void()> wake)
    : frames_{std::move(plug.frames)}, clock_{clock}, wake_{std::move(wake)}
{
    if (plug.rate) {
        limit_.emplace(*plug.rate, clock_.now());
    }
}

void Port::send(std::span<const std::uint8_t> frame)
{
    addresses_.note(frame);
    flush();
    const Sent sent = backlog_.empty() ? try_to_send(frame) : Sent::NoRoom;
    const bool waits = sent == Sent::NoRoom || sent == Sent::NotYet;
    if (waits && backlog_.size() < (limit_ ? kLongestQueue : kLongestBacklog)) {
        backlog_.emplace_back(frame.begin(), frame.end());
        if (backlog_.size() == 1) {
            wake_(); // to wait for room, or for time
        }
    } else if (sent != Sent::Yes) {
        ++counters_.dropped;
    }
}

void Port::input_wanted()
{
    if (refused_) {
        refused_ = false;
        wake_();
    }
}

Port::Sent Port::write(std::span<const std::uint8_t> frame)
{
    ssize_t size = 0;
    do {
        size = ::write(frames_.get(), frame.data(), frame.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return errno == EAGAIN || errno == ENOBUFS ? Sent::NoRoom : Sent::Never;
    }
    return Sent::Yes;
}

Port::Sent Port::try_to_send(std::span<const std::uint8_t> frame)
{
    const bool now = !limit_ || limit_->allows(frame.size(), clock_.now());
    const Sent sent = now ? write(frame) : Sent::NotYet;
    waits_for_ = sent == Sent::NoRoom ? WaitsFor::Room : sent == Sent::NotYet ? WaitsFor::Time : WaitsFor::Nothing;
    if (sent == Sent::Yes) {
        ++counters_.sent;
        counters_.sent_bytes += frame.size();
        if (limit_) {
            limit_->spend(frame.size());
        }
    }
    return sent;
}

void Port::flush()
{
    while (!backlog_.empty()) {
        const Sent sent = try_to_send(backlog_.front());
        if (sent == Sent::NoRoom || sent == Sent::NotYet) {
            return;
        }
        counters_.dropped += sent == Sent::Never ? 1 : 0;
        backlog_.pop_front();
    }
}

int Port::milliseconds_to_wait() const
{
    if (waits_for() != WaitsFor::Time) {
        return -1;
    }
    constexpr base::Nanoseconds kLongest = base::kSecond; // poll(2) takes an int
    const base::Nanoseconds left = std::clamp<base::Nanoseconds>(limit_->next() - clock_.now(), 0, kLongest);
    return static_cast<int>((left + base::kMillisecond - 1) / base::kMillisecond);
}

void Port::deliver(backend::NetworkCard& card)
{
    while (!arrived_.empty() && !refused_) {
        if (card.receive(arrived_.front())) {
            addresses_.note_received(arrived_.front());
            ++counters_.received;
            counters_.received_bytes += arrived_.front().size();
            arrived_.pop_front();
        } else {
            refused_ = true; // until input_wanted()
        }
    }
}

bool Port::read_frames()
{
    std::array<std::uint8_t, backend::kLongestFrame> frame{};
    while (arrived_.size() < kBatch) {
        const ssize_t size = ::read(frames_.get(), frame.data(), frame.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return size < 0 && (errno == EAGAIN || errno == ENOBUFS);
        }
        if (static_cast<std::size_t>(size) >= backend::kFrameHeader) {
            arrived_.emplace_back(frame.begin(), frame.begin() + size);
        }
    }
    return true;
}

base::Result<std::unique_ptr<Ports>> Ports::create(std::vector<Port::Plug> plugs, const base::Clock* clock)
{
    base::Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!event) {
        return base::fail("cannot make an eventfd for the network: {}", base::errno_text(errno));
    }
    std::unique_ptr<Ports> ports{new Ports{std::move(event)}};
    for (Port::Plug& plug : plugs) {
        ports->ports_.push_back(std::make_unique<Port>(std::move(plug), clock != nullptr ? *clock : ports->host_clock_,
                                                       [all = ports.get()] { all->wake(); }));
    }
    return ports;
}

Ports::~Ports()
{
    stop();
}

void Ports::start(Machine machine)
{
    thread_ = std::thread{[this, machine = std::move(machine)] {
        sandbox::confine_thread(sandbox::ThreadRole::Network);
        run(machine);
    }};
}

void Ports::stop()
{
    stopping_ = true;
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Ports::wake() const
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one); // full is as good
}

void Ports::wait(const Waits& waits) const
{
    std::vector<pollfd> polled{{.fd = event_.get(), .events = POLLIN, .revents = 0}};
    for (std::size_t at = 0; at < ports_.size(); ++at) {
        const int events = (waits.listen[at] ? POLLIN : 0) | (waits.full[at] ? POLLOUT : 0);
        // Without events poll(2) would still tell, over and over, that the other end has gone.
        polled.push_back(
            {.fd = events != 0 ? ports_[at]->frames_.get() : -1, .events = static_cast<short>(events), .revents = 0});
    }
    static_cast<void>(::poll(polled.data(), polled.size(), waits.timeout));
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_.get(), &count, sizeof count);
}

// A card with a saved state may think that its cable is out, and there is no running before that has been loaded. What
// the other end had sent before it went comes first.
void Ports::serve(Port& port, backend::NetworkCard& card)
{
    if (!std::exchange(port.plugged_, true)) {
        card.set_carrier(true);
    }
    port.deliver(card);
    if (port.gone_ && port.arrived_.empty() && !std::exchange(port.unplugged_, true)) {
        card.set_carrier(false);
    }
}

void Ports::run(const Machine& machine)
{
    Waits waits{.listen = std::vector<bool>(ports_.size(), true), .full = std::vector<bool>(ports_.size(), false)};
    while (!stopping_) {
        for (std::size_t at = 0; at < ports_.size(); ++at) {
            Port& port = *ports_[at];
            if (waits.listen[at]) {
                port.gone_ = !port.read_frames();
            }
        }
        {
            const bus::MachineGuard guard{machine.lock};
            const bool running = machine.running();
            waits.timeout = -1;
            for (std::size_t at = 0; at < ports_.size(); ++at) {
                Port& port = *ports_[at];
                port.flush();
                if (!running) {
                    port.refused_ = true; // until it runs again
                } else {
                    serve(port, *machine.cards[at]);
                }
                waits.listen[at] = running && !port.gone_ && port.arrived_.empty();
                waits.full[at] = !port.gone_ && port.waits_for() == Port::WaitsFor::Room;
                waits.timeout = shorter(waits.timeout, port.milliseconds_to_wait());
            }
        }
        wait(waits);
    }
}

} // namespace windsor::network
