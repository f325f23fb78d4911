// SPDX-License-Identifier: GPL-2.0-or-later
// One connection without a network, and with a time that the test sets.
#include "display/vnc_connection.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace windsor::display {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kVersion = "RFB 003.008\n";

class VncConnectionTest : public ::testing::Test {
protected:
    void SetUp() override { connect(std::nullopt); }

    void connect(const std::optional<std::string>& password)
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        viewer_.reset(ends[1]);
        connection_ = std::make_unique<VncConnection>(base::Fd{ends[0]}, "viewer", password, challenge_, now_);
    }
    static std::string read(const base::Fd& from)
    {
        std::string text(1 << 20, '\0');
        const ssize_t got = ::recv(from.get(), text.data(), text.size(), MSG_DONTWAIT);
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return text;
    }
    static void write(const base::Fd& to, std::string_view text)
    {
        EXPECT_EQ(::send(to.get(), text.data(), text.size(), MSG_DONTWAIT), static_cast<ssize_t>(text.size()));
    }
    // Lets it do what there is to be done now; gives the reason why it ends.
    std::optional<std::string> move()
    {
        std::array<pollfd, 2> waits{connection_->viewer_wait(), connection_->library_wait()};
        EXPECT_GE(::poll(waits.data(), waits.size(), 0), 0);
        const base::Status moved = connection_->move(waits[0], waits[1], now_);
        return moved ? std::nullopt : std::optional{moved.error().message()};
    }
    std::optional<std::string> say(std::string_view text)
    {
        write(viewer_, text);
        return move();
    }
    // What comes to the viewer.
    std::string heard() { return read(viewer_); }
    // Up to the picture.
    void log_in()
    {
        now_ += VncConnection::kBrowserTime;
        EXPECT_EQ(move(), std::nullopt);
        EXPECT_EQ(heard(), kVersion);
        say(kVersion);
        EXPECT_EQ(heard(), std::string_view("\1\1", 2));
        say("\1");
        EXPECT_EQ(heard(), std::string_view("\0\0\0\0", 4));
        EXPECT_FALSE(connection_->wants_session()) << "it has not begun to talk";
        EXPECT_EQ(say("\1"), std::nullopt);
        ASSERT_TRUE(connection_->wants_session());
        auto library = connection_->begin_session();
        ASSERT_TRUE(library);
        library_ = *std::move(library);
        EXPECT_TRUE(connection_->has_session());
    }

    const Challenge challenge_{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
    VncConnection::Clock::time_point now_{std::chrono::hours{1}};
    base::Fd viewer_;
    base::Fd library_;
    std::unique_ptr<VncConnection> connection_;
};

TEST_F(VncConnectionTest, WhoIsSilentIsGreetedAfterAWhile)
{
    EXPECT_EQ(move(), std::nullopt);
    EXPECT_EQ(heard(), "");
    EXPECT_EQ(connection_->deadline(), now_ + VncConnection::kBrowserTime);
    now_ += VncConnection::kBrowserTime;
    EXPECT_EQ(move(), std::nullopt);
    EXPECT_EQ(heard(), kVersion);
    EXPECT_FALSE(connection_->has_spoken());
}

TEST_F(VncConnectionTest, WhoSpeaksFirstIsGreetedAtOnce)
{
    EXPECT_EQ(say(kVersion), std::nullopt);
    EXPECT_THAT(heard(), StartsWith(std::string{kVersion}));
    EXPECT_TRUE(connection_->has_spoken());
}

TEST_F(VncConnectionTest, TheHandshakeHasATime)
{
    const auto begun = now_;
    say(kVersion);
    now_ = begun + VncConnection::kHandshakeTime - std::chrono::milliseconds{1};
    EXPECT_EQ(move(), std::nullopt);
    now_ = begun + VncConnection::kHandshakeTime;
    EXPECT_EQ(move(), "did not log in in time");
}

// Having shown the password is not the end of the way.
TEST_F(VncConnectionTest, WhoIsAdmittedAndSaysNothingHasATime)
{
    const auto begun = now_;
    say(kVersion);
    say("\1");
    EXPECT_FALSE(connection_->wants_session());
    now_ = begun + VncConnection::kHandshakeTime;
    EXPECT_EQ(move(), "did not log in in time");
}

TEST_F(VncConnectionTest, AViewerHasAllTheTimeOfTheWorld)
{
    log_in();
    EXPECT_EQ(connection_->deadline(), std::nullopt);
    now_ += std::chrono::hours{1000};
    EXPECT_EQ(move(), std::nullopt);
}

TEST_F(VncConnectionTest, TheLibraryIsGreetedInTheViewersPlace)
{
    log_in();
    EXPECT_EQ(read(library_), std::string{kVersion} + "\1" + "\1")
        << "version, security type, and the viewer's own byte";
    const std::string answers = std::string{kVersion} + std::string("\1\1\0\0\0\0", 6);
    write(library_, answers.substr(0, 5));
    move();
    write(library_, answers.substr(5) + "screen");
    move();
    EXPECT_EQ(heard(), "screen") << "the viewer has had the rest from here";
}

