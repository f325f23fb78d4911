// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/pty.hpp"

#include <fcntl.h>
#include <future>
#include <gtest/gtest.h>
#include <poll.h>
#include <thread>

namespace windsor::domain {
namespace {

using namespace std::chrono_literals;

// The loop runs on a thread of its own, as in a domain process; what belongs to it is posted.
class PtyTest : public ::testing::Test {
protected:
    PtyTest()
    {
        pty_ = Pty::create(*loop_).value();
        pty_->on_input([this](std::span<const std::uint8_t> bytes) {
            const std::size_t taken = std::min(bytes.size(), room_);
            room_ -= taken;
            typed_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
            return taken;
        });
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    ~PtyTest() override
    {
        loop_->stop();
        thread_.join();
        pty_.reset();
    }

    base::Fd open_line() { return base::Fd{::open(pty_->path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)}; }
    void transmit(const std::string& text)
    {
        for (const char c : text) {
            pty_->transmit(static_cast<std::uint8_t>(c));
        }
    }
    // What comes until there is nothing for a while.
    static std::string receive(const base::Fd& line, std::size_t enough)
    {
        std::string text;
        pollfd watched{.fd = line.get(), .events = POLLIN, .revents = 0};
        while (text.size() < enough && ::poll(&watched, 1, 5000) == 1) {
            char buffer[4096];
            const ssize_t count = ::read(line.get(), buffer, sizeof buffer);
            if (count <= 0) {
                break;
            }
            text.append(buffer, static_cast<std::size_t>(count));
        }
        return text;
    }
    // Runs on the loop's thread, and is over when this returns.
    void on_loop(const std::function<void()>& action)
    {
        std::promise<void> done;
        loop_->post([&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }
    std::string typed_within(std::chrono::milliseconds patience, std::size_t enough)
    {
        for (auto waited = 0ms; waited < patience; waited += 5ms) {
            std::string now;
            on_loop([&] { now = typed_; });
            if (now.size() >= enough) {
                return now;
            }
            std::this_thread::sleep_for(5ms);
        }
        return "";
    }

    std::unique_ptr<base::EventLoop> loop_ = base::EventLoop::create().value();
    std::unique_ptr<Pty> pty_;
    std::string typed_;
    std::size_t room_{1000};
    std::thread thread_;
};

TEST_F(PtyTest, CarriesBytesBothWaysUnchanged)
{
    const base::Fd line = open_line();
    transmit("login:\r\n\x03");
    EXPECT_EQ(receive(line, 9), "login:\r\n\x03");
    ASSERT_EQ(::write(line.get(), "ls\r\x03\x04", 5), 5);
    EXPECT_EQ(typed_within(5s, 5), "ls\r\x03\x04");
}

TEST_F(PtyTest, KeepsOutputUntilSomebodyComes)
{
    transmit("early");
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(receive(open_line(), 5), "early");
}

TEST_F(PtyTest, SurvivesOutputThatNobodyReads)
{
    transmit(std::string(300'000, 'x'));
    std::this_thread::sleep_for(20ms);
    const base::Fd line = open_line();
    EXPECT_GT(receive(line, 1000).size(), 999u);
}

TEST_F(PtyTest, OffersAgainWhatTheGuestHadNoRoomFor)
{
    on_loop([this] { room_ = 2; });
    const base::Fd line = open_line();
    ASSERT_EQ(::write(line.get(), "abcd", 4), 4);
    EXPECT_EQ(typed_within(5s, 2), "ab");
    on_loop([this] { room_ = 10; });
    pty_->input_wanted();
    EXPECT_EQ(typed_within(5s, 4), "abcd");
}

} // namespace
} // namespace windsor::domain
