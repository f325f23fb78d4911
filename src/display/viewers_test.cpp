// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/viewers.hpp"

#include "base/mutex.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace windsor::display {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes down what viewers do.
class Recorder final : public ViewerHandler {
public:
    void viewers_changed(unsigned count) override { note(fmt::format("{} viewers", count)); }
    void refresh(std::uint32_t request) override { note(fmt::format("refresh {}", request)); }
    void key(KeyCode code, bool pressed) override { note(fmt::format("{} {:x}", pressed ? "press" : "release", code)); }
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override
    {
        note(fmt::format("pointer {} {} {} {}", dx, dy, wheel, buttons));
    }
    void note(std::string line)
    {
        const base::MutexLock lock{mutex_};
        lines_.push_back(std::move(line));
        changed_.notify_all();
    }
    // What has come before that line, for which this waits.
    std::vector<std::string> until(const std::string& last)
    {
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        const base::MutexLock lock{mutex_};
        while (lines_.empty() || lines_.back() != last) {
            if (!changed_.wait_until(mutex_, patience)) {
                ADD_FAILURE() << last << " never came";
                return std::exchange(lines_, {});
            }
        }
        lines_.pop_back();
        return std::exchange(lines_, {});
    }

private:
    base::Mutex mutex_;
    base::Condition changed_;
    std::vector<std::string> lines_ WINDSOR_GUARDED_BY(mutex_);
};

class ViewersTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto channel = ViewerChannel::create();
        auto frame = SharedFrame::create();
        ASSERT_TRUE(channel && frame);
        console_ = std::move(channel->server_events);
        wake_ = base::Fd{::dup(channel->wake.get())};
        auto viewers = Viewers::start({.events = std::move(channel->events),
                                       .wake = std::move(channel->wake),
                                       .frame = std::move(frame->writable),
                                       .port = 5901},
                                      recorder_, log_);
        ASSERT_TRUE(viewers);
        viewers_ = *std::move(viewers);
    }
    void send(const ConsoleEvent& event)
    {
        ASSERT_EQ(::send(console_.get(), &event, sizeof event, 0), static_cast<ssize_t>(sizeof event));
    }
    void send(ConsoleEvent::Kind kind, std::uint32_t number = 0, std::uint32_t buttons = 0)
    {
        send({.kind = static_cast<std::uint32_t>(kind), .number = number, .buttons = buttons});
    }
    // All that has come of what was sent so far.
    std::vector<std::string> heard()
    {
        const std::uint32_t mark = ++marks_;
        send(ConsoleEvent::Kind::Refresh, mark);
        return recorder_.until(fmt::format("refresh {}", mark));
    }

    std::string logged()
    {
        const base::MutexLock lock{log_mutex_};
        return logged_;
    }

    Recorder recorder_;
    base::Mutex log_mutex_;
    std::string logged_ WINDSOR_GUARDED_BY(log_mutex_);
    base::Log log_{base::Log::to([this](base::Log::Level, std::string_view text) {
        const base::MutexLock lock{log_mutex_};
        logged_ += text;
    })};
    base::Fd console_;
    base::Fd wake_;
    std::uint32_t marks_{1000};
    std::unique_ptr<Viewers> viewers_;
};

using Kind = ConsoleEvent::Kind;

TEST_F(ViewersTest, EventsReachTheMachineInTheirOrder)
{
    send(Kind::Viewers, 2);
    send(Kind::Key, 0x1e, 1);
    send(Kind::Key, 0x1e, 0);
    send({.kind = static_cast<std::uint32_t>(Kind::Pointer), .dx = 3, .dy = -4, .wheel = 1, .buttons = 5});
    EXPECT_THAT(heard(), ElementsAre("2 viewers", "press 1e", "release 1e", "pointer 3 -4 1 5"));
}

TEST_F(ViewersTest, AKeyThatNobodyHoldsIsNotReleased)
{
    send(Kind::Key, 0x1e, 0);
    send(Kind::Key, 0x1e, 1);
    send(Kind::Key, 0x1e, 0);
    send(Kind::Key, 0x1e, 0);
    EXPECT_THAT(heard(), ElementsAre("press 1e", "release 1e"));
}

TEST_F(ViewersTest, AFreshProcessLetsGoOfAllThatItsPredecessorHeld)
{
    send(Kind::Key, 0x2a, 1);
    send(Kind::Key, 0x1e, 1);
    send(Kind::Pointer, 0, 1);
    heard();
    send(Kind::Started);
    EXPECT_THAT(heard(), ElementsAre("release 1e", "release 2a", "pointer 0 0 0 0", "0 viewers"));
    send(Kind::Started);
    EXPECT_THAT(heard(), ElementsAre("0 viewers")) << "once";
}

TEST_F(ViewersTest, WhatIsNoEventIsSaidAndChangesNothing)
{
    ASSERT_EQ(::send(console_.get(), "rubbish", 7, 0), 7);
    std::array<char, 4096> long_one{};
    long_one[0] = static_cast<char>(Kind::Started);
    ASSERT_EQ(::send(console_.get(), long_one.data(), long_one.size(), 0), 4096);
    send(static_cast<Kind>(77));
    send(Kind::Viewers, kMostViewers + 1);
    send(Kind::Key, 0x12345, 1);
    EXPECT_THAT(heard(), ElementsAre());
    EXPECT_THAT(logged(), HasSubstr("sends what is no event"));
}

TEST_F(ViewersTest, MovementsAreBounded)
{
    send({.kind = static_cast<std::uint32_t>(Kind::Pointer), .dx = 1 << 30, .dy = -(1 << 30), .wheel = -1000});
    EXPECT_THAT(heard(), ElementsAre(fmt::format("pointer {} {} {} 0", kMostMotion, -kMostMotion, -kMostWheel)));
}

TEST_F(ViewersTest, ALineForTheLogIsPrintable)
{
    send(note_event("a \x1b[31mred\nline"));
    heard();
    EXPECT_EQ(logged(), "vnc: a ?[31mred?line");
}

// Whoever holds the other end: the keeper, and no console any more.
TEST_F(ViewersTest, WhenNobodyCanSendAnyMoreKeysAreLetGo)
{
    send(Kind::Key, 0x1e, 1);
    heard();
    console_.reset();
    EXPECT_THAT(recorder_.until("0 viewers"), ElementsAre("release 1e"));
}

TEST_F(ViewersTest, TheEndLetsGoOfKeys)
{
    send(Kind::Key, 0x1e, 1);
    heard();
    viewers_.reset();
    recorder_.note("end");
    EXPECT_THAT(recorder_.until("end"), ElementsAre("release 1e"));
}

TEST_F(ViewersTest, PicturesAndAnswersWakeTheConsole)
{
    eventfd_t count = 0;
    EXPECT_NE(::eventfd_read(wake_.get(), &count), 0);
    viewers_->show({.size = {16, 8}, .pixels = std::vector<std::uint32_t>(16 * 8)}, {});
    EXPECT_NE(::eventfd_read(wake_.get(), &count), 0) << "nothing has changed";
    viewers_->show({.size = {16, 8}, .pixels = std::vector<std::uint32_t>(16 * 8)},
                   std::vector<backend::Rectangle>{{0, 0, 16, 8}});
    EXPECT_EQ(::eventfd_read(wake_.get(), &count), 0);
    viewers_->answer(3);
    EXPECT_EQ(::eventfd_read(wake_.get(), &count), 0);
}

} // namespace
} // namespace windsor::display