TEST_F(VncConnectionTest, OnlyWholeMessagesReachTheLibrary)
{
    log_in();
    read(library_);
    const std::string key{"\4\1\0\0\0\0\0a", 8};
    EXPECT_EQ(say(key.substr(0, 7)), std::nullopt);
    EXPECT_EQ(read(library_), "");
    EXPECT_EQ(say(key.substr(7)), std::nullopt);
    EXPECT_EQ(read(library_), key);
}

TEST_F(VncConnectionTest, WhatIsNotOfferedEndsTheConnection)
{
    log_in();
    read(library_);
    const auto reason = say("\xfa rubbish");
    ASSERT_TRUE(reason);
    EXPECT_NE(*reason, "");
    EXPECT_EQ(read(library_), "");
}

TEST_F(VncConnectionTest, AWrongPasswordIsSaidToTheViewerAndNeverReachesTheLibrary)
{
    connect("secret");
    say(kVersion);
    EXPECT_EQ(heard(), std::string{kVersion} + "\1\2");
    say("\2");
    EXPECT_EQ(heard().size(), 16u) << "the challenge";
    EXPECT_EQ(say("0123456789abcdef\1"), "gave a wrong password");
    EXPECT_THAT(heard(), EndsWith("wrong password"));
    EXPECT_FALSE(connection_->wants_session());
}

TEST_F(VncConnectionTest, TheChallengeIsItsOwn)
{
    connect("secret");
    say(kVersion);
    heard();
    say("\2");
    EXPECT_EQ(heard(), std::string(challenge_.begin(), challenge_.end()));
}

// Nobody makes the process hold more for him than that.
TEST_F(VncConnectionTest, AViewerThatReadsNothingStopsTheLibrary)
{
    log_in();
    const std::string screen(65'536, 's');
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) {
        const ssize_t sent = ::send(library_.get(), screen.data(), screen.size(), MSG_DONTWAIT);
        taken += static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        EXPECT_EQ(move(), std::nullopt);
        if (sent < 0) {
            break;
        }
    }
    EXPECT_LT(taken, 4u << 20);
    EXPECT_EQ(connection_->library_wait().events & POLLIN, 0);
    EXPECT_NE(connection_->viewer_wait().events & POLLOUT, 0);
}

TEST_F(VncConnectionTest, ALibraryThatReadsNothingStopsTheViewer)
{
    log_in();
    std::string keys;
    for (int i = 0; i < 512; ++i) {
        keys += std::string{"\4\1\0\0\0\0\0a", 8};
    }
    for (int i = 0; i < 1000 && (connection_->viewer_wait().events & POLLIN) != 0; ++i) {
        static_cast<void>(::send(viewer_.get(), keys.data(), keys.size(), MSG_DONTWAIT));
        EXPECT_EQ(move(), std::nullopt);
    }
    EXPECT_EQ(connection_->viewer_wait().events & POLLIN, 0);
    EXPECT_NE(connection_->library_wait().events & POLLOUT, 0);
}

TEST_F(VncConnectionTest, WhoWaitsForASessionIsNotReadMeanwhile)
{
    say(kVersion);
    say("\1");
    say("\1");
    ASSERT_TRUE(connection_->wants_session());
    EXPECT_EQ(connection_->viewer_wait().events & POLLIN, 0);
}

TEST_F(VncConnectionTest, EitherEndsGoingIsTheEndWithoutAWord)
{
    log_in();
    library_.reset();
    EXPECT_EQ(move(), "");
    connect(std::nullopt);
    viewer_.reset();
    EXPECT_EQ(move(), "");
}

TEST_F(VncConnectionTest, WhatTheLibrarySaidLastStillReachesTheViewer)
{
    log_in();
    write(library_, std::string{kVersion} + std::string("\1\1\0\0\0\0", 6) + "bye");
    library_.reset();
    while (!move()) {
    }
    EXPECT_EQ(heard(), "bye");
}

TEST_F(VncConnectionTest, WhatIsNoWebSocketIsToldSo)
{
    EXPECT_NE(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::nullopt);
    EXPECT_THAT(heard(), StartsWith("HTTP/1.1 400"));
}

TEST_F(VncConnectionTest, ALongRequestIsNotKept)
{
    std::optional<std::string> reason = say("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100 && !reason; ++i) {
        reason = say(std::string(1000, 'x'));
    }
    EXPECT_EQ(reason, "sends too long an HTTP request");
}

TEST_F(VncConnectionTest, ABrowserIsAnsweredAndGreetedInFrames)
{
    EXPECT_EQ(say("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
              std::nullopt);
    const std::string answer = heard();
    EXPECT_THAT(answer, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) << "RFC 6455, section 1.3";
    EXPECT_THAT(answer, EndsWith("\x82\x0c" + std::string{kVersion}));
}

} // namespace
} // namespace windsor::display
