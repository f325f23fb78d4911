// SPDX-License-Identifier: GPL-2.0-or-later
// A small VNC client that shows what goes over the wire (RFC 6143).
#pragma once

#include "base/fd.hpp"
#include "backend/screen.hpp"
#include "display/keysym.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace windsor::display {

inline void PrintTo(const KeyEvent& event, std::ostream* out)
{
    *out << std::hex << event.code << (event.pressed ? " down" : " up");
}

class RawClient {
public:
    explicit RawClient(std::uint16_t port, int receive_buffer = 0, const std::string& from = "")
        : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        if (receive_buffer != 0) {
            ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        if (!from.empty()) {
            address.sin_addr.s_addr = ::inet_addr(from.c_str());
            EXPECT_EQ(::bind(fd_.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
        }
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) == 0;
    }

    bool connected() const { return connected_; }

    void send(const std::vector<std::uint8_t>& bytes)
    {
        EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }

    // Until nothing is taken for half a second; gives how much that was.
    std::size_t send_what_is_taken(std::span<const std::uint8_t> bytes)
    {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            pollfd wait{fd_.get(), POLLOUT, 0};
            if (::poll(&wait, 1, 500) <= 0) {
                break;
            }
            const ssize_t more =
                ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (more <= 0) {
                break;
            }
            sent += static_cast<std::size_t>(more);
        }
        return sent;
    }

    // Empty if they do not come within five seconds.
    std::vector<std::uint8_t> receive(std::size_t count)
    {
        std::vector<std::uint8_t> bytes(count);
        std::size_t got = 0;
        while (got < count) {
            pollfd wait{fd_.get(), POLLIN, 0};
            if (::poll(&wait, 1, 5000) <= 0) {
                return {};
            }
            const ssize_t more = ::recv(fd_.get(), bytes.data() + got, count - got, 0);
            if (more <= 0) {
                return {};
            }
            got += static_cast<std::size_t>(more);
        }
        return bytes;
    }

    // False if the text does not come.
    bool receive_until(const std::string& end)
    {
        std::string received;
        while (!received.ends_with(end)) {
            const std::vector<std::uint8_t> byte = receive(1);
            if (byte.empty()) {
                return false;
            }
            received += static_cast<char>(byte[0]);
        }
        return true;
    }

    // As a browser does, in a WebSocket message.
    void send_masked(const std::vector<std::uint8_t>& payload)
    {
        std::vector<std::uint8_t> frame{0x82, static_cast<std::uint8_t>(0x80 | payload.size()), 1, 2, 3, 4};
        for (std::size_t i = 0; i < payload.size(); ++i) {
            frame.push_back(static_cast<std::uint8_t>(payload[i] ^ (1 + i % 4)));
        }
        send(frame);
    }

    // True if nothing comes for that long.
    bool quiet(int milliseconds)
    {
        pollfd wait{fd_.get(), POLLIN, 0};
        return ::poll(&wait, 1, milliseconds) == 0;
    }

    bool closed()
    {
        pollfd wait{fd_.get(), POLLIN, 0};
        char byte = 0;
        return ::poll(&wait, 1, 5000) > 0 && ::recv(fd_.get(), &byte, 1, 0) <= 0;
    }

    // Up to and with the choice of a security type; gives the types offered.
    std::vector<std::uint8_t> greet(std::uint8_t choice)
    {
        EXPECT_EQ(text(receive(12)), "RFB 003.008\n");
        send(bytes("RFB 003.008\n"));
        const std::vector<std::uint8_t> count = receive(1);
        const std::vector<std::uint8_t> types = receive(count.empty() ? 0 : count[0]);
        send({choice});
        return types;
    }

    // A whole handshake without a password.
    void log_in()
    {
        EXPECT_EQ(greet(1), std::vector<std::uint8_t>{1});
        EXPECT_EQ(receive(4), (std::vector<std::uint8_t>{0, 0, 0, 0}));
        initialise();
    }

    void initialise()
    {
        send({1}); // shared
        const std::vector<std::uint8_t> init = receive(24);
        ASSERT_EQ(init.size(), 24U);
        size = {word(init, 0), word(init, 2)};
        name = text(receive(word(init, 22)));
    }

    void set_encodings(const std::vector<std::int32_t>& encodings)
    {
        std::vector<std::uint8_t> message{2, 0, 0, static_cast<std::uint8_t>(encodings.size())};
        for (const std::int32_t encoding : encodings) {
            for (int shift = 24; shift >= 0; shift -= 8) {
                message.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(encoding) >> shift));
            }
        }
        send(message);
    }

    void request(bool incremental)
    {
        send({3, static_cast<std::uint8_t>(incremental ? 1 : 0), 0, 0, 0, 0, high(size.width), low(size.width),
              high(size.height), low(size.height)});
    }

    struct Update {
        backend::Rectangle rectangle{};
        std::int32_t encoding{0};
        std::vector<std::uint32_t> pixels{};
    };

    // One FramebufferUpdate of raw or pixel-less rectangles.
    std::vector<Update> update()
    {
        const std::vector<std::uint8_t> head = receive(4);
        if (head.size() != 4 || head[0] != 0) {
            ADD_FAILURE() << "no update came";
            return {};
        }
        std::vector<Update> updates;
        for (unsigned i = 0; i < word(head, 2); ++i) {
            const std::vector<std::uint8_t> r = receive(12);
            if (r.size() != 12) {
                ADD_FAILURE() << "the update ends early";
                return updates;
            }
            Update update{.rectangle = {word(r, 0), word(r, 2), word(r, 4), word(r, 6)},
                          .encoding = static_cast<std::int32_t>((word(r, 8) << 16) | word(r, 10)),
                          .pixels = {}};
            if (update.encoding == 0) {
                const std::vector<std::uint8_t> raw =
                    receive(std::size_t{4} * update.rectangle.width * update.rectangle.height);
                update.pixels.resize(raw.size() / 4);
                std::memcpy(update.pixels.data(), raw.data(), raw.size());
            }
            updates.push_back(std::move(update));
        }
        return updates;
    }

    void key(std::uint32_t keysym, bool down)
    {
        send({4, static_cast<std::uint8_t>(down ? 1 : 0), 0, 0, static_cast<std::uint8_t>(keysym >> 24),
              static_cast<std::uint8_t>(keysym >> 16), static_cast<std::uint8_t>(keysym >> 8),
              static_cast<std::uint8_t>(keysym)});
    }

    void extended_key(std::uint32_t xt, bool down)
    {
        send({255, 0, 0, static_cast<std::uint8_t>(down ? 1 : 0), 0, 0, 0, 'x', 0, 0, 0,
              static_cast<std::uint8_t>(xt)});
    }

    void pointer(unsigned x, unsigned y, std::uint8_t buttons) { send({5, buttons, high(x), low(x), high(y), low(y)}); }

    static std::vector<std::uint8_t> bytes(const std::string& from) { return {from.begin(), from.end()}; }
    static std::string text(const std::vector<std::uint8_t>& from) { return {from.begin(), from.end()}; }

    backend::Size size{};
    std::string name;

private:
    static unsigned word(const std::vector<std::uint8_t>& from, std::size_t at)
    {
        return (unsigned{from[at]} << 8) | from[at + 1];
    }
    static std::uint8_t high(unsigned value) { return static_cast<std::uint8_t>(value >> 8); }
    static std::uint8_t low(unsigned value) { return static_cast<std::uint8_t>(value); }

    base::Fd fd_;
    bool connected_{false};
};

} // namespace windsor::display
