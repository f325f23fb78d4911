// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptor_message.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>

namespace windsor::base {

namespace {

// Room for one descriptor beside a message. unix(7), SCM_RIGHTS.
struct Ancillary {
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> bytes{};
};

} // namespace

ssize_t receive_with_descriptor(int socket, std::span<char> into, Fd& descriptor, int flags)
{
    Ancillary beside;
    iovec place{.iov_base = into.data(), .iov_len = into.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = beside.bytes.data();
    // Without the padding behind one, in which a second would find room that nobody takes.
    message.msg_controllen = CMSG_LEN(sizeof(int));
    const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
    const cmsghdr* header = count >= 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        int received = -1;
        std::memcpy(&received, CMSG_DATA(header), sizeof received);
        descriptor.reset(received);
    }
    return count;
}

ssize_t send_with_descriptor(int socket, std::span<char> text, int descriptor, int flags)
{
    Ancillary beside;
    iovec place{.iov_base = text.data(), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = beside.bytes.data();
        message.msg_controllen = beside.bytes.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | flags);
}

} // namespace windsor::base
