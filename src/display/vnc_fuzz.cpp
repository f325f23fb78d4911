// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes from a viewer, from the first on or after a good beginning, in pieces, while the guest changes modes and
// draws: the server takes leave of such a viewer, and goes on serving.
#include "base/fd.hpp"
#include "display/vnc_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace {

using namespace windsor;
using std::chrono::steady_clock;

class Handler final : public display::VncHandler {
public:
    void refresh() override {}
    void key(display::KeyCode, bool) override {}
    void pointer(int, int, int, std::uint8_t) override {}
    void clients_changed(unsigned) override {}
};

// One server for the time of the target: as in a domain.
struct Server {
    base::Log log = base::Log::discard();
    Handler handler;
    std::unique_ptr<display::VncServer> vnc =
        display::VncServer::start({.listen = "127.0.0.1", .display = 300, .find_unused = true}, handler, log).value();
    backend::Picture picture;

    void show(unsigned mode, std::uint32_t colour)
    {
        constexpr std::array<backend::Size, 4> kSizes{{{640, 480}, {320, 200}, {720, 400}, {1024, 768}}};
        picture.size = kSizes[mode % kSizes.size()];
        picture.pixels.assign(std::size_t{picture.size.width} * picture.size.height, colour);
        const backend::Rectangle all{0, 0, picture.size.width, picture.size.height};
        vnc->show(picture, std::span{&all, 1});
    }
};

base::Fd connect_to(std::uint16_t port)
{
    base::Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) != 0) {
        fd.reset();
    }
    // No port stays taken for a minute: there are some thousands of connections a minute.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

bool drain(int fd, int milliseconds)
{
    std::array<char, 65536> buffer{};
    for (;;) {
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, milliseconds) <= 0) {
            return true;
        }
        if (::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) {
            return false;
        }
    }
}

// So many bytes, or as many as come within some time.
void expect(int fd, std::size_t count)
{
    std::array<char, 256> buffer{};
    while (count > 0) {
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        const ssize_t got =
            ::poll(&ready, 1, 1000) > 0 ? ::recv(fd, buffer.data(), std::min(count, buffer.size()), 0) : 0;
        if (got <= 0) {
            return;
        }
        count -= static_cast<std::size_t>(got);
    }
}

bool say(int fd, std::span<const std::uint8_t> bytes)
{
    return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void greet(int fd)
{
    constexpr std::array<std::uint8_t, 12> kVersion{'R', 'F', 'B', ' ', '0', '0', '3', '.', '0', '0', '8', '\n'};
    constexpr std::array<std::uint8_t, 1> kOne{1};
    expect(fd, 12);
    say(fd, kVersion);
    expect(fd, 2);
    say(fd, kOne); // no password
    expect(fd, 4);
    say(fd, kOne); // shared
    expect(fd, 24);
}

} // namespace

// The first byte: whether a good greeting goes before, and how often the guest changes the picture. Then pieces: a
// length, and as many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Server server;
    if (size < 2 || size > 4096) {
        return 0;
    }
    {
        const base::Fd fd = connect_to(server.vnc->port());
        if (!fd) {
            return 0;
        }
        if ((data[0] & 1) != 0) {
            greet(fd.get());
        }
        bool open = true;
        for (std::size_t at = 1; open && at < size;) {
            const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
            open = say(fd.get(), {data + at + 1, length}) && drain(fd.get(), 0);
            at += 1 + length;
            if ((data[0] & 2) != 0) {
                server.show(data[at - 1], data[at - 1] * 0x10101u);
            }
        }
        if ((data[0] & 4) != 0) {
            ::shutdown(fd.get(), SHUT_WR);
            drain(fd.get(), 20);
        }
    }
    const auto end = steady_clock::now() + std::chrono::seconds{20};
    while (server.vnc->clients() != 0) {
        if (steady_clock::now() > end) {
            static_cast<void>(std::fputs("a viewer has gone, and the server still serves it\n", stderr));
            std::abort();
        }
        std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    return 0;
}
