// SPDX-License-Identifier: GPL-2.0-or-later
// What can be done with the sockets that a process is left.
#include "attempts.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

// A socket that listens no more can be connected, without connect(2).
long connect_listener(const Surroundings& s)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = ::htons(s.port);
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    ::shutdown(s.listener, SHUT_RDWR);
    const long sent = ::sendto(s.listener, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
                               static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address);
    return sent == -1 && errno == EINPROGRESS ? 0 : sent; // it does not wait
}

struct Datagram {
    sockaddr_un address{};
    msghdr message{};
    std::array<int, 2> ends{-1, -1};

    explicit Datagram(const Surroundings& s)
    {
        address.sun_family = AF_UNIX;
        const std::string path = s.folder + "/datagrams";
        std::memcpy(address.sun_path, path.data(), path.size());
        message.msg_name = &address;
        message.msg_namelen = sizeof address;
    }
    bool open() { return ::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends.data()) == 0; }
};

long send_datagram(const Surroundings& s)
{
    Datagram datagram{s};
    return datagram.open() ? ::sendmsg(datagram.ends[0], &datagram.message, 0) : -1;
}

long pass_descriptor_on(const Surroundings& s)
{
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> beside{};
    char byte = 'x';
    iovec place{.iov_base = &byte, .iov_len = 1};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &s.events, sizeof s.events);
    return ::sendmsg(s.events, &message, MSG_NOSIGNAL);
}

std::array<sock_filter, 1> everything()
{
    return {{{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW}}};
}

long attach_program(const Surroundings& s)
{
    std::array<sock_filter, 1> code = everything();
    const sock_fprog program{.len = code.size(), .filter = code.data()};
    return ::setsockopt(s.events, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

long answer_system_calls()
{
    std::array<sock_filter, 1> code = everything();
    const sock_fprog program{.len = code.size(), .filter = code.data()};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

long take_shared_memory()
{
    constexpr std::size_t kMuch = std::size_t{16} << 30;
    void* const area =
        ::mmap(nullptr, kMuch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return area == MAP_FAILED ? -1 : 0;
}

} // namespace

std::vector<Attempt> attempts_with_what_is_left()
{
    constexpr auto kConsole = sandbox::Role::Console;
    return {
        {"send a datagram to a path", send_datagram},
        {"pass a descriptor on", pass_descriptor_on},
        {"give the kernel a program for a socket", attach_program},
        {"answer the process's system calls", [](const Surroundings&) { return answer_system_calls(); }},
        {"have the domain wait", [](const Surroundings& s) -> long { return ::fcntl(s.wake, F_SETFL, 0); }, kConsole},
        {"have a successor wait", [](const Surroundings& s) -> long { return ::fcntl(s.listener, F_SETFL, 0); },
         kConsole},
        {"take 16 GiB of shared memory", [](const Surroundings&) { return take_shared_memory(); }, kConsole},
        // Last, as they spoil the sockets for the others where they are done.
        {"connect a socket that has listened", connect_listener},
        {"take the listening socket from all",
         [](const Surroundings& s) -> long { return ::shutdown(s.listener, SHUT_RDWR); }},
        {"take a connection from all", [](const Surroundings& s) -> long { return ::shutdown(s.events, SHUT_RDWR); }},
    };
}

} // namespace windsor::escape
