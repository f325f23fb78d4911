// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempts.hpp"

#include <cstring>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

template <typename Address> const sockaddr* generic(const Address& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

sockaddr_in loopback(unsigned short port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = ::htons(port);
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    return address;
}

// A path, or an abstract name behind a zero.
long connect_to(const std::string& name, bool abstract)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t from = abstract ? 1 : 0;
    std::memcpy(address.sun_path + from, name.data(), name.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + from + name.size());
    return socket < 0 ? -1 : ::connect(socket, generic(address), size);
}

long listen_on_port()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(0);
    return socket < 0 || ::bind(socket, generic(address), sizeof address) != 0 ? -1 : ::listen(socket, 1);
}

} // namespace

std::vector<Attempt> attempts_on_sockets()
{
    return {
        {"connect to another domain's control socket",
         [](const Surroundings& s) { return connect_to(s.folder + "/socket", false); }},
        {"connect to an abstract socket", [](const Surroundings& s) { return connect_to(s.abstract, true); }},
        {"connect to a port of the host",
         [](const Surroundings& s) -> long {
             const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
             const sockaddr_in address = loopback(s.port);
             return socket < 0 ? -1 : ::connect(socket, generic(address), sizeof address);
         }},
        {"send a datagram",
         [](const Surroundings& s) -> long {
             const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
             const sockaddr_in address = loopback(s.port);
             return socket < 0 ? -1 : ::sendto(socket, "x", 1, 0, generic(address), sizeof address);
         }},
        {"listen on a port", [](const Surroundings&) { return listen_on_port(); }},
        {"open a raw socket", [](const Surroundings&) -> long { return ::socket(AF_PACKET, SOCK_RAW, 0); }},
        {"open a netlink socket",
         [](const Surroundings&) -> long { return ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }},
        {"find shared memory of others", [](const Surroundings&) -> long { return ::shmget(0x77696e64, 0, 0); }},
        {"make shared memory for others",
         [](const Surroundings&) -> long { return ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666); }},
        {"make a message queue", [](const Surroundings&) -> long { return ::msgget(IPC_PRIVATE, IPC_CREAT | 0666); }},
        {"make semaphores", [](const Surroundings&) -> long { return ::semget(IPC_PRIVATE, 1, IPC_CREAT | 0666); }},
    };
}

} // namespace windsor::escape
