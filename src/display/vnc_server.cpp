// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_server.hpp"

#include "base/fd.hpp"
#include "display/vnc_session.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <thread>

namespace windsor::display {

namespace {

constexpr unsigned kFirstPort = 5900;
constexpr unsigned kLastPort = 65535;
constexpr std::size_t kLongestPassword = 8;

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
        ::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.get(), 16) != 0) {
        return std::unexpected{errno};
    }
    return socket;
}

struct Listener {
    base::Fd socket;
    std::uint16_t port{0};
};

base::Result<Listener> listen(const VncOptions& options)
{
    const unsigned first = kFirstPort + options.display.value_or(0);
    if (first > kLastPort) {
        return base::fail("VNC display {} does not exist: the last is {}", *options.display, kLastPort - kFirstPort);
    }
    for (unsigned port = first; port <= kLastPort; ++port) {
        const AddressList list = WINDSOR_TRY(resolve(options.listen, port));
        std::expected<base::Fd, int> socket = listen_on(*list);
        if (socket) {
            return Listener{.socket = *std::move(socket), .port = static_cast<std::uint16_t>(port)};
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

} // namespace

class VncServer::Impl {
public:
    Impl(const VncOptions& options, Keymap keymap, Listener listener, VncHandler& handler, base::Log& log)
        : options_{options},
          keymap_{std::move(keymap)},
          listener_{std::move(listener)},
          handler_{handler},
          log_{log},
          wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
    {
        for (unsigned i = 0; i < kMostClients; ++i) {
            sessions_.push_back(std::make_unique<VncSession>(
                VncSession::Environment{options_, keymap_, shared_, handshake_, handler_, log_}));
        }
    }

    ~Impl()
    {
        stopping_ = true;
        if (wake_) {
            static_cast<void>(::eventfd_write(wake_.get(), 1));
        }
        if (thread_.joinable()) {
            thread_.join();
        }
        for (const std::unique_ptr<VncSession>& session : sessions_) {
            session->stop();
        }
    }

    bool usable() const
    {
        return wake_ && std::ranges::all_of(sessions_, [](const auto& session) { return session->usable(); });
    }

    void run()
    {
        thread_ = std::thread{[this] { accept_clients(); }};
    }

    std::uint16_t port() const { return listener_.port; }

    unsigned clients() const
    {
        const auto busy = std::ranges::count_if(sessions_, [](const auto& session) { return session->busy(); });
        return static_cast<unsigned>(busy);
    }

    void show(const devices::Picture& picture, std::span<const devices::Rectangle> damage)
    {
        const std::scoped_lock lock{shared_.mutex};
        devices::Picture& shared = shared_.picture;
        const bool resized = shared.size != picture.size;
        if (resized) {
            shared = picture;
        } else {
            for (const devices::Rectangle& r : damage) {
                for (unsigned y = r.y; y < r.y + r.height; ++y) {
                    const std::size_t at = std::size_t{y} * picture.size.width + r.x;
                    std::copy_n(&picture.pixels[at], r.width, &shared.pixels[at]);
                }
            }
        }
        if (resized || !damage.empty()) {
            for (const std::unique_ptr<VncSession>& session : sessions_) {
                session->add_damage(damage, resized);
            }
        }
    }

private:
    void accept_clients()
    {
        while (!stopping_) {
            std::array<pollfd, 2> waits{{{listener_.socket.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
            static_cast<void>(::poll(waits.data(), waits.size(), -1));
            if ((waits[0].revents & POLLIN) == 0 || stopping_) {
                continue;
            }
            base::Fd client{::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (client) {
                admit(std::move(client));
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                log_.guest("vnc", "a client cannot be accepted: {}", base::errno_text(errno));
                static_cast<void>(::poll(&waits[1], 1, 1000));
            }
        }
    }

    void admit(base::Fd client)
    {
        const auto free = std::ranges::find_if(sessions_, [](const auto& session) { return !session->busy(); });
        // LibVNCServer waits with select().
        if (free == sessions_.end() || client.get() >= FD_SETSIZE) {
            log_.guest("vnc", "a client is turned away: {} are connected", clients());
            return;
        }
        (*free)->start(std::move(client), [this] { handler_.clients_changed(clients()); });
        handler_.clients_changed(clients());
    }

    const VncOptions options_;
    const Keymap keymap_;
    Listener listener_;
    VncHandler& handler_;
    base::Log& log_;
    base::Fd wake_;
    SharedPicture shared_;
    std::mutex handshake_;
    std::vector<std::unique_ptr<VncSession>> sessions_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

VncServer::VncServer(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
VncServer::~VncServer() = default;

base::Result<std::unique_ptr<VncServer>> VncServer::start(const VncOptions& options, VncHandler& handler,
                                                          base::Log& log)
{
    if (options.password && options.password->size() > kLongestPassword) {
        return base::fail("the VNC password has {} characters: VNC authentication uses no more than {}",
                          options.password->size(), kLongestPassword);
    }
    Keymap keymap = WINDSOR_TRY(Keymap::find(options.keymap));
    Listener listener = WINDSOR_TRY(listen(options));
    auto impl = std::make_unique<Impl>(options, std::move(keymap), std::move(listener), handler, log);
    if (!impl->usable()) {
        return base::fail("cannot start the VNC server: {}", base::errno_text(ENOMEM));
    }
    impl->run();
    return std::unique_ptr<VncServer>{new VncServer{std::move(impl)}};
}

std::uint16_t VncServer::port() const
{
    return impl_->port();
}

unsigned VncServer::clients() const
{
    return impl_->clients();
}

void VncServer::show(const devices::Picture& picture, std::span<const devices::Rectangle> damage)
{
    impl_->show(picture, damage);
}

} // namespace windsor::display
