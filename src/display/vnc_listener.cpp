// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_listener.hpp"

#include <cerrno>
#include <expected>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace windsor::display {

namespace {

constexpr unsigned kFirstPort = 5900;
constexpr unsigned kLastPort = 65535;
constexpr int kBacklog = 64;

struct AddressListDeleter {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

base::Result<AddressList> resolve(const std::string& host, unsigned port)
{
    addrinfo hints{};
    hints.ai_family = host.empty() ? AF_INET : AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (error != 0) {
        return base::fail("cannot listen for VNC on \"{}\": {}", host, ::gai_strerror(error));
    }
    return AddressList{list};
}

// A listening socket, or the errno value that says why not.
std::expected<base::Fd, int> listen_on(const addrinfo& address)
{
    base::Fd socket{::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.get(), kBacklog) != 0) {
        return std::unexpected{errno};
    }
    return socket;
}

} // namespace

base::Result<VncListener> VncListener::open(const VncOptions& options)
{
    const unsigned first = kFirstPort + options.display.value_or(0);
    if (first > kLastPort) {
        return base::fail("VNC display {} does not exist: the last is {}", *options.display, kLastPort - kFirstPort);
    }
    for (unsigned port = first; port <= kLastPort; ++port) {
        const AddressList list = WINDSOR_TRY(resolve(options.listen, port));
        std::expected<base::Fd, int> socket = listen_on(*list);
        if (socket) {
            return VncListener{.socket = *std::move(socket), .port = static_cast<std::uint16_t>(port)};
        }
        if (socket.error() == EADDRINUSE && options.find_unused) {
            continue;
        }
        if (socket.error() == EADDRINUSE) {
            return base::fail("VNC display {} (port {} on {}) is in use; choose another vncdisplay, or vncunused=1",
                              port - kFirstPort, port, options.listen.empty() ? "all addresses" : options.listen);
        }
        return base::fail("cannot listen for VNC on {} port {}: {}", options.listen, port,
                          base::errno_text(socket.error()));
    }
    return base::fail("no VNC display from {} on is free on {}", first - kFirstPort, options.listen);
}

} // namespace windsor::display
