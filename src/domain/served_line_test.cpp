// SPDX-License-Identifier: GPL-2.0-or-later
// A line whose relay is the test's, and a stranger by now.
#include "domain/served_line.hpp"

#include "domain/serial_ports.hpp"
#include "serial/link.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace windsor::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServedLineTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        relay_.reset(ends[0]);
        line_ = ServedLine::create(*loop_, base::Fd{ends[1]}, "the serial port COM2", log_).value();
        line_->on_input([this](std::span<const std::uint8_t> bytes) {
            const std::size_t taken = std::min(bytes.size(), room_);
            room_ -= taken;
            typed_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
            return taken;
        });
    }

    // The loop has done all that it has to do at present, and what that has brought about.
    void work()
    {
        for (int round = 0; round < 20; ++round) {
            loop_->post([this] { loop_->stop(); });
            loop_->run();
        }
    }
    void relay_says(const std::string& message)
    {
        ASSERT_EQ(::send(relay_.get(), message.data(), message.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(message.size()));
        work();
    }
    void guest_sends(const std::string& text)
    {
        for (const char c : text) {
            line_->transmit(static_cast<std::uint8_t>(c));
        }
    }
    std::string relay_hears()
    {
        std::string text;
        std::array<char, 65536> buffer{};
        for (ssize_t count = 0; (count = ::recv(relay_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;
             work()) {
            EXPECT_LE(count, static_cast<ssize_t>(serial::kLongestMessage));
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    std::string lines_;
    base::Log log_{base::Log::to([this](base::Log::Level, std::string_view text) {
        lines_ += text;
        lines_ += '\n';
    })};
    std::unique_ptr<base::EventLoop> loop_{base::EventLoop::create().value()};
    base::Fd relay_;
    std::string typed_;
    std::size_t room_{1000};
    std::unique_ptr<ServedLine> line_;
};

TEST_F(ServedLineTest, BothWays)
{
    guest_sends("login: ");
    work();
    EXPECT_EQ(relay_hears(), "login: ");
    relay_says(std::string{"\0root\r", 6});
    EXPECT_EQ(typed_, "root\r");
}

TEST_F(ServedLineTest, NotesAreForTheLog)
{
    relay_says(std::string{"\1\0", 2});
    EXPECT_THAT(lines_, HasSubstr("the serial port COM2: is connected"));
    relay_says(std::string{"\1\4", 2});
    EXPECT_THAT(lines_, HasSubstr("has filled its file, which takes no more"));
    EXPECT_EQ(typed_, "");
}

TEST_F(ServedLineTest, WhatMakesNoSenseChangesNothing)
{
    for (const std::string& message : {std::string{"\1", 1}, std::string{"\1\xff", 2}, std::string{"\2word", 5},
                                       std::string{"\xff", 1}, std::string{"\0", 1}}) {
        relay_says(message);
    }
    EXPECT_EQ(lines_, "");
    EXPECT_EQ(typed_, "");
    guest_sends("on");
    work();
    EXPECT_EQ(relay_hears(), "on");
}

// A flood of notes is no flood of lines.
TEST_F(ServedLineTest, NotesAreFew)
{
    for (int i = 0; i < 1000; ++i) {
        relay_says(std::string{"\1\0", 2});
    }
    EXPECT_LT(std::ranges::count(lines_, '\n'), 50);
}

TEST_F(ServedLineTest, AGuestThatTakesNothingStopsTheInput)
{
    room_ = 2;
    relay_says(std::string{"\0abc", 4});
    EXPECT_EQ(typed_, "ab");
    int sent = 0;
    const std::string more(serial::kLongestMessage, '\0');
    while (::send(relay_.get(), more.data(), more.size(), MSG_NOSIGNAL) > 0 && ++sent < 10'000) {
        work();
    }
    EXPECT_LT(sent, 10'000) << "what is not read stays with the relay";
    room_ = 1;
    line_->input_wanted();
    work();
    EXPECT_EQ(typed_, "abc");
}

TEST_F(ServedLineTest, KeepsTheNewestWhatNobodyTakes)
{
    for (int i = 0; i < 300; ++i) {
        guest_sends(std::string(4096, 'x'));
        work();
    }
    guest_sends("the end");
    work();
    const std::string heard = relay_hears();
    EXPECT_LT(heard.size(), 300u * 4096u);
    EXPECT_TRUE(heard.ends_with("the end"));
}

TEST_F(ServedLineTest, WithoutARelayTheGuestGoesOn)
{
    relay_.reset();
    work();
    EXPECT_THAT(lines_, HasSubstr("nobody serves the line any more"));
    guest_sends("for nobody");
    work();
}

// An intruder in that process can do so, where the walls are those of one that makes connections.
TEST_F(ServedLineTest, ARelayThatOnlyHearsNoMoreIsNotTriedOverAndOver)
{
    ASSERT_EQ(::shutdown(relay_.get(), SHUT_RD), 0);
    guest_sends("for nobody");
    work();
    EXPECT_THAT(lines_, HasSubstr("nobody serves the line any more"));
    guest_sends("for nobody");
    work();
    EXPECT_EQ(std::ranges::count(lines_, '\n'), 1) << "it is said once";
}

TEST_F(ServedLineTest, TheGuestsLastWordsGoOut)
{
    guest_sends("Power down");
    line_.reset();
    EXPECT_EQ(relay_hears(), "Power down");
}

TEST_F(ServedLineTest, PortsAreThoseOfTheConfiguration)
{
    config::DomainConfig config;
    config.serial = {"none", "pty", "null", "file:/x"};
    std::vector<base::Fd> served(4);
    served[3] = std::move(relay_);
    auto ports = SerialPorts::create(config, &served, *loop_, log_);
    ASSERT_TRUE(ports) << ports.error().message();
    const auto sinks = ports->sinks();
    ASSERT_EQ(sinks.size(), 4u);
    EXPECT_FALSE(sinks[0]) << "the machine lacks it";
    EXPECT_TRUE(sinks[1] && *sinks[1] != nullptr);
    EXPECT_TRUE(sinks[2] && *sinks[2] == nullptr) << "nobody is there";
    EXPECT_TRUE(sinks[3] && *sinks[3] != nullptr);
    EXPECT_THAT(ports->descriptions(), ElementsAre("COM2 pty " + ports->first_terminal(), "COM3 null", "COM4 file:/x"));
    EXPECT_THAT(ports->first_terminal(), HasSubstr("/dev/pts/"));
    EXPECT_EQ(SerialPorts::create({}, nullptr, *loop_, log_)->sinks().size(), 1u) << "without a word, COM1 for nobody";
}

} // namespace
} // namespace windsor::domain
