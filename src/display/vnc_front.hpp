// SPDX-License-Identifier: GPL-2.0-or-later
// The thread that stands between the network and the sessions of the VNC library.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "display/password_guard.hpp"
#include "display/vnc_connection.hpp"
#include "display/vnc_session.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace windsor::display {

class VncFront {
public:
    // The sessions and the log outlive it. `changed` is called when a session begins or ends, from any thread.
    VncFront(base::Fd listener, std::optional<std::string> password,
             std::span<const std::unique_ptr<VncSession>> sessions, std::function<void()> changed, base::Log& log);
    // Closes all connections.
    ~VncFront();
    VncFront(const VncFront&) = delete;
    VncFront& operator=(const VncFront&) = delete;

    base::Status run();
    // Whether the thread has gone round since it was last asked.
    bool moves() const;

private:
    using Clock = VncConnection::Clock;
    struct Client {
        std::unique_ptr<VncConnection> connection;
        std::string network; // which it has limits in common with
        VncSession* session{nullptr}; // none: a stranger
        bool ended{false};
    };

    void loop();
    void wait();
    void move_all();
    // False at the end of the connection.
    bool move(Client& client, const pollfd& viewer, const pollfd& library);
    void accept_clients();
    void make_room(const std::string& network);
    void drop_stranger(const std::string* network);
    bool give_session(Client& client);
    PasswordGate gate_of(const std::string& network);
    std::size_t strangers(const std::string* network) const;

    base::Fd listener_;
    const std::optional<std::string> password_;
    const std::span<const std::unique_ptr<VncSession>> sessions_;
    const std::function<void()> changed_;
    base::Log& log_;
    base::Fd wake_;
    PasswordGuard guard_{};
    std::vector<Client> clients_{};
    std::vector<pollfd> waits_{};
    std::optional<Clock::time_point> accept_again_{}; // when there were no descriptors
    std::atomic<std::uint32_t> rounds_{0};
    mutable std::atomic<std::uint32_t> seen_rounds_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_{};
};

} // namespace windsor::display
