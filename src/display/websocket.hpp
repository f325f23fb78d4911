// SPDX-License-Identifier: GPL-2.0-or-later
// WebSockets (RFC 6455), the server's side, as far as VNC viewers in browsers need it: binary messages.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::display {

constexpr std::size_t kLongestRequest = 8192; // of the handshake, in bytes

// How long the HTTP request at the beginning is, with the empty line at its end; 0 if there is more to come.
std::size_t request_length(std::string_view received);

// The answer to a whole request (section 4.2.2). Fails if it does not ask for a WebSocket of version 13 that carries
// binary data.
base::Result<std::string> websocket_answer(std::string_view request);

// Whether a browser asks for a page that comes from elsewhere (RFC 6454, section 7): any page may have it connect to
// its own host. Pages of this host are known by an address or "localhost" alone, as other names lead where their owners
// want. What is no browser names no origin.
bool from_another_site(std::string_view request);

// A binary message, as a server sends it: one frame without a mask.
void append_websocket_message(std::span<const std::uint8_t> payload, std::vector<std::uint8_t>& to);

// Takes the frames of a client apart. Bytes may come in pieces of any size.
class WebSocketReader {
public:
    // Appends what was in binary frames to `payload`, and to `answers` what has to be sent because of others. Fails at
    // the end of the conversation, whether the client ends it or breaks the rules.
    base::Status take(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& payload,
                      std::vector<std::uint8_t>& answers);

private:
    enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

    base::Status begin_frame();
    std::size_t head_length() const;

    std::vector<std::uint8_t> head_{};
    bool in_frame_{false};
    Opcode opcode_{Opcode::Continuation};
    std::uint64_t left_{0}; // bytes of the frame's payload
    std::array<std::uint8_t, 4> mask_{};
    std::size_t mask_at_{0};
    std::vector<std::uint8_t> control_{}; // a control frame's payload
};

} // namespace windsor::display
