// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls_pump.hpp"

#include "transport/tls_relay.hpp"
#include "transport/tls_testing.hpp"

#include <gmock/gmock.h>

namespace windsor::transport::testing {

namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A pump at work; `mine` is where a domain would be.
class Pumping {
public:
    explicit Pumping(TlsSession session, milliseconds farewell = TlsPump::kFarewell)
        : session_{std::move(session)}, ends_{make_ends()}, farewell_{farewell}
    {
        done_ = std::async(std::launch::async, [this] {
            const base::Status status = TlsPump{std::move(session_), ends_.other.get(), farewell_}.run();
            ends_.other.reset();
            return why(status);
        });
    }
    int mine() const { return ends_.one.get(); }
    void close() { ends_.one.reset(); }
    std::string result() { return done_.get(); }

private:
    TlsSession session_;
    Ends ends_;
    milliseconds farewell_;
    std::future<std::string> done_;
};

class Pump : public TwoHosts {
protected:
    Pump()
    {
        auto [source, target] = meet();
        EXPECT_TRUE(source && target) << why(source) << "; " << why(target);
        source_session.emplace(std::move(*source));
        target_session.emplace(std::move(*target));
    }

    std::optional<TlsSession> source_session;
    std::optional<TlsSession> target_session;
};

std::string bytes_of(std::size_t size, unsigned seed)
{
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        seed = seed * 1'664'525 + 1'013'904'223;
        byte = static_cast<char>(seed >> 24);
    }
    return bytes;
}

