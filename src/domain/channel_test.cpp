// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/channel.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace windsor::domain {

namespace {

using Kind = Channel::Kind;

class ChannelTest : public testing::Test {
protected:
    ChannelTest()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        raw_ = ends[1];
        here.emplace(base::Fd{ends[0]}, base::Fd{}, "the other end");
    }
    // The other end as a channel…
    Channel& there()
    {
        if (!there_) {
            there_.emplace(base::Fd{std::exchange(raw_, -1)}, base::Fd{}, "this end");
        }
        return *there_;
    }
    // … or as a bare socket.
    void say(std::initializer_list<int> bytes) const
    {
        for (const int byte : bytes) {
            const char one = static_cast<char>(byte);
            EXPECT_EQ(::write(raw_, &one, 1), 1);
        }
    }
    void hang_up()
    {
        there_.reset();
        if (raw_ >= 0) {
            ::close(std::exchange(raw_, -1));
        }
    }
    ~ChannelTest() override { hang_up(); }

    static std::string why(const auto& result) { return result ? "nothing" : result.error().message(); }

    std::optional<Channel> here;

private:
    int raw_{-1};
    std::optional<Channel> there_;
};

TEST_F(ChannelTest, MessagesArriveInOrder)
{
    const std::vector<std::uint8_t> bytes{1, 2, 3};
    ASSERT_TRUE(there().send(Kind::Data, bytes).has_value());
    ASSERT_TRUE(there().send(Kind::Ready).has_value());
    const auto first = here->receive().value();
    EXPECT_EQ(first.kind, Kind::Data);
    EXPECT_EQ(first.contents, bytes);
    EXPECT_TRUE(here->expect(Kind::Ready).has_value());
    ASSERT_TRUE(here->send(Kind::TakeOver).has_value());
    EXPECT_EQ(why(there().expect(Kind::Running)), "this end does not keep to the order of a migration");
}

TEST_F(ChannelTest, AStreamOfAnySizePassesAndHasAnEnd)
{
    std::vector<std::uint8_t> bytes(5'000'000);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
    }
    std::thread sender{[&] {
        ChannelOutput output{there()};
        EXPECT_TRUE(output.write(std::span{bytes}.first(3)).has_value());
        EXPECT_TRUE(output.flush().has_value());
        EXPECT_TRUE(there().send(Kind::Mark).has_value());
        EXPECT_TRUE(there().expect(Kind::Mark).has_value());
        EXPECT_TRUE(output.write(std::span{bytes}.subspan(3)).has_value());
        EXPECT_TRUE(output.finish().has_value());
        EXPECT_EQ(output.bytes(), bytes.size());
        EXPECT_TRUE(there().send(Kind::Ready).has_value());
    }};
    ChannelInput input{*here};
    std::vector<std::uint8_t> got(bytes.size() + 10);
    EXPECT_EQ(input.read(std::span{got}.first(1000)).value(), 1000u);
    EXPECT_EQ(input.read(std::span{got}.subspan(1000)).value(), bytes.size() - 1000);
    EXPECT_EQ(input.read(std::span{got}).value(), 0u) << "the end stays the end";
    EXPECT_TRUE(here->expect(Kind::Ready).has_value()) << "what follows is not touched";
    sender.join();
    got.resize(bytes.size());
    EXPECT_EQ(got, bytes);
}

TEST_F(ChannelTest, ARefusalReachesTheOneWhoSends)
{
    std::thread refuser{[&] {
        EXPECT_TRUE(there().receive().has_value());
        there().refuse("no\x1b[2J room\n\xc2\x9b"
                       "31m");
        hang_up();
    }};
    const std::vector<std::uint8_t> much(Channel::kLongest);
    base::Status sent;
    for (unsigned i = 0; i < 10'000 && sent; ++i) {
        sent = here->send(Kind::Data, much);
    }
    EXPECT_EQ(why(sent), "no?[2J room ?31m") << "and nothing that terminals would heed";
    EXPECT_TRUE(here->was_refused());
    here.reset();
    refuser.join();
}

TEST_F(ChannelTest, ARefusalReachesTheOneWhoWaits)
{
    std::thread refuser{[&] {
        there().refuse("no room");
        hang_up();
    }};
    EXPECT_EQ(why(here->receive()), "no room");
    here.reset();
    refuser.join();
}

TEST_F(ChannelTest, AnEndThatIsGoneIsAnError)
{
    hang_up();
    EXPECT_EQ(why(here->receive()), "the connection to the other end has broken");
    EXPECT_EQ(why(here->send(Kind::Data, std::vector<std::uint8_t>(100'000))),
              "the connection to the other end has broken");
    EXPECT_FALSE(here->was_refused());
}

TEST_F(ChannelTest, RubbishIsAnError)
{
    const std::string sentence = "the other end does not speak as Windsor does in a migration";
    say({0, 0, 0, 0, 0});
    EXPECT_EQ(why(here->receive()), sentence) << "no such message";
}

TEST_F(ChannelTest, ALengthAloneClaimsNoMemory)
{
    say({1, 1, 0, 16, 0});
    EXPECT_EQ(why(here->receive()), "the other end does not speak as Windsor does in a migration");
}

TEST_F(ChannelTest, APartOfAMessageIsNone)
{
    say({1, 10, 0, 0, 0, 'x'});
    hang_up();
    EXPECT_EQ(why(here->receive()), "the connection to the other end has broken");
}

TEST_F(ChannelTest, WaitingCanBeGivenUp)
{
    here->give_up_when([] { return base::Status{base::fail("interrupted")}; });
    EXPECT_EQ(why(here->receive()), "interrupted");
    // Also when nothing more can be sent.
    base::Status sent;
    for (unsigned i = 0; i < 100 && sent; ++i) {
        sent = here->send(Kind::Data, std::vector<std::uint8_t>(Channel::kLongest));
    }
    EXPECT_EQ(why(sent), "interrupted");
}

TEST_F(ChannelTest, SilenceHasAnEnd)
{
    here->set_patience(std::chrono::milliseconds{0});
    EXPECT_EQ(why(here->receive()), "the other end has been silent for 0 s");
}

} // namespace

} // namespace windsor::domain
