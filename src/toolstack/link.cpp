// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/link.hpp"

#include "domain/channel.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>

namespace windsor::toolstack {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{100};
constexpr milliseconds kPatience{30'000};       // with a host that does not answer
constexpr milliseconds kLoginPatience{600'000}; // with a person who is asked for a password
constexpr milliseconds kReap{5'000};

std::unexpected<base::Error> interrupted()
{
    return base::fail("interrupted");
}

// False when the time is up.
base::Result<bool> wait_for(int fd, short events, milliseconds patience, const Interrupts& interrupts)
{
    for (milliseconds waited{0}; waited < patience; waited += kLook) {
        pollfd waiting{.fd = fd, .events = events, .revents = 0};
        if (::poll(&waiting, 1, static_cast<int>(kLook.count())) > 0) {
            return true;
        }
        if (interrupts.came()) {
            return interrupted();
        }
    }
    return false;
}

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
base::Result<int> connect_one(const base::Fd& socket, const addrinfo& to, const Interrupts& interrupts)
{
    if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!WINDSOR_TRY(wait_for(socket.get(), POLLOUT, kPatience, interrupts))) {
        return ETIMEDOUT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

base::Result<base::Fd> connect_tcp(const Endpoint& to, const Interrupts& interrupts)
{
    const Addresses addresses = WINDSOR_TRY(resolve(to, 0));
    int error = 0;
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
        base::Fd socket{::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        error = socket ? WINDSOR_TRY(connect_one(socket, *each, interrupts)) : errno;
        if (error == 0) {
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
    if (!bound || ::listen(socket.get(), 1) != 0) {
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
    if (!socket || ::bind(socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 || ::listen(socket.get(), 1) != 0) {
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

base::Status allow_tcp(const Arguments& arguments)
{
    if (!arguments.has("insecure")) {
        return base::fail("over TCP the guest's memory goes unencrypted and to whoever answers; say --insecure if the "
                          "network is trusted, or use ssh");
    }
    return {};
}

base::Result<Link> Link::open(const Endpoint& to, const Interrupts& interrupts)
{
    switch (to.kind) {
    case Endpoint::Kind::Unix: return Link{WINDSOR_TRY(connect_unix(to.place))};
    case Endpoint::Kind::Tcp: return Link{WINDSOR_TRY(connect_tcp(to, interrupts))};
    case Endpoint::Kind::Command: break;
    }
    return run(to.place);
}

// The command has one socket as its standard input and output. Ctrl-C is for this process alone, which gives up in
// good order.
base::Result<Link> Link::run(const std::string& command)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return base::fail("cannot make a pair of sockets: {}", base::errno_text(errno));
    }
    base::Fd own{ends[0]};
    const base::Fd its{ends[1]};
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail("cannot make a process for '{}': {}", command, base::errno_text(errno));
    }
    if (child == 0) {
        ::dup2(its.get(), STDIN_FILENO);
        ::dup2(its.get(), STDOUT_FILENO);
        ::signal(SIGINT, SIG_IGN);
        ::signal(SIGPIPE, SIG_DFL);
        sigset_t none{};
        ::sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    return Link{std::move(own), child};
}

Link::~Link()
{
    socket_.reset();
    if (child_ < 0) {
        return;
    }
    for (milliseconds waited{0}; waited < kReap; waited += milliseconds{10}) {
        if (::waitpid(child_, nullptr, WNOHANG) != 0) {
            return;
        }
        std::this_thread::sleep_for(milliseconds{10});
    }
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
}

base::Status Link::await_greeting(const Interrupts& interrupts)
{
    const milliseconds patience = child_ >= 0 ? kLoginPatience : kPatience;
    std::string line;
    while (line.size() < domain::kGreeting.size() && !line.ends_with('\n')) {
        if (!WINDSOR_TRY(wait_for(fd(), POLLIN, patience, interrupts))) {
            return base::fail("the receiver does not answer");
        }
        char character = 0;
        const ssize_t count = ::read(fd(), &character, 1);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (count <= 0) {
            return base::fail("the receiver has ended before it greeted{}",
                              child_ >= 0 ? "; what it said may stand above" : "");
        }
        line += character;
    }
    if (line != domain::kGreeting) {
        std::erase_if(line, [](char c) { return c < ' ' || c > '~'; });
        return base::fail("what answers is no receiver of this version of Windsor: it says '{}'", line);
    }
    return {};
}

base::Result<base::Fd> listen_at(const Endpoint& at)
{
    return at.kind == Endpoint::Kind::Unix ? listen_unix(at.place) : listen_tcp(at);
}

base::Result<base::Fd> accept_one(base::Fd listener, const Endpoint& at, const Interrupts& interrupts)
{
    base::Result<bool> came = false;
    while (came && !*came) {
        came = wait_for(listener.get(), POLLIN, kPatience, interrupts);
    }
    base::Fd connection{came ? ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC) : -1};
    if (at.kind == Endpoint::Kind::Unix) {
        ::unlink(at.place.c_str());
    }
    WINDSOR_TRY(std::move(came));
    if (!connection) {
        return base::fail("a connection was lost while it was made: {}", base::errno_text(errno));
    }
    return connection;
}

} // namespace windsor::toolstack
