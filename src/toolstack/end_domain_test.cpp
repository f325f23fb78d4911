// SPDX-License-Identifier: GPL-2.0-or-later
// Domains that do not end by themselves: processes that stand still in one way or another.
#include "toolstack/end_domain.hpp"

#include "base/test_folder.hpp"
#include "domain/process.hpp"
#include "domain/rpc.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {
namespace {

using ::testing::HasSubstr;

class EndDomain : public ::testing::Test {
protected:
    void SetUp() override
    {
        claim_.emplace(domain::Registry::open(folder_ / "run").value().claim("stubborn").value());
        ASSERT_EQ(::pipe2(ready_.data(), O_CLOEXEC), 0);
    }
    ~EndDomain() override
    {
        ::close(ready_[0]);
        ::close(ready_[1]);
    }

    // Returns when the process says so; it has the claim then.
    pid_t start(const std::function<void()>& live)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            live();
            ::_exit(0);
        }
        char word = 0;
        EXPECT_EQ(::read(ready_[0], &word, 1), 1);
        claim_->hand_over();
        return child;
    }
    void say_ready() const { ASSERT_EQ(::write(ready_[1], "r", 1), 1); }

    // The entry as a command finds it.
    domain::Entry entry() { return domain::Registry::open(folder_ / "run").value().find("stubborn").value(); }
    base::Status end(const domain::Entry& entry)
    {
        const Context context{.dialect = Dialect::Windsor,
                              .program = "windsor",
                              .out = out_,
                              .err = out_,
                              .paths = {.runtime = folder_ / "run", .data = folder_ / "data"},
                              .host_config = {}};
        return end_domain(context, entry);
    }
    bool is_there() const { return domain::Registry::open(folder_ / "run").value().find("stubborn").has_value(); }
    // How it ended: with a status of waitpid(2). One that has not ended by then is told to.
    static int end_of(pid_t child)
    {
        int status = 0;
        for (int i = 0; i < 500; ++i) {
            if (::waitpid(child, &status, WNOHANG) == child) {
                return status;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        ::kill(child, SIGTERM);
        ::waitpid(child, &status, 0);
        return status;
    }
    static int signal_of(pid_t child)
    {
        const int status = end_of(child);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

    base::TestFolder folder_;
    std::optional<domain::Claim> claim_;
    std::array<int, 2> ready_{-1, -1};
    std::ostringstream out_;
};

TEST_F(EndDomain, OneThatObeysIsNotKilled)
{
    const pid_t child = start([this] {
        claim_->adopt();
        const base::Fd socket = domain::RpcServer::bind(claim_->entry().control_socket()).value();
        ::listen(socket.get(), 4);
        say_ready();
        base::Fd client;
        while (!client) {
            client.reset(::accept(socket.get(), nullptr, nullptr)); // the socket does not block
        }
        char asked = 0;
        ::recv(client.get(), &asked, 1, 0);
        claim_.reset();
    });
    EXPECT_TRUE(end(entry()).has_value());
    EXPECT_EQ(signal_of(child), 0);
    EXPECT_FALSE(is_there());
}

TEST_F(EndDomain, OneThatListensAndDoesNothingIsKilled)
{
    const pid_t child = start([this] {
        claim_->adopt();
        const base::Fd socket = domain::RpcServer::bind(claim_->entry().control_socket()).value();
        ::listen(socket.get(), 4);
        say_ready();
        ::pause();
    });
    EXPECT_TRUE(end(entry()).has_value());
    EXPECT_EQ(signal_of(child), SIGKILL);
    EXPECT_FALSE(is_there());
}

TEST_F(EndDomain, OneThatOnlyHoldsItsLockIsKilled)
{
    const pid_t child = start([this] {
        claim_->adopt();
        say_ready();
        ::pause();
    });
    EXPECT_TRUE(end(entry()).has_value());
    EXPECT_EQ(signal_of(child), SIGKILL);
    EXPECT_FALSE(is_there());
}

// It has closed all that it could be known by, but its parent is the keeper.
TEST_F(EndDomain, OneThatHidesIsKilledAsItsKeepersChild)
{
    const pid_t keeper = start([this] {
        claim_->adopt_as_keeper();
        const pid_t child = ::fork();
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            claim_->adopt();
            claim_->hand_over();
            say_ready();
            ::pause();
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        claim_.reset();
        ::_exit(signal);
    });
    EXPECT_TRUE(end(entry()).has_value());
    const int status = end_of(keeper);
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, SIGKILL);
    EXPECT_FALSE(is_there());
}

// Numbers of processes are used again: this one has the domain's, and its parent the keeper's.
TEST_F(EndDomain, AnotherProcessOfThatNumberIsLeftAlone)
{
    const pid_t bystander = ::fork();
    if (bystander == 0) {
        claim_->hand_over();
        ::pause();
        ::_exit(0);
    }
    const domain::Entry entry = claim_->entry();
    std::ofstream{entry.folder / "pid"} << bystander << '\n';
    const auto own = domain::process_stat(::getpid());
    ASSERT_TRUE(own);
    std::ofstream{entry.folder / "keeper"} << ::getpid() << ' ' << own->start + 1 << '\n';
    // The one that holds the lock is neither, and is out of reach.
    const base::Status ended = end(this->entry());
    ASSERT_FALSE(ended);
    EXPECT_THAT(ended.error().message(), HasSubstr("is not known to be the domain's"));
    EXPECT_EQ(::waitpid(bystander, nullptr, WNOHANG), 0) << "it lives";
    ::kill(bystander, SIGKILL);
    ::waitpid(bystander, nullptr, 0);
}

} // namespace
} // namespace windsor::toolstack