// Returns how many bytes were taken until there was an error or, if it may not wait, no room.
std::size_t write_all(int fd, std::string_view bytes, int flags = 0)
{
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | flags);
        if (count < 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

// To the end, or as many.
std::string read_all(int fd, std::size_t most = SIZE_MAX)
{
    std::string text;
    std::array<char, 65536> buffer{};
    for (ssize_t count = 1; count > 0 && text.size() < most;) {
        count = ::read(fd, buffer.data(), std::min(buffer.size(), most - text.size()));
        text.append(buffer.data(), static_cast<std::size_t>(std::max(count, ssize_t{0})));
    }
    return text;
}

TEST_F(Pump, CarriesBothWaysAtOnceAndEndsOneByOne)
{
    Pumping source{std::move(*source_session)};
    Pumping target{std::move(*target_session)};
    const std::string there = bytes_of(5'000'001, 1);
    const std::string back = bytes_of(3'000'017, 2);
    auto writes_there = std::async(std::launch::async, [&] {
        write_all(source.mine(), there);
        ::shutdown(source.mine(), SHUT_WR);
    });
    auto writes_back = std::async(std::launch::async, [&] { write_all(target.mine(), back); });
    auto reads_back = std::async(std::launch::async, [&] { return read_all(source.mine(), back.size()); });
    EXPECT_TRUE(read_all(target.mine()) == there); // to the end
    EXPECT_TRUE(reads_back.get() == back);
    writes_back.get();
    ASSERT_EQ(write_all(target.mine(), "still here"), 10U);
    EXPECT_EQ(read_all(source.mine(), 10), "still here");
    target.close();
    EXPECT_EQ(read_all(source.mine()), "");
    EXPECT_EQ(source.result(), "nothing");
    EXPECT_EQ(target.result(), "nothing");
}

TEST_F(Pump, AMessageDoesNotWaitForMore)
{
    Pumping source{std::move(*source_session)};
    Pumping target{std::move(*target_session)};
    for (int round = 0; round < 300; ++round) {
        ASSERT_EQ(write_all(source.mine(), "?"), 1U);
        ASSERT_EQ(read_all(target.mine(), 1), "?");
        ASSERT_EQ(write_all(target.mine(), "!"), 1U);
        ASSERT_EQ(read_all(source.mine(), 1), "!");
    }
    source.close();
    target.close();
    EXPECT_EQ(source.result(), "nothing");
    EXPECT_EQ(target.result(), "nothing");
}

// The buffers of four sockets and two pumps are what lies between.
TEST_F(Pump, WhoDoesNotReadStopsWhoWrites)
{
    Pumping source{std::move(*source_session)};
    Pumping target{std::move(*target_session)};
    const std::string bytes = bytes_of(16u << 20, 3);
    std::size_t taken = 0;
    for (int calm = 0; calm < 20 && taken < bytes.size(); ++calm) {
        const std::size_t more = write_all(source.mine(), std::string_view{bytes}.substr(taken), MSG_DONTWAIT);
        calm = more == 0 ? calm : 0;
        taken += more;
        pollfd room{.fd = source.mine(), .events = POLLOUT, .revents = 0};
        ::poll(&room, 1, 10);
    }
    EXPECT_LT(taken, 8u << 20);
    // Nothing was lost of it.
    auto rest = std::async(std::launch::async, [&] {
        write_all(source.mine(), std::string_view{bytes}.substr(taken));
        source.close();
    });
    EXPECT_TRUE(read_all(target.mine()) == bytes);
    rest.get();
    target.close();
    EXPECT_EQ(source.result(), "nothing");
    EXPECT_EQ(target.result(), "nothing");
}

TEST_F(Pump, TellsACutFromAnEnd)
{
    Pumping target{std::move(*target_session)};
    const std::array<std::uint8_t, 5> hello{'h', 'e', 'l', 'l', 'o'};
    ASSERT_TRUE(source_session->send(hello).has_value());
    source_session.reset();
    EXPECT_EQ(read_all(target.mine()), "hello");
    EXPECT_EQ(target.result(), "the connection was cut: the source has not said that it ends");
}

TEST_F(Pump, WhatNobodyReadsIsDropped)
{
    Pumping source{std::move(*source_session)};
    Pumping target{std::move(*target_session)};
    source.close();
    EXPECT_EQ(read_all(target.mine()), "");
    EXPECT_EQ(write_all(target.mine(), bytes_of(4u << 20, 4)), 4u << 20);
    target.close();
    EXPECT_EQ(source.result(), "nothing");
    EXPECT_EQ(target.result(), "nothing");
}

TEST_F(Pump, DoesNotWaitForeverForAnEnd)
{
    Pumping source{std::move(*source_session), milliseconds{20}};
    source.close();
    EXPECT_EQ(source.result(), "the other end of the connection has not ended in time");
}

// --- In a process of its own ---

class Relay : public TwoHosts {
protected:
    // A host that `role` says, and a peer in another process that gives back what it gets, or hangs up after it.
    enum class Peer { GivesBack, Cuts };
    base::Result<TlsRelay> start(const Directory& peer, Peer what)
    {
        Ends ends = make_ends();
        auto started = Carrier::start("the peer", [&] {
            ends.one.reset();
            Session session = open(peer, TlsRole::Target, std::move(ends.other), "");
            std::array<std::uint8_t, TlsSession::kRecord> buffer{};
            while (session && what == Peer::GivesBack) {
                pollfd waiting{.fd = session->fd(), .events = POLLIN, .revents = 0};
                ::poll(&waiting, 1, -1);
                const auto count = session->receive(buffer);
                if (!count || count->value_or(1) == 0) {
                    static_cast<void>(session->say_farewell());
                    break;
                }
                static_cast<void>(session->send(std::span{buffer}.first(count->value_or(0))));
            }
        });
        peer_.emplace(std::move(*started));
        auto credentials = TlsCredentials::load(source_.path(), TlsRole::Source);
        return TlsRelay::start(std::move(*credentials), std::move(ends.one), "target.example", interrupts_);
    }

private:
    std::optional<Carrier> peer_;
    const base::Interrupts interrupts_;
};

TEST_F(Relay, CarriesAConnection)
{
    auto relay = start(target_, Peer::GivesBack);
    ASSERT_TRUE(relay) << why(relay);
    base::Fd socket = relay->take_socket();
    ASSERT_EQ(write_all(socket.get(), "hello"), 5U);
    EXPECT_EQ(read_all(socket.get(), 5), "hello");
    ::shutdown(socket.get(), SHUT_WR);
    EXPECT_EQ(read_all(socket.get()), "");
    EXPECT_EQ(relay->explain(base::Error{"it has broken"}).message(), "it has broken");
}

TEST_F(Relay, SaysWhyAConnectionCannotBe)
{
    const Directory other{authority_, TlsRole::Target, *authority_.issue({.hosts = {"other.example"}})};
    EXPECT_EQ(why(start(other, Peer::GivesBack)),
              "the certificate of the target does not hold: it is for another host");
}

TEST_F(Relay, SaysWhyAConnectionHasBroken)
{
    auto relay = start(target_, Peer::Cuts);
    ASSERT_TRUE(relay) << why(relay);
    const base::Fd socket = relay->take_socket();
    EXPECT_EQ(read_all(socket.get()), "");
    EXPECT_EQ(relay->explain(base::Error{"it has broken"}).message(),
              "it has broken: the connection was cut: the target has not said that it ends");
}

} // namespace

} // namespace windsor::transport::testing
