// SPDX-License-Identifier: GPL-2.0-or-later
// Cards that are no cards, on cables whose other end is the test's.
#include "network/port.hpp"

#include <array>
#include <chrono>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::network {
namespace {

using Frame = std::vector<std::uint8_t>;

class Card final : public backend::NetworkCard {
public:
    bool receive(std::span<const std::uint8_t> frame) override
    {
        if (room == 0) {
            ++refused;
            return false;
        }
        --room;
        frames.emplace_back(frame.begin(), frame.end());
        return true;
    }
    void set_carrier(bool present) override { carrier = present; }

    std::vector<Frame> frames;
    std::size_t room{1000};
    unsigned refused{0};
    bool carrier{true};
};

class PortTest : public testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        world_.reset(ends[1]);
        end_.reset(ends[0]);
        plug({});
    }
    void plug(std::optional<Rate> rate)
    {
        std::vector<Port::Plug> plugs;
        plugs.push_back({.frames = base::Fd{::dup(end_.get())}, .rate = rate});
        ports_ = Ports::create(std::move(plugs), &clock_).value();
    }
    void start()
    {
        ports_->start({.lock = lock_, .running = [this] { return running_; }, .cards = {&card_}});
    }
    void TearDown() override { ports_.reset(); }

    void arrives(const Frame& frame) const
    {
        ASSERT_EQ(::send(world_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }
    // Whether it comes to be so.
    template <typename Condition> bool soon(Condition condition)
    {
        for (int i = 0; i < 5000; ++i) {
            {
                const bus::MachineGuard guard{lock_};
                if (condition()) {
                    return true;
                }
            }
            ::usleep(1000);
        }
        return false;
    }
    Frame sent() const
    {
        Frame frame(backend::kLongestFrame);
        pollfd readable{world_.get(), POLLIN, 0};
        ::poll(&readable, 1, 5000);
        const ssize_t size = ::recv(world_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
        frame.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return frame;
    }
    void send(const Frame& frame)
    {
        const bus::MachineGuard guard{lock_};
        ports_->at(0).send(frame);
    }

    Port::Counters counters()
    {
        const bus::MachineGuard guard{lock_};
        return ports_->at(0).counters();
    }
    bool soon_sent(std::uint64_t count)
    {
        for (int i = 0; i < 5000 && counters().sent != count; ++i) {
            ::usleep(1000);
        }
        return counters().sent == count;
    }

    bus::MachineLock lock_;
    base::ManualClock clock_; // of the rate
    base::Fd end_;
    base::Fd world_;
    bool running_{true}; // with the lock held
    Card card_;
    std::unique_ptr<Ports> ports_;
};

TEST_F(PortTest, FramesGoBothWaysAsTheyAre)
{
    start();
    const Frame small(14, 1);
    const Frame large(9000, 2);
    arrives(small);
    arrives(large);
    ASSERT_TRUE(soon([this] { return card_.frames.size() == 2; }));
    EXPECT_EQ(card_.frames[0], small);
    EXPECT_EQ(card_.frames[1], large);
    send(large);
    send(small);
    EXPECT_EQ(sent(), large);
    EXPECT_EQ(sent(), small);
}

TEST_F(PortTest, WhatIsShorterThanAHeaderIsNoFrame)
{
    start();
    arrives(Frame(13, 1));
    arrives(Frame(14, 2));
    ASSERT_TRUE(soon([this] { return !card_.frames.empty(); }));
    EXPECT_EQ(card_.frames[0], Frame(14, 2));
}

TEST_F(PortTest, AFrameThatTheCardRefusesIsOfferedAgainWhenItAsksForIt)
{
    card_.room = 1;
    start();
    for (std::uint8_t i = 1; i <= 3; ++i) {
        arrives(Frame(60, i));
    }
    ASSERT_TRUE(soon([this] { return card_.refused == 1; }));
    {
        const bus::MachineGuard guard{lock_};
        EXPECT_EQ(card_.frames.size(), 1U);
        card_.room = 5;
        ports_->at(0).input_wanted();
    }
    ASSERT_TRUE(soon([this] { return card_.frames.size() == 3; }));
    EXPECT_EQ(card_.frames[1], Frame(60, 2));
    EXPECT_EQ(card_.frames[2], Frame(60, 3));
    EXPECT_EQ(card_.refused, 1U);
}

TEST_F(PortTest, AMachineThatStandsStillIsGivenNothing)
{
    {
        const bus::MachineGuard guard{lock_};
        running_ = false;
    }
    start();
    arrives(Frame(60, 1));
    ::usleep(20'000);
    {
        const bus::MachineGuard guard{lock_};
        EXPECT_TRUE(card_.frames.empty());
        running_ = true;
        ports_->at(0).input_wanted(); // as a machine does that goes on
    }
    EXPECT_TRUE(soon([this] { return card_.frames.size() == 1; }));
}

TEST_F(PortTest, WhatTheOtherEndDoesNotTakeWaitsForItAndThenGoesAstray)
{
    start();
    constexpr std::uint32_t kCount = 5000;
    for (std::uint32_t i = 0; i < kCount; ++i) {
        Frame frame(1000);
        frame[0] = static_cast<std::uint8_t>(i);
        frame[1] = static_cast<std::uint8_t>(i >> 8);
        send(frame);
    }
    std::uint32_t received = 0;
    for (Frame frame = sent(); !frame.empty(); frame = sent(), ++received) {
        ASSERT_EQ(frame.at(0) | frame.at(1) << 8, static_cast<int>(received)) << "in order, those first sent";
        const bus::MachineGuard guard{lock_};
        const Port::Counters counters = ports_->at(0).counters();
        if (counters.sent == received + 1 && counters.sent + counters.dropped == kCount) {
            ++received;
            break;
        }
    }
    const bus::MachineGuard guard{lock_};
    const Port::Counters counters = ports_->at(0).counters();
    EXPECT_EQ(counters.sent, received);
    EXPECT_EQ(counters.dropped, kCount - received);
    EXPECT_GE(received, 1024U);
}

TEST_F(PortTest, TheCardLearnsThatTheOtherEndHasGone)
{
    start();
    arrives(Frame(60, 1));
    world_.reset();
    EXPECT_TRUE(soon([this] { return !card_.carrier; }));
    EXPECT_EQ(card_.frames.size(), 1U) << "what it had sent before comes first";
    send(Frame(60, 1));
    const bus::MachineGuard guard{lock_};
    EXPECT_EQ(ports_->at(0).counters().dropped, 1U);
}

// A saved state may be of a machine that had lost its cable, or a stranger's.
TEST_F(PortTest, ACardLearnsThatItsCableIsThereOnceTheMachineRuns)
{
    {
        const bus::MachineGuard guard{lock_};
        running_ = false;
    }
    start();
    ::usleep(20'000);
    {
        const bus::MachineGuard guard{lock_};
        card_.carrier = false; // as the state says
        running_ = true;
        ports_->at(0).input_wanted();
    }
    EXPECT_TRUE(soon([this] { return card_.carrier; }));
}

TEST_F(PortTest, CountsWhatGoesBothWays)
{
    start();
    send(Frame(100, 1));
    send(Frame(60, 1));
    arrives(Frame(1000, 2));
    ASSERT_TRUE(soon([this] { return card_.frames.size() == 1; }));
    const Port::Counters counted = counters();
    EXPECT_EQ(counted.sent, 2U);
    EXPECT_EQ(counted.sent_bytes, 160U);
    EXPECT_EQ(counted.received, 1U);
    EXPECT_EQ(counted.received_bytes, 1000U);
    EXPECT_EQ(counted.dropped, 0U);
}

TEST_F(PortTest, LearnsTheGuestsAddressAndNobodyElses)
{
    const auto from = [](std::uint8_t last) {
        Frame frame(60);
        frame[12] = 0x08;
        frame[14] = 0x45;
        frame[26] = 10;
        frame[29] = last;
        return frame;
    };
    start();
    arrives(from(1));
    ASSERT_TRUE(soon([this] { return card_.frames.size() == 1; }));
    send(from(2));
    const bus::MachineGuard guard{lock_};
    const auto addresses = ports_->at(0).guest_addresses();
    ASSERT_EQ(addresses.size(), 1U);
    EXPECT_EQ(to_string(addresses[0]), "10.0.0.2");
    EXPECT_TRUE(ports_->at(0).connected());
}

TEST_F(PortTest, ARateHasFramesWaitForTheirTime)
{
    plug(Rate{.bytes = 3000, .interval = 5 * base::kMillisecond});
    start();
    for (std::uint8_t i = 0; i < 8; ++i) {
        send(Frame(1000, i));
    }
    EXPECT_EQ(counters().sent, 3U);
    clock_.advance(4 * base::kMillisecond);
    ::usleep(20'000);
    EXPECT_EQ(counters().sent, 3U);
    clock_.advance(base::kMillisecond);
    EXPECT_TRUE(soon_sent(6)) << "by the thread alone";
    clock_.advance(50 * base::kMillisecond);
    EXPECT_TRUE(soon_sent(8));
    for (std::uint8_t i = 0; i < 8; ++i) {
        EXPECT_EQ(sent(), Frame(1000, i)) << "in order";
    }
    EXPECT_EQ(counters().dropped, 0U);
}

TEST_F(PortTest, ARateLetsNoMoreFramesWaitThanARingHas)
{
    plug(Rate{.bytes = 1, .interval = base::kSecond});
    start();
    for (unsigned i = 0; i < 1000; ++i) {
        send(Frame(1000, 1));
    }
    EXPECT_EQ(counters().sent, 0U);
    EXPECT_EQ(counters().dropped, 1000U - 256U);
}

} // namespace
} // namespace windsor::network
