// SPDX-License-Identifier: GPL-2.0-or-later
// A relay whose domain and whose other end are the test's. Its clock is, too.
#include "serial/relay.hpp"

#include "base/test_folder.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>

namespace windsor::serial {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename T> sockaddr* as_address(T& address)
{
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

class RelayTest : public testing::Test {
protected:
    void begin(Opened end, Limits limits = {})
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        domain_.reset(ends[0]);
        relay_ = std::make_unique<Relay>(std::move(end), base::Fd{ends[1]}, limits);
    }
    void begin(const std::string& text, Limits limits = {})
    {
        auto opened = open(parse_end(text).value());
        ASSERT_TRUE(opened) << opened.error().message();
        begin(*std::move(opened), limits);
    }
    // One end of a connection; the other is peer_.
    void begin_stream(Limits limits = {})
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        peer_.reset(ends[0]);
        begin({.use = Opened::Use::Stream, .descriptor = base::Fd{ends[1]}}, limits);
    }

    // Until nothing is ready any more.
    void work()
    {
        for (int round = 0; round < 1000; ++round) {
            std::vector<pollfd> waits;
            until_ = now_ + 1h;
            relay_->fill(waits, until_);
            const int ready = ::poll(waits.data(), waits.size(), 0);
            relay_->take(waits, now_);
            if (ready == 0 && until_ > now_) {
                return;
            }
        }
        ADD_FAILURE() << "the relay never rests";
    }
    void guest_sends(const std::string& text)
    {
        ASSERT_EQ(::send(domain_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        work();
    }
    // What has come to the domain: characters are kept apart from notes.
    void listen_at_domain()
    {
        std::array<char, kLongestMessage> message{};
        for (ssize_t count = 0; (count = ::recv(domain_.get(), message.data(), message.size(), 0)) > 0; work()) {
            if (message[0] == 0) {
                typed_.append(message.data() + 1, static_cast<std::size_t>(count - 1));
            } else {
                notes_.push_back(static_cast<Note>(message[1]));
            }
        }
    }
    static std::string receive(const base::Fd& from)
    {
        std::string text;
        std::array<char, 65536> buffer{};
        for (ssize_t count = 0; (count = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return text;
    }
    base::Fd unix_client() const
    {
        base::Fd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::connect(client.get(), as_address(address), sizeof address), 0);
        return client;
    }
    std::string socket_path() const { return (folder_ / "line").string(); }
    std::string file_path() const { return (folder_ / "log").string(); }
    std::string file_contents() const
    {
        std::ifstream file{file_path()};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    base::TestFolder folder_;
    Relay::Clock::time_point now_{Relay::Clock::time_point{} + 1h};
    Relay::Clock::time_point until_{};
    base::Fd domain_;
    base::Fd peer_;
    std::unique_ptr<Relay> relay_;
    std::string typed_;
    std::vector<Note> notes_;
};

TEST_F(RelayTest, BothWays)
{
    begin_stream();
    guest_sends("login: ");
    EXPECT_EQ(receive(peer_), "login: ");
    ASSERT_EQ(::write(peer_.get(), "root\r", 5), 5);
    work();
    listen_at_domain();
    EXPECT_EQ(typed_, "root\r");
    EXPECT_THAT(notes_, IsEmpty());
}

// A peer that does not read costs the newest output nothing, and nobody waits.
TEST_F(RelayTest, APeerThatDoesNotReadIsNotWaitedFor)
{
    begin_stream({.kept_bytes = 1000});
    const std::string chunk(4000, 'x');
    unsigned sent = 0;
    while (::send(domain_.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0 && ++sent < 10'000) {
        work();
    }
    EXPECT_LT(sent, 10'000u) << "the domain keeps the rest";
    receive(peer_);
    work();
    guest_sends("the end");
    std::string tail;
    for (int i = 0; i < 100 && !tail.ends_with("the end"); ++i) {
        tail += receive(peer_);
        work();
    }
    EXPECT_TRUE(tail.ends_with("the end"));
}

TEST_F(RelayTest, ADomainThatDoesNotReadIsNotWaitedForEither)
{
    begin_stream();
    const std::string chunk(4000, 'x');
    unsigned sent = 0;
    while (::send(peer_.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0 && ++sent < 10'000) {
        work();
    }
    EXPECT_LT(sent, 10'000u);
    guest_sends("still heard");
    EXPECT_EQ(receive(peer_), "still heard");
}

TEST_F(RelayTest, AConnectionThatIsGoneIsSaidOnce)
{
    begin_stream();
    peer_.reset();
    work();
    guest_sends("for nobody");
    listen_at_domain();
    EXPECT_THAT(notes_, ElementsAre(Note::Left));
}

TEST_F(RelayTest, AFileIsEmptiedFilledAndFull)
{
    std::ofstream{file_path()} << "of yesterday";
    begin("file:" + file_path(), {.file_bytes = 10});
    EXPECT_EQ(file_contents(), "");
    guest_sends("12345");
    EXPECT_EQ(file_contents(), "12345");
    guest_sends("6789012345");
    guest_sends("more");
    guest_sends("and more");
    EXPECT_EQ(file_contents(), "1234567890");
    listen_at_domain();
    EXPECT_THAT(notes_, ElementsAre(Note::Full)) << "once";
    EXPECT_TRUE(relay_->connected());
}

// A process that has died has a successor, with what it had open.
TEST_F(RelayTest, AFilesLimitHoldsForSuccessors)
{
    begin("file:" + file_path(), {.file_bytes = 10});
    guest_sends("12345678");
    begin(open({.kind = Kind::File, .path = file_path()}, Contents::Kept).value(), {.file_bytes = 10});
    guest_sends("9012");
    EXPECT_EQ(file_contents(), "1234567890");
}

TEST_F(RelayTest, OnlyOrdinaryFilesAreWrittenTo)
{
    ASSERT_EQ(::mkfifo(file_path().c_str(), 0600), 0);
    EXPECT_FALSE(open({.kind = Kind::File, .path = file_path()})) << "and it does not wait for a reader";
    const auto directory = open({.kind = Kind::File, .path = folder_.path().string()});
    ASSERT_FALSE(directory);
    EXPECT_THAT(directory.error().message(), HasSubstr("a serial port cannot write to"));
}

TEST_F(RelayTest, AClientGetsWhatWasKeptForIt)
{
    begin("unix:" + socket_path() + ",server,nowait", {.kept_bytes = 8});
    guest_sends("the old boot");
    const base::Fd client = unix_client();
    work();
    EXPECT_EQ(receive(client), "old boot");
    guest_sends("!");
    EXPECT_EQ(receive(client), "!");
    ASSERT_EQ(::write(client.get(), "a", 1), 1);
    work();
    listen_at_domain();
    EXPECT_EQ(typed_, "a");
    EXPECT_THAT(notes_, ElementsAre(Note::Connected));
}

TEST_F(RelayTest, OneClientAtATime)
{
    begin("unix:" + socket_path() + ",server,nowait");
    std::optional<base::Fd> first = unix_client();
    work();
    for (int i = 0; i < 3; ++i) {
        const base::Fd second = unix_client();
        work();
        char byte = 0;
        EXPECT_EQ(::read(second.get(), &byte, 1), 0) << "is sent away";
    }
    guest_sends("for the first");
    EXPECT_EQ(receive(*first), "for the first");
    first.reset();
    work();
    const base::Fd third = unix_client();
    work();
    guest_sends("for the third");
    EXPECT_EQ(receive(third), "for the third");
    listen_at_domain();
    EXPECT_THAT(notes_, ElementsAre(Note::Connected, Note::Refused, Note::Left, Note::Connected));
}

TEST_F(RelayTest, WhoAsksWhetherASocketIsTakenIsNoClient)
{
    begin("unix:" + socket_path() + ",server,nowait");
    guest_sends("for a client");
    const auto second = open(parse_end("unix:" + socket_path() + ",server").value());
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr("somebody else does"));
    work();
    const base::Fd client = unix_client();
    work();
    EXPECT_EQ(receive(client), "for a client");
    listen_at_domain();
    EXPECT_THAT(notes_, ElementsAre(Note::Connected));
}

// A guest that takes nothing would otherwise have the line of whoever has typed too much and left.
TEST_F(RelayTest, AClientThatHasLeftKeepsNobodyOut)
{
    begin("unix:" + socket_path() + ",server,nowait");
    std::optional<base::Fd> first = unix_client();
    const std::string chunk(4000, 'x');
    unsigned sent = 0;
    while (::send(first->get(), chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0 && ++sent < 10'000) {
        work();
    }
    ASSERT_LT(sent, 10'000u);
    first.reset();
    work();
    const base::Fd second = unix_client();
    work();
    guest_sends("for the second");
    EXPECT_EQ(receive(second), "for the second");
}

TEST_F(RelayTest, WhatAClientHasSentIsReadBeforeTheNextOneComes)
{
    begin("unix:" + socket_path() + ",server,nowait");
    std::optional<base::Fd> first = unix_client();
    work();
    ASSERT_EQ(::write(first->get(), "last words", 10), 10);
    first.reset();
    const base::Fd second = unix_client();
    work();
    guest_sends("for the second");
    EXPECT_EQ(receive(second), "for the second");
    listen_at_domain();
    EXPECT_EQ(typed_, "last words");
    EXPECT_THAT(notes_, ElementsAre(Note::Connected, Note::Left, Note::Connected));
}

TEST_F(RelayTest, ASocketThatHasCeasedToListenIsNotLookedAtAgain)
{
    begin("unix:" + socket_path() + ",server,nowait");
    ASSERT_EQ(::shutdown(relay_->descriptors().back(), SHUT_RDWR), 0);
    work();
    EXPECT_TRUE(relay_->connected());
}

TEST_F(RelayTest, ASocketOfADomainThatIsGoneIsReplacedAndNothingElse)
{
    const End end = parse_end("unix:" + socket_path() + ",server").value();
    auto first = open(end);
    ASSERT_TRUE(first);
    struct stat status{};
    ASSERT_EQ(::lstat(socket_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << "other users are kept out";
    const auto second = open(end);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr("somebody else does"));
    first->descriptor.reset();
    EXPECT_TRUE(open(end));
    std::filesystem::remove(socket_path());
    std::ofstream{socket_path()} << "precious";
    const auto third = open(end);
    ASSERT_FALSE(third);
    EXPECT_THAT(third.error().message(), HasSubstr("that is no socket"));
    EXPECT_TRUE(std::filesystem::is_regular_file(socket_path()));
}

// A port of the host's that is free for the moment, with a socket bound to it.
class TcpPort {
public:
    TcpPort() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_.get(), as_address(address), size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), as_address(address), &size), 0);
        number_ = ntohs(address.sin_port);
    }
    std::string text() const { return "tcp:127.0.0.1:" + std::to_string(number_); }
    void listen() { EXPECT_EQ(::listen(socket_.get(), 1), 0); }
    base::Fd accept() { return base::Fd{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)}; }

private:
    base::Fd socket_;
    std::uint16_t number_{0};
};

TEST_F(RelayTest, ConnectsAndConnectsAgainAfterLongerAndLongerBreaks)
{
    TcpPort port;
    begin(port.text());
    const auto attempt = [&] { // and what has become of it, which the loop-back network says at once
        work();
        listen_at_domain();
        return until_ - now_;
    };
    EXPECT_EQ(attempt(), 1s) << "nobody listens";
    EXPECT_THAT(notes_, ElementsAre(Note::Unreachable));
    now_ += 1s;
    EXPECT_EQ(attempt(), 2s);
    for (int i = 0; i < 10; ++i) {
        now_ += 60s;
        attempt();
    }
    EXPECT_EQ(until_ - now_, 60s) << "the longest";
    port.listen();
    guest_sends("kept");
    now_ += 60s;
    attempt();
    base::Fd there = port.accept();
    ASSERT_TRUE(there);
    work();
    EXPECT_EQ(receive(there), "kept");
    there.reset();
    work();
    listen_at_domain();
    EXPECT_THAT(notes_, ElementsAre(Note::Unreachable, Note::Connected, Note::Left)) << "each once";
    now_ += 1s;
    work();
    EXPECT_TRUE(port.accept());
}

TEST_F(RelayTest, ListensOnTcp)
{
    std::uint16_t number = 0;
    {
        const TcpPort free;
        number = static_cast<std::uint16_t>(std::atoi(free.text().substr(14).c_str()));
    }
    begin("tcp:127.0.0.1:" + std::to_string(number) + ",server,nowait");
    base::Fd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(number);
    ASSERT_EQ(::connect(client.get(), as_address(address), sizeof address), 0);
    work();
    guest_sends("hello");
    EXPECT_EQ(receive(client), "hello");
    const auto again = open(parse_end("tcp:127.0.0.1:" + std::to_string(number) + ",server").value());
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message(), HasSubstr("cannot listen on 127.0.0.1 port"));
}

TEST_F(RelayTest, ADeviceIsRawAndGoesBothWays)
{
    const base::Fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, 128> name{};
    ASSERT_EQ(::grantpt(master.get()), 0);
    ASSERT_EQ(::unlockpt(master.get()), 0);
    ASSERT_EQ(::ptsname_r(master.get(), name.data(), name.size()), 0);
    const base::Fd before{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    termios modes{};
    ASSERT_EQ(::tcgetattr(before.get(), &modes), 0);
    modes.c_iflag |= IXON | IXOFF | IXANY;
    modes.c_cflag |= CRTSCTS;
    ASSERT_EQ(::tcsetattr(before.get(), TCSANOW, &modes), 0);
    begin(std::string{name.data()});
    ASSERT_EQ(::tcgetattr(before.get(), &modes), 0);
    EXPECT_EQ(modes.c_iflag & (IXON | IXOFF | IXANY), 0u) << "0x11 and 0x13 are bytes as all others";
    EXPECT_EQ(modes.c_cflag & CRTSCTS, 0u) << "a line of three wires would never send";
    guest_sends("a\n");
    std::array<char, 16> buffer{};
    EXPECT_EQ(::read(master.get(), buffer.data(), buffer.size()), 2) << "no carriage return has been added";
    ASSERT_EQ(::write(master.get(), "\x03", 1), 1);
    work();
    listen_at_domain();
    EXPECT_EQ(typed_, "\x03");
    EXPECT_FALSE(open({.kind = Kind::Device, .path = "/dev/null"})) << "is no terminal";
}

TEST_F(RelayTest, EndsWithTheDomainAfterItsLastWords)
{
    begin("file:" + file_path());
    ASSERT_EQ(::send(domain_.get(), "Power down", 10, 0), 10);
    domain_.reset();
    work();
    EXPECT_EQ(file_contents(), "Power down");
    EXPECT_FALSE(relay_->connected());
}

} // namespace
} // namespace windsor::serial
