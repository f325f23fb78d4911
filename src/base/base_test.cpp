// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/test_folder.hpp"
#include "base/timer.hpp"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/epoll.h>

namespace windsor::base {

namespace {

Result<int> half_of(int value)
{
    if (value % 2 != 0) {
        return fail("{} is odd", value);
    }
    return value / 2;
}

Result<int> quarter_of(int value)
{
    const int half = WINDSOR_TRY(half_of(value));
    return half_of(half);
}

TEST(Result, TryPassesValuesAndErrors)
{
    EXPECT_EQ(quarter_of(12).value(), 3);
    EXPECT_EQ(quarter_of(6).error().message(), "3 is odd");
}

TEST(PausableClock, StandsStillWhileStopped)
{
    PausableClock clock;
    EXPECT_EQ(clock.now(), 0);
    clock.start();
    while (clock.now() == 0) {
    }
    clock.stop();
    const Nanoseconds stopped = clock.now();
    EXPECT_GT(stopped, 0);
    EXPECT_EQ(clock.now(), stopped);
    clock.start();
    EXPECT_GE(clock.now(), stopped);
}

TEST(TimerQueue, RunsDueTimersInOrderAndOnce)
{
    TimerQueue queue;
    std::string order;
    Timer a = queue.make([&](Nanoseconds) { order += 'a'; });
    Timer b = queue.make([&](Nanoseconds) { order += 'b'; });
    a.arm(20);
    b.arm(10);
    EXPECT_EQ(queue.next_deadline(), 10);
    queue.run_due(9);
    EXPECT_EQ(order, "");
    queue.run_due(20);
    queue.run_due(100);
    EXPECT_EQ(order, "ba");
    EXPECT_FALSE(a.armed());
}

TEST(TimerQueue, TimerMayRearmItselfAndDisarmsWhenItGoes)
{
    TimerQueue queue;
    int runs = 0;
    Timer timer;
    timer = queue.make([&](Nanoseconds now) {
        ++runs;
        timer.arm(now + 5);
    });
    timer.arm(5);
    queue.run_due(5);
    queue.run_due(10);
    EXPECT_EQ(runs, 2);
    timer = Timer{};
    EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

TEST(TimerQueue, TellsAboutAnEarlierDeadline)
{
    TimerQueue queue;
    int told = 0;
    queue.on_earlier_deadline([&] { ++told; });
    Timer a = queue.make([](Nanoseconds) {});
    Timer b = queue.make([](Nanoseconds) {});
    a.arm(50);
    b.arm(60);
    EXPECT_EQ(told, 1);
    b.arm(40);
    EXPECT_EQ(told, 2);
}

TEST(EventLoop, HandlesReadyDescriptorsAndPostedWork)
{
    auto loop = EventLoop::create().value();
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Fd reader{ends[0]};
    Fd writer{ends[1]};
    std::string seen;
    ASSERT_TRUE(loop->watch(reader.get(), EPOLLIN, [&](std::uint32_t) {
        char c = 0;
        ASSERT_EQ(::read(reader.get(), &c, 1), 1);
        seen += c;
        loop->unwatch(reader.get());
        loop->stop();
    }));
    loop->post([&] {
        seen += 'p';
        ASSERT_EQ(::write(writer.get(), "x", 1), 1);
    });
    loop->run();
    EXPECT_EQ(seen, "px");
}

TEST(Log, LimitsWhatAGuestCanRepeat)
{
    const TestFolder folder;
    const std::string path = folder / "log";
    Log log = Log::to_file(path).value();
    for (int i = 0; i < 1000; ++i) {
        log.guest("port 0x80", "write {}", i);
    }
    log.info("end");
    std::ifstream file{path};
    int lines = 0;
    for (std::string line; std::getline(file, line);) {
        ++lines;
    }
    EXPECT_EQ(lines, 11);
}

// A whole boot of a system that says much is kept; a flood is not, and the log says how much is missing.
TEST(Log, LimitsWhatAGuestWrites)
{
    const TestFolder folder;
    const std::string path = folder / "log";
    Log log = Log::to_file(path).value();
    for (int i = 0; i < 1000; ++i) {
        log.guest_text("firmware", "a line of a boot");
    }
    for (int i = 0; i < 1000; ++i) {
        log.guest_text("flood", "x", {.lines = 5, .window = std::chrono::hours{1}});
        log.guest_text("again", "y", {.lines = 5, .window = std::chrono::seconds{0}});
    }
    std::ifstream file{path};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto count = [&](std::string_view what) {
        int found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
            ++found;
        }
        return found;
    };
    EXPECT_EQ(count("firmware: a line of a boot"), 1000);
    EXPECT_EQ(count("flood: x"), 5);
    EXPECT_EQ(count("again: y"), 1000) << "a window that has passed";
}

} // namespace

} // namespace windsor::base
