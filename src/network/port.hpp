// SPDX-License-Identifier: GPL-2.0-or-later
// A network card's cable, and the thread that brings in what arrives by all of them.
#pragma once

#include "backend/network_link.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "bus/machine_lock.hpp"
#include "network/guest_addresses.hpp"
#include "network/token_bucket.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace windsor::network {

// Frames go out and come in by a descriptor that keeps them apart, one frame a read(2) or write(2): a SOCK_SEQPACKET
// socket, or a tap device without headers of its own.
class Port final : public backend::NetworkLink {
public:
    struct Plug {
        base::Fd frames{};
        // How fast the guest may send; nothing: as fast as the other end takes it.
        std::optional<Rate> rate{};
    };
    // `wake` is called, from any thread, when the port has something new for its thread. The clock outlives the port.
    Port(Plug plug, const base::Clock& clock, std::function<void()> wake);

    // backend::NetworkLink
    void send(std::span<const std::uint8_t> frame) override WINDSOR_REQUIRES(bus::kMachineLock);
    void input_wanted() override WINDSOR_REQUIRES(bus::kMachineLock);

    // Of frames and their bytes, from the guest's point of view.
    struct Counters {
        std::uint64_t sent{0};
        std::uint64_t sent_bytes{0};
        std::uint64_t received{0};
        std::uint64_t received_bytes{0};
        std::uint64_t dropped{0}; // of what the guest sent, for want of room
    };
    Counters counters() const WINDSOR_REQUIRES(bus::kMachineLock) { return counters_; }
    // The addresses that the guest has shown, or been granted.
    std::vector<GuestAddress> guest_addresses() const WINDSOR_REQUIRES(bus::kMachineLock) { return addresses_.all(); }
    // Whether there is somebody at the other end, as far as the card has been told.
    bool connected() const WINDSOR_REQUIRES(bus::kMachineLock) { return !unplugged_; }

private:
    friend class Ports;

    // How many frames wait for whoever takes them at the other end. That is some 1.5 MB at the most of usual networks.
    static constexpr std::size_t kLongestBacklog = 1024;
    // How many wait for the rate to allow them: as many as a ring of netback's has requests.
    static constexpr std::size_t kLongestQueue = 256;

    enum class Sent : std::uint8_t { Yes, NoRoom, NotYet, Never };
    // What the oldest of the frames that wait needs.
    enum class WaitsFor : std::uint8_t { Nothing, Room, Time };
    Sent try_to_send(std::span<const std::uint8_t> frame) WINDSOR_REQUIRES(bus::kMachineLock);
    Sent write(std::span<const std::uint8_t> frame);
    void flush() WINDSOR_REQUIRES(bus::kMachineLock);
    WaitsFor waits_for() const { return backlog_.empty() ? WaitsFor::Nothing : waits_for_; }
    // Until the rate allows more; negative if nothing waits for that.
    int milliseconds_to_wait() const WINDSOR_REQUIRES(bus::kMachineLock);
    void deliver(backend::NetworkCard& card) WINDSOR_REQUIRES(bus::kMachineLock);
    // Of the port's thread, without the lock: false once the other end has gone.
    bool read_frames();

    base::Fd frames_;
    const base::Clock& clock_;
    std::optional<TokenBucket> limit_;
    std::function<void()> wake_;
    GuestAddresses addresses_;
    std::deque<std::vector<std::uint8_t>> backlog_;
    WaitsFor waits_for_{WaitsFor::Nothing};
    std::deque<std::vector<std::uint8_t>> arrived_; // and have not been delivered yet; the thread's alone
    Counters counters_;
    bool refused_{false}; // the card has no room, or stands still
    bool gone_{false}; // the other end is; the thread's alone
    bool plugged_{false}; // the card has been told that it has a cable
    bool unplugged_{false}; // and that nobody is at its other end any more
};

// All cables of a machine.
class Ports {
public:
    // What the thread needs of the machine, which outlives it.
    struct Machine {
        bus::MachineLock& lock;
        // Whether the guest runs, so that its cards may be given frames. Called with the lock held.
        std::function<bool()> running;
        std::vector<backend::NetworkCard*> cards; // in the order of the ports
    };

    // A port for each plug, which a machine can be made with. The clock, by which rates go, outlives the ports; null
    // for the host's.
    static base::Result<std::unique_ptr<Ports>> create(std::vector<Port::Plug> plugs,
                                                       const base::Clock* clock = nullptr);
    ~Ports();
    Ports(const Ports&) = delete;
    Ports& operator=(const Ports&) = delete;

    Port& at(std::size_t number) { return *ports_.at(number); }
    std::size_t count() const { return ports_.size(); }

    // From here on frames come in.
    void start(Machine machine);
    // Ends the thread, before the machine goes.
    void stop();

private:
    explicit Ports(base::Fd event) : event_{std::move(event)} { host_clock_.start(); }
    void wake() const;
    void run(const Machine& machine);
    // What has come for the card of a machine that runs.
    static void serve(Port& port, backend::NetworkCard& card) WINDSOR_REQUIRES(bus::kMachineLock);
    // Until when the thread waits.
    struct Waits {
        std::vector<bool> listen; // by port: for frames that arrive
        std::vector<bool> full; // for room to send
        int timeout{-1}; // in milliseconds: for a rate; negative: for none
    };
    void wait(const Waits& waits) const;

    base::PausableClock host_clock_; // which nobody stops
    base::Fd event_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

} // namespace windsor::network
