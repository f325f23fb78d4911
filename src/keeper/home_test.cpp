// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/home.hpp"

#include "base/descriptor_message.hpp"
#include "base/test_folder.hpp"
#include "domain/rpc.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace windsor::keeper {
namespace {

namespace fs = std::filesystem;
using domain::KeeperNews;
using domain::KeeperNotice;
using ::testing::HasSubstr;

struct Told {
    KeeperNotice notice{};
    base::Fd descriptor{};
};

// A domain that has begun, and the socket on which it is told.
class HomeTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        domain_.reset(ends[1]);
        claim_.emplace(registry().claim("guest").value());
        log_.emplace(base::FileLog::open(entry().log_file().string()).value());
        home_.emplace(*claim_, base::Fd{ends[0]}, *log_);
        home_->act(now_);
        // What a domain makes when it begins, after its keeper.
        log_->log().info("a line of before");
        control_ = domain::RpcServer::bind(entry().control_socket()).value();
        write("pid", "4711\n");
        write("settings", "vncpasswd=secret\n");
        ASSERT_EQ(::symlink("/dev/pts/7", entry().console_link().c_str()), 0);
        home_->act(now_);
    }

    domain::Registry registry() { return domain::Registry::open(runtime_).value(); }
    const domain::Entry& entry() const { return claim_->entry(); }
    void write(const std::string& name, const std::string& text) { std::ofstream{entry().folder / name} << text; }
    std::string read(const std::string& name) const
    {
        std::ifstream file{entry().folder / name};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    // Until it has noticed what is missing, and made it again.
    void settle()
    {
        home_->act(now_);
        now_ += Home::kSettle;
        home_->act(now_);
    }
    Told next()
    {
        Told told;
        EXPECT_EQ(base::receive_with_descriptor(
                      domain_.get(), {static_cast<char*>(static_cast<void*>(&told.notice)), sizeof told.notice},
                      told.descriptor, MSG_DONTWAIT),
                  static_cast<ssize_t>(sizeof told.notice));
        EXPECT_TRUE(told.descriptor);
        return told;
    }
    bool silent() const
    {
        char byte = 0;
        return ::recv(domain_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
    }

    base::TestFolder folder_;
    fs::path runtime_ = folder_.path() / "run";
    base::Fd domain_;
    base::Fd control_;
    std::optional<domain::Claim> claim_;
    std::optional<base::FileLog> log_;
    std::optional<Home> home_;
    Home::Clock::time_point now_{std::chrono::hours{1}};
};

TEST_F(HomeTest, ADirectoryThatVanishesIsMadeAgain)
{
    fs::remove_all(runtime_);
    settle();
    const auto found = registry().find("guest");
    ASSERT_TRUE(found) << "it holds its lock";
    EXPECT_EQ(found->id, 1u);
    EXPECT_EQ(found->pid, 4711);
    EXPECT_EQ(read("settings"), "vncpasswd=secret\n");
    EXPECT_EQ(fs::read_symlink(entry().console_link()), "/dev/pts/7");
    EXPECT_THAT(read("log"), HasSubstr("a line of before"));
    EXPECT_THAT(read("log"), HasSubstr("made again"));
    EXPECT_EQ(fs::status(runtime_).permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(entry().folder).permissions(), fs::perms::owner_all);
    for (const fs::directory_entry& item : fs::directory_iterator{entry().folder}) {
        if (!item.is_symlink()) {
            EXPECT_EQ(item.status().permissions() & ~fs::perms::owner_all, fs::perms::none) << item.path();
        }
    }
}

TEST_F(HomeTest, TheDomainIsHandedWhatIsNew)
{
    fs::remove_all(runtime_);
    settle();
    const Told lock = next();
    EXPECT_EQ(lock.notice.kind, static_cast<std::uint32_t>(KeeperNews::Lock));
    EXPECT_EQ(lock.notice.number, 1u);
    EXPECT_STREQ(lock.notice.name.data(), "guest");
    const Told log = next();
    EXPECT_EQ(log.notice.kind, static_cast<std::uint32_t>(KeeperNews::Log));
    const Told control = next();
    EXPECT_EQ(control.notice.kind, static_cast<std::uint32_t>(KeeperNews::Control));
    EXPECT_TRUE(silent());

    ASSERT_EQ(::write(log.descriptor.get(), "the domain's\n", 13), 13);
    EXPECT_THAT(read("log"), HasSubstr("a line of before"));
    EXPECT_THAT(read("log"), HasSubstr("the domain's")) << "appended";
    ASSERT_EQ(::listen(control.descriptor.get(), 1), 0);
    EXPECT_TRUE(domain::RpcClient::connect(entry().control_socket()));

    home_.reset(); // the keeper is killed: no destructor of its claim has run
    claim_->hand_over();
    EXPECT_TRUE(registry().find("guest")) << "the domain holds the lock, too";
}

TEST_F(HomeTest, OneFileThatVanishesIsMadeAgain)
{
    fs::remove(entry().folder / "settings");
    settle();
    EXPECT_EQ(read("settings"), "vncpasswd=secret\n");
    EXPECT_TRUE(silent()) << "the domain has nothing of it";
    fs::remove(entry().control_socket());
    settle();
    EXPECT_EQ(next().notice.kind, static_cast<std::uint32_t>(KeeperNews::Control));
    fs::remove(entry().log_file());
    settle();
    EXPECT_EQ(next().notice.kind, static_cast<std::uint32_t>(KeeperNews::Log));
    EXPECT_THAT(read("log"), HasSubstr("a line of before"));
    fs::remove(entry().folder / "lock");
    settle();
    EXPECT_EQ(next().notice.kind, static_cast<std::uint32_t>(KeeperNews::Lock));
    EXPECT_TRUE(registry().find("guest"));
}

TEST_F(HomeTest, WhatIsThereIsLeftAlone)
{
    const auto before = fs::last_write_time(entry().folder);
    settle();
    now_ += Home::kLook;
    home_->act(now_);
    EXPECT_EQ(fs::last_write_time(entry().folder), before);
    EXPECT_TRUE(silent());
}

TEST_F(HomeTest, WithoutEventsItIsFoundByLooking)
{
    fs::rename(runtime_, folder_.path() / "elsewhere"); // which inotify tells the directory alone
    home_->act(now_);
    EXPECT_FALSE(registry().find("guest"));
    now_ = home_->deadline();
    home_->act(now_);
    EXPECT_TRUE(registry().find("guest"));
}

TEST_F(HomeTest, ANameOfLaterIsKept)
{
    ASSERT_TRUE(claim_->rename("later").value());
    home_->act(now_);
    fs::remove_all(runtime_);
    settle();
    EXPECT_TRUE(registry().find("later"));
    EXPECT_FALSE(registry().find("guest"));
}

TEST_F(HomeTest, NobodyElsesNumberOrNameIsTaken)
{
    fs::remove_all(runtime_);
    const auto stranger = registry().claim("guest").value();
    EXPECT_EQ(stranger.entry().id, 1u);
    settle();
    EXPECT_EQ(registry().find("guest")->id, 1u);
    EXPECT_EQ(registry().find("guest-1")->id, 2u);
    const Told lock = next();
    EXPECT_EQ(lock.notice.number, 2u);
    EXPECT_STREQ(lock.notice.name.data(), "guest-1");
    EXPECT_EQ(registry().claim("third")->entry().id, 3u);
}

TEST_F(HomeTest, ANumberIsNotGivenTwice)
{
    fs::remove_all(runtime_);
    settle();
    EXPECT_EQ(registry().claim("other")->entry().id, 2u);
}

TEST_F(HomeTest, ADomainThatTakesNothingIsTriedAgain)
{
    const int size = 1;
    ::setsockopt(domain_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    int rounds = 0;
    for (; rounds < 1000 && fs::exists(entry().control_socket()); ++rounds) {
        fs::remove_all(runtime_);
        settle();
    }
    ASSERT_LT(rounds, 1000) << "the domain's socket has room for everything";
    while (!silent()) {
        next();
    }
    now_ += Home::kNextAttempt;
    home_->act(now_);
    EXPECT_TRUE(fs::exists(entry().control_socket()));
}

TEST_F(HomeTest, ADirectoryThatCannotBeMadeIsSaidOnceAndTriedAgain)
{
    fs::remove_all(runtime_);
    std::ofstream{runtime_} << "a file";
    settle();
    for (int i = 0; i < 5; ++i) {
        now_ += Home::kNextAttempt;
        home_->act(now_);
    }
    fs::remove(runtime_);
    now_ += Home::kNextAttempt;
    home_->act(now_);
    EXPECT_TRUE(registry().find("guest"));
    const std::string log = read("log");
    const std::size_t first = log.find("cannot be made again");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(log.find("cannot be made again", first + 1), std::string::npos) << log;
}

} // namespace
} // namespace windsor::keeper
