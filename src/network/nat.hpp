// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's network behind the host's address: libslirp plays gateway, DHCP and name server, and has a socket of the
// host's for each of the guest's connections. It needs no privilege.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "network/host_forward.hpp"
#include "network/reassembly.hpp"
#include "network/share_gate.hpp"
#include "network/share_route.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <poll.h>
#include <set>
#include <span>
#include <string>
#include <vector>

struct Slirp;

namespace windsor::network {

// Whether the guest reaches what listens on the host's loop-back addresses, at kNatGateway.
enum class HostServices : std::uint8_t { Hidden, Reachable };

struct NatOptions {
    std::vector<HostForward> forwards{};
    HostServices host{HostServices::Hidden};
    std::string guest_name{}; // which DHCP gives the guest
    // What DHCP has firmware boot: a URL for iPXE, of at most kLongestBootFile characters; empty for nothing.
    std::string boot_file{};
    // Where the guest's connections to its shared folders go.
    ShareRoute::Ports share{};
};

constexpr std::size_t kLongestBootFile = 127; // RFC 2131, section 2

// The guest's frames come and go by a socket that keeps messages apart, one frame a message. Not for several threads.
class Nat {
public:
    // Listens on the host's ports that are forwarded; fails with a sentence if one of them cannot be had. `frames` is
    // one end of a SOCK_SEQPACKET pair.
    static base::Result<std::unique_ptr<Nat>> create(const NatOptions& options, base::Fd frames);
    ~Nat();
    Nat(const Nat&) = delete;
    Nat& operator=(const Nat&) = delete;

    // All that it has open before it serves: the socket of frames, and those that listen.
    std::vector<int> descriptors();

    // One round is: fill(), poll(2), take(). fill() adds what it waits for, and makes `timeout` (milliseconds) smaller
    // if it wants to be called earlier.
    void fill(std::vector<pollfd>& waits, int& timeout);
    void take(std::span<const pollfd> waits);
    // False once the guest's end has gone.
    bool connected() const { return connected_; }
    // The guest's connections to the world, and the world's to the guest.
    std::size_t connections() const { return connections_.size(); }
    // Whether one of the guest's connections has that end, and the other at that port of 127.0.0.1.
    bool has(const sockaddr_in& end, std::uint16_t port) const;
    // While the process has many of them, nobody else is taken in by the ports that are forwarded.
    void set_crowded(bool crowded) { crowded_ = crowded; }

private:
    struct Timer {
        int id{0};
        void* opaque{nullptr};
        std::int64_t due_ms{-1}; // of the clock that libslirp is given; negative: not set
    };
    struct End {
        void operator()(Slirp* slirp) const;
    };
    struct Calls; // of libslirp

    Nat(base::Fd frames, ShareRoute::Ports share) : frames_{std::move(frames)}, share_{share} {}

    base::Status open_share();
    void to_guest(std::span<const std::uint8_t> frame);
    void flush();
    void take_frames();
    void run_timers();

    base::Fd frames_;
    std::vector<std::unique_ptr<Timer>> timers_;
    std::deque<std::vector<std::uint8_t>> backlog_; // for the guest, which does not take them at present
    std::vector<pollfd>* filling_{nullptr};
    std::span<const pollfd> taking_;
    std::size_t own_wait_{0}; // in `waits`
    Reassembly fragments_;
    ShareRoute share_;
    std::set<int> connections_; // their descriptors
    std::vector<int> listeners_;
    bool crowded_{false};
    bool connected_{true};
    std::unique_ptr<Slirp, End> slirp_; // ends first: it gives timers back
};

// Serves the networks until `life` has been closed at its other end, or all guests' ends have gone. `beat` is called
// now and then, as long as nothing hangs. `gate` is null if nothing is shared.
void serve(std::span<const std::unique_ptr<Nat>> networks, ShareGate* gate, const base::Fd& life,
           const std::function<void()>& beat);

} // namespace windsor::network
