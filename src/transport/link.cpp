// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/link.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace windsor::transport {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};       // with a host that does not answer
constexpr milliseconds kLoginPatience{600'000}; // with a person who is asked for a password

base::Result<sockaddr_un> unix_address(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return base::fail("unix:{}: a socket's path has 1 to {} characters", path, sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

template <typename Address> const sockaddr* generic(const Address& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

base::Result<Addresses> resolve(const Endpoint& endpoint, int flags)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const char* host = endpoint.place.empty() ? nullptr : endpoint.place.c_str();
    if (const int error = ::getaddrinfo(host, endpoint.port.c_str(), &hints, &found); error != 0) {
        return base::fail("tcp:{}:{}: {}", endpoint.place, endpoint.port, ::gai_strerror(error));
    }
    return Addresses{found};
}

base::Result<base::Fd> connect_unix(const std::string& path)
{
    const sockaddr_un address = WINDSOR_TRY(unix_address(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket || ::connect(socket.get(), generic(address), sizeof address) != 0) {
        return base::fail("cannot reach a receiver at unix:{}: {}; start one with 'migrate-receive --listen'", path,
                          base::errno_text(errno));
    }
    return socket;
}

// An errno value; 0: connected.
base::Result<int> connect_one(const base::Fd& socket, const addrinfo& to, const base::Interrupts& interrupts)
{
    if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!WINDSOR_TRY(interrupts.wait_for(socket.get(), POLLOUT, kPatience))) {
        return ETIMEDOUT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

// A message is not to wait for the answer to the one before.
void send_at_once(const base::Fd& socket)
{
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

base::Result<base::Fd> connect_tcp(const Endpoint& to, const base::Interrupts& interrupts)
{
    const Addresses addresses = WINDSOR_TRY(resolve(to, 0));
    int error = 0;
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
        base::Fd socket{::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        error = socket ? WINDSOR_TRY(connect_one(socket, *each, interrupts)) : errno;
        if (error == 0) {
            send_at_once(socket);
            return socket;
        }
    }
    return base::fail("cannot reach a receiver at tcp:{}:{}: {}; start one with 'migrate-receive --listen'", to.place,
                      to.port, base::errno_text(error));
}

base::Result<base::Fd> listen_unix(const std::string& path)
{
    const sockaddr_un address = WINDSOR_TRY(unix_address(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const mode_t mask = ::umask(0177); // a guest's memory has secrets in it
    const bool bound = socket && ::bind(socket.get(), generic(address), sizeof address) == 0;
    ::umask(mask);
    if (!bound || ::listen(socket.get(), SOMAXCONN) != 0) {
        return base::fail("cannot listen at unix:{}: {}", path, base::errno_text(errno));
    }
    return socket;
}

base::Result<base::Fd> listen_tcp(const Endpoint& at)
{
    const Addresses addresses = WINDSOR_TRY(resolve(at, AI_PASSIVE));
    base::Fd socket{::socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!socket || ::bind(socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        return base::fail("cannot listen at tcp:{}:{}: {}", at.place, at.port, base::errno_text(errno));
    }
    return socket;
}

} // namespace

base::Result<Endpoint> parse_address(std::string_view text)
{
    if (text.starts_with("unix:")) {
        Endpoint endpoint{.kind = Endpoint::Kind::Unix, .place = std::string{text.substr(5)}};
        WINDSOR_TRY(unix_address(endpoint.place));
        return endpoint;
    }
    if (!text.starts_with("tcp:")) {
        return base::fail("'{}' is no address; write unix:PATH or tcp:HOST:PORT", text);
    }
    const std::string_view rest = text.substr(4);
    const std::size_t colon = rest.rfind(':');
    const std::string_view port = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    std::string_view host = rest.substr(0, std::min(colon, rest.size()));
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) {
        return base::fail("'{}' is no address; write tcp:HOST:PORT", text);
    }
    return Endpoint{.kind = Endpoint::Kind::Tcp, .place = std::string{host}, .port = std::string{port}};
}

base::Result<Endpoint> parse_target(const std::string& text, const std::string& shell)
{
    if (text.starts_with("unix:") || text.starts_with("tcp:")) {
        return parse_address(text);
    }
    if (shell.empty()) {
        return Endpoint{.place = text};
    }
    constexpr std::string_view kOfHosts = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@:%[]";
    if (text.empty() || text.starts_with('-') || text.find_first_not_of(kOfHosts) != std::string::npos) {
        return base::fail("'{}' is no host; write HOST, unix:PATH or tcp:HOST:PORT", text);
    }
    return Endpoint{.place = fmt::format("exec {} {} windsor migrate-receive", shell, text)};
}

base::Result<Link> Link::open(const Endpoint& to, std::optional<TlsCredentials> tls, const base::Interrupts& interrupts)
{
    switch (to.kind) {
    case Endpoint::Kind::Unix: return Link{WINDSOR_TRY(connect_unix(to.place))};
    case Endpoint::Kind::Tcp: {
        base::Fd socket = WINDSOR_TRY(connect_tcp(to, interrupts));
        return tls ? Link{WINDSOR_TRY(TlsRelay::start(std::move(*tls), std::move(socket), to.place, interrupts))}
                   : Link{std::move(socket)};
    }
    case Endpoint::Kind::Command: break;
    }
    return run(to.place);
}

// The command has one socket as its standard input and output.
base::Result<Link> Link::run(const std::string& command)
{
    SocketPair ends = WINDSOR_TRY(make_socket_pair());
    return Link{std::move(ends.own), WINDSOR_TRY(Carrier::start(fmt::format("'{}'", command), [&] {
                    ::dup2(ends.other.get(), STDIN_FILENO);
                    ::dup2(ends.other.get(), STDOUT_FILENO);
                    ::signal(SIGPIPE, SIG_DFL);
                    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
                }))};
}

base::Status Link::await_greeting(std::string_view greeting, const base::Interrupts& interrupts) const
{
    const milliseconds patience = command_ ? kLoginPatience : kPatience;
    std::string line;
    while (line.size() < greeting.size() && !line.ends_with('\n')) {
        if (!WINDSOR_TRY(interrupts.wait_for(fd(), POLLIN, patience))) {
            return base::fail("the receiver does not answer");
        }
        char character = 0;
        const ssize_t count = ::read(fd(), &character, 1);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (count <= 0) {
            return base::fail("the receiver has ended before it greeted{}",
                              command_ ? "; what it said may stand above" : "");
        }
        line += character;
    }
    if (line != greeting) {
        std::erase_if(line, [](char c) { return c < ' ' || c > '~'; });
        return base::fail("what answers is no receiver of this version of Windsor: it says '{}'", line);
    }
    return {};
}

base::Result<base::Fd> listen_at(const Endpoint& at)
{
    return at.kind == Endpoint::Kind::Unix ? listen_unix(at.place) : listen_tcp(at);
}

} // namespace windsor::transport
