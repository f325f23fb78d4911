// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's process from its birth to its end, here on a thread, with a keeper that does as it is asked.
#include "domain/domain_process.hpp"

#include "base/descriptor_message.hpp"
#include "base/whole.hpp"
#include "domain/domain_testing.hpp"
#include "domain/keeper_link.hpp"

#include <csignal>
#include <poll.h>

namespace windsor::domain {
namespace {

using testing::HasSubstr;

class DomainProcess : public DomainTest {
protected:
    void SetUp() override
    {
        DomainTest::SetUp();
        ::signal(SIGPIPE, SIG_IGN); // as a domain's process does
        settings_.bios = firmware_->write();
        claim_.emplace(Registry::open(settings_.runtime).value().claim("falstaff").value());
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        creator_.reset(ends[0]);
        report_.reset(ends[1]);
        for (auto [here, there] : {std::pair{&requests_, &keeper_end_}, std::pair{&news_, &news_end_}}) {
            ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
            here->reset(ends[0]);
            there->reset(ends[1]);
        }
    }
    void TearDown() override
    {
        if (thread_.joinable()) {
            thread_.join();
        }
        DomainTest::TearDown();
    }

    void begin()
    {
        thread_ = std::thread{[this] {
            ended_ = live({.settings = settings_,
                           .claim = *claim_,
                           .report = std::move(report_),
                           .requests = std::move(requests_),
                           .news = std::move(news_)});
        }};
    }
    Json told() { return Json::parse(base::read_whole(creator_.get(), 1u << 20), nullptr, false); }
    std::optional<KeeperRequest> asked()
    {
        KeeperRequest request{};
        pollfd wait{.fd = keeper_end_.get(), .events = POLLIN, .revents = 0};
        ::poll(&wait, 1, 10'000);
        const bool came = ::recv(keeper_end_.get(), &request, sizeof request, MSG_DONTWAIT) == sizeof request;
        return came ? std::optional{request} : std::nullopt;
    }

    base::Fd creator_;
    base::Fd report_;
    base::Fd requests_;
    base::Fd keeper_end_;
    base::Fd news_;
    base::Fd news_end_;
    Ended ended_{Ended::Killed};
};

TEST_F(DomainProcess, SaysThatItLivesAndLivesUntilItIsDestroyed)
{
    begin();
    const DomainStatus status = status_from(told());
    EXPECT_EQ(status.name, "falstaff");
    EXPECT_EQ(status.engine_line, settings_.engine.line);
    EXPECT_TRUE(client().call("destroy"));
    const auto request = asked();
    ASSERT_TRUE(request) << "the keeper is told that it ends";
    EXPECT_EQ(request->kind, static_cast<std::uint32_t>(KeeperAsk::Ending));
    thread_.join();
    EXPECT_EQ(ended_, Ended::Lived);
}

TEST_F(DomainProcess, SaysWhyThereIsNoDomain)
{
    config::DiskConfig disk;
    disk.path = (folder_ / "missing").string();
    disk.vdev = "hda";
    settings_.config.disks.push_back(disk);
    begin();
    const Json answer = told();
    ASSERT_TRUE(answer.is_object());
    EXPECT_THAT(answer.value("error", ""), HasSubstr("missing"));
    thread_.join();
    EXPECT_EQ(ended_, Ended::NotMade);
}

// Whoever was interrupted has begun nothing that goes on behind his back.
TEST_F(DomainProcess, DoesNotOutliveACreatorThatIsGone)
{
    creator_.reset();
    begin();
    thread_.join();
    EXPECT_EQ(ended_, Ended::NotMade);
}

TEST_F(DomainProcess, ServesTheControlSocketThatItsKeeperMakesAnew)
{
    begin();
    told();
    const std::filesystem::path another = folder_ / "another";
    const base::Fd socket = RpcServer::bind(another).value();
    KeeperNotice notice{.kind = static_cast<std::uint32_t>(KeeperNews::Control), .number = 1};
    ASSERT_EQ(base::send_with_descriptor(
                  news_end_.get(), {static_cast<char*>(static_cast<void*>(&notice)), sizeof notice}, socket.get()),
              static_cast<ssize_t>(sizeof notice));
    ASSERT_TRUE(soon([&] { return RpcClient::connect(another).has_value(); }));
    EXPECT_TRUE(RpcClient::connect(another).value().call("destroy"));
    thread_.join();
    EXPECT_EQ(ended_, Ended::Lived);
}

TEST_F(DomainProcess, GoesOnWithoutAKeeper)
{
    begin();
    told();
    news_end_.reset();
    keeper_end_.reset();
    RpcClient client = this->client();
    EXPECT_TRUE(client.call("pause"));
    EXPECT_THAT(client.call("rename", {{"name", "hal"}}).error().message(), HasSubstr("keeper"));
    EXPECT_TRUE(client.call("destroy"));
    thread_.join();
    EXPECT_EQ(ended_, Ended::Lived);
}

} // namespace
} // namespace windsor::domain
