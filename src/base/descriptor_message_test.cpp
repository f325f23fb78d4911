// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptor_message.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace windsor::base {
namespace {

class DescriptorMessage : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        one_.reset(ends[0]);
        other_.reset(ends[1]);
        ASSERT_EQ(::write(file_.get(), "file", 4), 4);
    }
    ssize_t send(std::string text, int descriptor, int flags = 0)
    {
        return send_with_descriptor(one_.get(), text, descriptor, flags);
    }
    std::string receive()
    {
        std::array<char, 100> text{};
        const ssize_t count = receive_with_descriptor(other_.get(), text, descriptor_);
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }
    static unsigned open_files()
    {
        unsigned count = 0;
        for (int fd = 0; fd < 1024; ++fd) {
            count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
        }
        return count;
    }

    Fd one_;
    Fd other_;
    Fd descriptor_;
    Fd file_{::memfd_create("file", MFD_CLOEXEC)};
};

TEST_F(DescriptorMessage, BringsTextAndDescriptor)
{
    EXPECT_EQ(send("hello", file_.get()), 5);
    EXPECT_EQ(receive(), "hello");
    std::array<char, 4> text{};
    EXPECT_EQ(::pread(descriptor_.get(), text.data(), text.size(), 0), 4);
    EXPECT_EQ(std::memcmp(text.data(), "file", 4), 0);
    EXPECT_EQ(::fcntl(descriptor_.get(), F_GETFD), FD_CLOEXEC) << "a program that is executed must not have it";
}

TEST_F(DescriptorMessage, MayBringTextAlone)
{
    EXPECT_EQ(send("hello", -1), 5);
    EXPECT_EQ(receive(), "hello");
    EXPECT_FALSE(descriptor_);
}

TEST_F(DescriptorMessage, TheLastDescriptorIsKept)
{
    const unsigned before = open_files();
    send("one", file_.get());
    send("two", file_.get());
    receive();
    const int first = descriptor_.get();
    receive();
    EXPECT_TRUE(descriptor_);
    EXPECT_NE(descriptor_.get(), first);
    EXPECT_EQ(open_files(), before + 1);
}

// Whoever sends many at once fills nobody's table with them.
TEST_F(DescriptorMessage, OnlyOneIsTakenOfAMessage)
{
    const unsigned before = open_files();
    const std::array<int, 3> three{file_.get(), file_.get(), file_.get()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof three)> beside{};
    std::array<char, 1> text{'x'};
    iovec place{.iov_base = text.data(), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof three);
    std::memcpy(CMSG_DATA(header), three.data(), sizeof three);
    ASSERT_EQ(::sendmsg(one_.get(), &message, 0), 1);
    EXPECT_EQ(receive(), "x");
    descriptor_.reset();
    EXPECT_EQ(open_files(), before);
}

TEST_F(DescriptorMessage, DoesNotWaitWhereItMustNot)
{
    ssize_t sent = 0;
    for (int i = 0; i < 100'000 && sent >= 0; ++i) {
        sent = send("a message of some length", -1, MSG_DONTWAIT);
    }
    EXPECT_LT(sent, 0);
    EXPECT_EQ(errno, EAGAIN);
}

TEST_F(DescriptorMessage, SaysThatTheOtherEndIsGone)
{
    other_.reset();
    EXPECT_LT(send("hello", file_.get()), 0) << "and no signal ends the process";
    EXPECT_EQ(errno, EPIPE);
}

} // namespace
} // namespace windsor::base
