// SPDX-License-Identifier: GPL-2.0-or-later
// One viewer's connection, from its first byte to its last.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "display/rfb_filter.hpp"
#include "display/rfb_greeter.hpp"
#include "display/websocket.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

namespace windsor::display {

// Greets, asks for the password, and then stands between the viewer and the VNC library: what the viewer sends reaches
// the library as whole messages that Windsor offers, out of WebSocket frames if it comes in those. Nothing here waits;
// the owner polls and calls.
class VncConnection {
public:
    using Clock = std::chrono::steady_clock;

    // Browsers speak first. Who has been silent for that long waits for the server's greeting.
    static constexpr std::chrono::milliseconds kBrowserTime{200};
    // For the whole way to the picture.
    static constexpr std::chrono::seconds kHandshakeTime{15};

    // The socket does not block. The challenge is of random bytes, and nobody else's.
    VncConnection(base::Fd socket, std::string peer, const std::optional<std::string>& password,
                  const Challenge& challenge, Clock::time_point now, PasswordGate gate = {});

    const std::string& peer() const { return peer_; }
    // Once it has come through the handshake and begun to talk. Then the owner has to find it a session, or to drop it.
    bool wants_session() const { return stage_ == Stage::Admitted && !to_library_.empty(); }
    bool has_session() const { return stage_ == Stage::Viewing; }
    // Whether it has sent anything yet.
    bool has_spoken() const { return spoken_; }
    Clock::time_point since() const { return since_; }
    // Connects it with a session of the library; gives the library's end of the connection.
    base::Result<base::Fd> begin_session();

    // What to wait for, at the viewer's end and at the library's (none before there is a session), and until when.
    pollfd viewer_wait() const;
    pollfd library_wait() const;
    std::optional<Clock::time_point> deadline() const;
    // Moves what can be moved. Fails at the end of the connection, with the reason as what follows the peer's name; the
    // reason is empty if there is nothing to tell.
    base::Status move(const pollfd& viewer, const pollfd& library, Clock::time_point now);

private:
    enum class Stage { Silent, Http, Greeting, Admitted, Viewing };

    base::Status read_viewer();
    base::Status take(std::span<const std::uint8_t> bytes);
    base::Status take_http(std::span<const std::uint8_t> bytes);
    base::Status take_plain(std::span<const std::uint8_t> bytes);
    base::Status read_library();
    base::Status flush_viewer();
    base::Status flush_library();
    void greet();
    void say(std::span<const std::uint8_t> bytes);

    base::Fd viewer_;
    base::Fd library_;
    std::string peer_;
    Clock::time_point since_;
    Stage stage_{Stage::Silent};
    bool spoken_{false};
    bool open_to_all_; // without a password
    RfbGreeter greeter_;
    RfbFilter filter_{};
    std::string request_{};                    // of a browser
    std::optional<WebSocketReader> frames_{}; // of a browser
    std::vector<std::uint8_t> to_viewer_{};
    std::vector<std::uint8_t> to_library_{};
    std::size_t swallow_; // bytes of the library's own greeting, which the viewer has had from here
};

} // namespace windsor::display
