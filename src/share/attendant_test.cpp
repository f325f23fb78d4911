// SPDX-License-Identifier: GPL-2.0-or-later
// The attendant in a process of its own, whose programs are the test's.
#include "share/attendant.hpp"

#include "base/descriptor_message.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::share {
namespace {

class AttendantTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        arrivals_.reset(ends[0]);
        gate_.reset(ends[1]);
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        life_.reset(ends[0]);
        own_life_.reset(ends[1]);
    }
    void TearDown() override { end(); }
    void begin(std::vector<std::string> command)
    {
        process_ = ::fork();
        ASSERT_GE(process_, 0);
        if (process_ == 0) {
            own_life_.reset();
            gate_.reset();
            Attendant{std::move(command), std::move(arrivals_)}.serve(life_, [] {});
            ::_exit(0);
        }
        arrivals_.reset();
        life_.reset();
    }
    // Its exit status.
    int end()
    {
        own_life_.reset();
        int status = -1;
        if (process_ > 0) {
            ::waitpid(process_, &status, 0);
            process_ = -1;
        }
        return status;
    }
    // The other end of a connection that has been handed on.
    base::Fd connect() const
    {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        const base::Fd given{ends[0]};
        std::array<char, 1> word{};
        EXPECT_EQ(base::send_with_descriptor(gate_.get(), word, given.get()), 1);
        return base::Fd{ends[1]};
    }
    static std::string hear(const base::Fd& from, int timeout = 30'000)
    {
        pollfd wait{from.get(), POLLIN, 0};
        std::array<char, 64> text{};
        return ::poll(&wait, 1, timeout) == 1
                   ? std::string{text.data(), static_cast<std::size_t>(std::max<ssize_t>(
                                                  ::recv(from.get(), text.data(), text.size(), 0), 0))}
                   : "silence";
    }

    base::Fd arrivals_;
    base::Fd gate_;
    base::Fd life_;
    base::Fd own_life_;
    pid_t process_{-1};
};

const std::vector<std::string> kEcho{"/bin/sh", "-c", "exec cat <&0 >&0"};

TEST_F(AttendantTest, GivesEachConnectionAProgramOfItsOwn)
{
    begin(kEcho);
    const base::Fd one = connect();
    const base::Fd other = connect();
    ASSERT_EQ(::send(one.get(), "one", 3, 0), 3);
    ASSERT_EQ(::send(other.get(), "other", 5, 0), 5);
    EXPECT_EQ(hear(one), "one");
    EXPECT_EQ(hear(other), "other");
    EXPECT_EQ(end(), 0);
    EXPECT_EQ(hear(one), "") << "and it ends with the attendant";
}

TEST_F(AttendantTest, TakesAConnectionAwayFromTheOldestForANewcomer)
{
    begin(kEcho);
    std::vector<base::Fd> all;
    for (std::size_t count = 0; count < Attendant::kMostServed; ++count) {
        all.push_back(connect());
        ASSERT_EQ(::send(all.back().get(), "x", 1, 0), 1);
        EXPECT_EQ(hear(all.back()), "x");
    }
    const base::Fd newcomer = connect();
    ASSERT_EQ(::send(newcomer.get(), "new", 3, 0), 3);
    EXPECT_EQ(hear(newcomer), "new");
    EXPECT_EQ(hear(all.front()), "") << "the oldest has lost its connection";
    ASSERT_EQ(::send(all.back().get(), "y", 1, 0), 1);
    EXPECT_EQ(hear(all.back()), "y");
}

TEST_F(AttendantTest, RunsNoMoreProgramsThanItMayIfTheyDoNotEnd)
{
    begin({"/bin/sh", "-c", "echo x >&0; exec sleep 1000"});
    std::vector<base::Fd> all;
    unsigned served = 0;
    for (std::size_t count = 0; count < Attendant::kMostRunning + 4; ++count) {
        all.push_back(connect());
        served += hear(all.back()) == "x\n" ? 1 : 0;
    }
    EXPECT_EQ(served, Attendant::kMostRunning);
}

TEST_F(AttendantTest, OutlivesAProgramThatCannotBeRun)
{
    begin({"/nowhere"});
    EXPECT_EQ(hear(connect()), "");
    EXPECT_EQ(hear(connect()), "");
    EXPECT_EQ(end(), 0);
}

TEST_F(AttendantTest, EndsWithWhoeverSendsConnections)
{
    begin(kEcho);
    gate_.reset();
    int status = -1;
    ASSERT_EQ(::waitpid(process_, &status, 0), process_);
    process_ = -1;
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace windsor::share
