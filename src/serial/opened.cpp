// SPDX-License-Identifier: GPL-2.0-or-later
#include "serial/opened.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

namespace windsor::serial {

namespace {

using Use = Opened::Use;

constexpr std::size_t kMostAddresses = 8;
constexpr int kSocketFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int kWaiting = 1; // clients that nobody has accepted yet; each is told at once that there is another
constexpr mode_t kPrivate = 0600;

// A client that is cut off without a word is noticed after two minutes, and gives its place to the next one.
constexpr int kIdleSeconds = 60;
constexpr int kProbeSeconds = 15;
constexpr int kProbes = 4;

template <typename T> sockaddr* as_address(T& address)
{
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

void set_option(const base::Fd& socket, int level, int option, int value)
{
    static_cast<void>(::setsockopt(socket.get(), level, option, &value, sizeof value));
}

// On a listening socket: its clients' sockets have the same.
void set_tcp_options(const base::Fd& socket)
{
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kProbeSeconds);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

base::Result<std::vector<Address>> look_up(const End& end)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (end.part == Part::Listens ? AI_PASSIVE : 0);
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(end.host.c_str(), end.port.c_str(), &hints, &found); error != 0) {
        return base::fail("a serial port cannot find '{}': {}", end.host, ::gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
    std::vector<Address> addresses;
    for (const addrinfo* one = found; one != nullptr && addresses.size() < kMostAddresses; one = one->ai_next) {
        if (one->ai_addrlen <= sizeof(sockaddr_storage)) {
            Address& address = addresses.emplace_back();
            std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
            address.size = one->ai_addrlen;
        }
    }
    return addresses;
}

base::Result<Opened> listen_tcp(const End& end)
{
    int error = EADDRNOTAVAIL;
    for (Address& address : WINDSOR_TRY(look_up(end))) {
        base::Fd socket{::socket(address.bytes.ss_family, SOCK_STREAM | kSocketFlags, 0)};
        if (socket) {
            set_tcp_options(socket);
        }
        if (socket && ::bind(socket.get(), as_address(address.bytes), address.size) == 0 &&
            ::listen(socket.get(), kWaiting) == 0) {
            return Opened{.use = Use::Listener, .descriptor = std::move(socket)};
        }
        error = errno;
    }
    return base::fail("a serial port cannot listen on {} port {}: {}", end.host, end.port, base::errno_text(error));
}

base::Fd unix_stream()
{
    return base::Fd{::socket(AF_UNIX, SOCK_STREAM | kSocketFlags, 0)};
}

sockaddr_un unix_address(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

// What a domain that has ended leaves behind is a socket that nobody has. Anything else stays. Whoever listens would
// take a connection for a client: a socket of another type is refused at once (EPROTOTYPE), but finds out as much.
base::Status make_room(const End& end)
{
    struct stat file{};
    if (::lstat(end.path.c_str(), &file) != 0) {
        return {};
    }
    if (!S_ISSOCK(file.st_mode)) {
        return base::fail("a serial port cannot listen at {}: a file is there that is no socket", end.path);
    }
    sockaddr_un address = unix_address(end.path);
    const base::Fd probe{::socket(AF_UNIX, SOCK_DGRAM | kSocketFlags, 0)};
    if (::connect(probe.get(), as_address(address), sizeof address) == 0 || errno != ECONNREFUSED) {
        return base::fail("a serial port cannot listen at {}: somebody else does", end.path);
    }
    ::unlink(end.path.c_str());
    return {};
}

base::Result<Opened> listen_unix(const End& end)
{
    WINDSOR_TRY(make_room(end));
    sockaddr_un address = unix_address(end.path);
    base::Fd socket = unix_stream();
    // Other users of the host are kept out by the socket's mode, from its first moment on.
    const mode_t before = ::umask(0777 & ~kPrivate);
    const bool bound = socket && ::bind(socket.get(), as_address(address), sizeof address) == 0;
    const int error = errno;
    ::umask(before);
    if (!bound) {
        return base::fail("a serial port cannot listen at {}: {}", end.path, base::errno_text(error));
    }
    if (::listen(socket.get(), kWaiting) != 0) {
        return base::fail("a serial port cannot listen at {}: {}", end.path, base::errno_text(errno));
    }
    return Opened{.use = Use::Listener, .descriptor = std::move(socket)};
}

bool may_become_free(const End& end)
{
    struct stat file{};
    return end.kind == Kind::Tcp || (::lstat(end.path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode));
}

// A domain that has just been saved may hold the place a moment longer, until its process of serial lines has ended.
base::Result<Opened> listen_when_free(const End& end)
{
    constexpr std::chrono::milliseconds kPatience{2000};
    constexpr std::chrono::milliseconds kStep{50};
    for (auto left = kPatience;; left -= kStep) {
        auto opened = end.kind == Kind::Unix ? listen_unix(end) : listen_tcp(end);
        if (opened || left.count() <= 0 || !may_become_free(end)) {
            return opened;
        }
        std::this_thread::sleep_for(kStep);
    }
}

base::Result<Opened> connect_unix(const End& end)
{
    sockaddr_un address = unix_address(end.path);
    base::Fd socket = unix_stream();
    if (!socket || ::connect(socket.get(), as_address(address), sizeof address) != 0) {
        return base::fail("a serial port cannot connect to {}: {}; with ',server' it waits there for a client",
                          end.path, base::errno_text(errno));
    }
    return Opened{.use = Use::Stream, .descriptor = std::move(socket)};
}

base::Result<Opened> open_file(const End& end, Contents contents)
{
    // O_NONBLOCK: a FIFO without a reader would keep the domain from beginning; it is refused as all that is no file.
    base::Fd file{
        ::open(end.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, kPrivate)};
    struct stat kind{};
    if (!file || ::fstat(file.get(), &kind) != 0) {
        return base::fail("a serial port cannot write to {}: {}", end.path, base::errno_text(errno));
    }
    if (!S_ISREG(kind.st_mode)) {
        return base::fail("a serial port cannot write to {}: it is no ordinary file", end.path);
    }
    if (contents == Contents::Empty && ::ftruncate(file.get(), 0) != 0) {
        return base::fail("a serial port cannot empty {}: {}", end.path, base::errno_text(errno));
    }
    return Opened{.use = Use::File, .descriptor = std::move(file)};
}

base::Result<Opened> open_device(const End& end)
{
    base::Fd device{::open(end.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
    termios raw{};
    if (!device || ::tcgetattr(device.get(), &raw) != 0) {
        return base::fail("a serial port cannot use {}: {}", end.path, base::errno_text(errno));
    }
    ::cfmakeraw(&raw);
    // What cfmakeraw(3) leaves alone: no byte means anything to the host, and none waits for a wire.
    raw.c_iflag &= ~static_cast<tcflag_t>(IXOFF | IXANY);
    raw.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
    raw.c_cflag |= CLOCAL | CREAD;
    if (::tcsetattr(device.get(), TCSANOW, &raw) != 0) {
        return base::fail("a serial port cannot set {} up: {}", end.path, base::errno_text(errno));
    }
    return Opened{.use = Use::Stream, .descriptor = std::move(device)};
}

} // namespace

base::Result<Opened> open(const End& end, Contents contents)
{
    switch (end.kind) {
    case Kind::File: return open_file(end, contents);
    case Kind::Device: return open_device(end);
    case Kind::Unix: return end.part == Part::Listens ? listen_when_free(end) : connect_unix(end);
    case Kind::Tcp:
        if (end.part == Part::Listens) {
            return listen_when_free(end);
        }
        return Opened{.use = Use::Remote, .addresses = WINDSOR_TRY(look_up(end))};
    case Kind::Absent:
    case Kind::Nobody:
    case Kind::Terminal: break;
    }
    return base::fail("the serial port has nothing to open");
}

} // namespace windsor::serial
