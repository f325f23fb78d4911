// SPDX-License-Identifier: GPL-2.0-or-later
// A guest of which only its frames are real, behind a NAT that uses the host's sockets.
#include "network/nat.hpp"

#include "backend/frame.hpp"
#include "network/nat_plan.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace windsor::network {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 6> kMac{0x00, 0x16, 0x3e, 0x01, 0x02, 0x03};
constexpr std::uint8_t kUdp = 17;

void put16(Bytes& to, unsigned value)
{
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes& to, std::span<const std::uint8_t> bytes)
{
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void put(Bytes& to, in_addr address)
{
    const std::uint32_t value = ntohl(address.s_addr);
    put16(to, value >> 16);
    put16(to, value & 0xffff);
}

// A socket of the host's on a port of 127.0.0.1, or of ::1.
struct HostSocket {
    explicit HostSocket(int type, int family = AF_INET) : fd{::socket(family, type, 0)}
    {
        sockaddr_in6 at{};
        at.sin6_family = static_cast<sa_family_t>(family);
        at.sin6_addr = in6addr_loopback;
        auto* const address = static_cast<sockaddr*>(static_cast<void*>(&at));
        if (family == AF_INET) {
            static_cast<sockaddr_in*>(static_cast<void*>(&at))->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }
        socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof at;
        EXPECT_EQ(::bind(fd.get(), address, size), 0);
        EXPECT_EQ(::getsockname(fd.get(), address, &size), 0);
        port = ntohs(at.sin6_port); // which is where it is in the other
    }
    base::Fd fd;
    std::uint16_t port{0};
};

bool has_ipv6()
{
    const base::Fd socket{::socket(AF_INET6, SOCK_DGRAM, 0)};
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    return ::bind(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&at)), sizeof at) == 0;
}

class NatTest : public testing::Test {
protected:
    void begin(const NatOptions& options)
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        guest_.reset(ends[0]);
        auto nat = Nat::create(options, base::Fd{ends[1]});
        ASSERT_TRUE(nat) << nat.error().message();
        networks_.push_back(*std::move(nat));
        std::array<int, 2> life{-1, -1};
        ASSERT_EQ(::pipe2(life.data(), O_CLOEXEC), 0);
        life_.reset(life[0]);
        own_life_.reset(life[1]);
        server_ = std::thread{[this] { serve(networks_, nullptr, life_, [] {}); }};
    }
    void end()
    {
        own_life_.reset();
        if (server_.joinable()) {
            server_.join();
        }
        networks_.clear();
    }
    void TearDown() override { end(); }

    void say(const Bytes& frame) const
    {
        ASSERT_EQ(::send(guest_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }
    // The next frame of that EtherType; empty if none comes.
    Bytes hear(unsigned type, int timeout = 5000) const
    {
        for (;;) {
            pollfd readable{guest_.get(), POLLIN, 0};
            if (::poll(&readable, 1, timeout) != 1) {
                return {};
            }
            Bytes frame(65536);
            const ssize_t size = ::recv(guest_.get(), frame.data(), frame.size(), 0);
            frame.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
            if (frame.size() < 14 || (frame[12] << 8 | frame[13]) == static_cast<int>(type)) {
                return frame;
            }
        }
    }
    static Bytes ethernet(unsigned type)
    {
        Bytes frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        put(frame, kMac);
        put16(frame, type);
        return frame;
    }
    // RFC 826: who has `address`?
    static Bytes arp(in_addr address)
    {
        Bytes frame = ethernet(0x0806);
        put(frame, std::array<std::uint8_t, 8>{0, 1, 8, 0, 6, 4, 0, 1});
        put(frame, kMac);
        put(frame, kNatGuest);
        put(frame, std::array<std::uint8_t, 6>{});
        put(frame, address);
        return frame;
    }
    // RFC 791 and 768, without the checksum that UDP may leave out.
    static Bytes udp(in_addr to, std::uint16_t port, std::string_view text)
    {
        Bytes header{0x45, 0};
        put16(header, static_cast<unsigned>(28 + text.size()));
        put(header, std::array<std::uint8_t, 6>{0, 1, 0, 0, 64, kUdp});
        put16(header, 0);
        put(header, kNatGuest);
        put(header, to);
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < header.size(); i += 2) {
            sum += static_cast<std::uint32_t>(header[i] << 8 | header[i + 1]);
        }
        sum = (sum & 0xffff) + (sum >> 16);
        sum = ~(sum + (sum >> 16)) & 0xffff;
        header[10] = static_cast<std::uint8_t>(sum >> 8);
        header[11] = static_cast<std::uint8_t>(sum);
        Bytes frame = ethernet(0x0800);
        put(frame, header);
        put16(frame, 4000);
        put16(frame, port);
        put16(frame, static_cast<unsigned>(8 + text.size()));
        put16(frame, 0);
        frame.insert(frame.end(), text.begin(), text.end());
        return frame;
    }
    // RFC 8200, from an address of the network fec0::/64 that the guest may have made up.
    static Bytes udp6(const in6_addr& to, std::uint16_t port, std::string_view text)
    {
        Bytes addresses{0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x15};
        put(addresses, to.s6_addr);
        Bytes datagram;
        put16(datagram, 4000);
        put16(datagram, port);
        put16(datagram, static_cast<unsigned>(8 + text.size()));
        put16(datagram, 0);
        datagram.insert(datagram.end(), text.begin(), text.end());
        const std::uint32_t pseudo =
            backend::internet_sum(addresses) + kUdp + static_cast<std::uint32_t>(datagram.size());
        const unsigned checksum = ~backend::internet_sum(datagram, pseudo) & 0xffffU;
        datagram[6] = static_cast<std::uint8_t>(checksum >> 8);
        datagram[7] = static_cast<std::uint8_t>(checksum);
        Bytes frame = ethernet(0x86dd);
        put(frame, std::array<std::uint8_t, 4>{0x60});
        put16(frame, static_cast<unsigned>(datagram.size()));
        put(frame, std::array<std::uint8_t, 2>{kUdp, 64});
        put(frame, addresses);
        put(frame, datagram);
        return frame;
    }
    // The same datagram in fragments of that many bytes of data, a multiple of eight.
    static std::vector<Bytes> fragments(const Bytes& whole, std::size_t size)
    {
        constexpr std::size_t kData = 34;
        std::vector<Bytes> all;
        for (std::size_t at = kData; at < whole.size(); at += size) {
            const std::size_t end = std::min(at + size, whole.size());
            Bytes frame(whole.begin(), whole.begin() + kData);
            Bytes fields;
            put16(fields, static_cast<unsigned>(20 + end - at));
            put16(fields, 7);
            put16(fields, static_cast<unsigned>((end < whole.size() ? 0x2000 : 0) | (at - kData) / 8));
            std::ranges::copy(fields, frame.begin() + 16);
            frame[24] = frame[25] = 0;
            const unsigned checksum = backend::internet_checksum(std::span{frame}.subspan(14, 20));
            frame[24] = static_cast<std::uint8_t>(checksum >> 8);
            frame[25] = static_cast<std::uint8_t>(checksum);
            frame.insert(frame.end(), whole.begin() + static_cast<std::ptrdiff_t>(at),
                         whole.begin() + static_cast<std::ptrdiff_t>(end));
            all.push_back(std::move(frame));
        }
        return all;
    }
    static std::string received(const HostSocket& socket, int timeout = 5000)
    {
        pollfd readable{socket.fd.get(), POLLIN, 0};
        if (::poll(&readable, 1, timeout) != 1) {
            return "nothing";
        }
        std::array<char, 10'000> text{};
        const ssize_t size = ::recv(socket.fd.get(), text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    std::vector<std::unique_ptr<Nat>> networks_;
    base::Fd guest_;
    base::Fd life_;
    base::Fd own_life_;
    std::thread server_;
};

TEST_F(NatTest, TheGatewayIsThere)
{
    begin({});
    say(arp(kNatGateway));
    const Bytes answer = hear(0x0806);
    ASSERT_GE(answer.size(), 42U);
    EXPECT_EQ(answer[21], 2) << "a reply";
    EXPECT_TRUE(std::equal(kMac.begin(), kMac.end(), answer.begin()));
}

TEST_F(NatTest, TheHostsOwnServicesAreReachedWhereThatIsAllowed)
{
    const HostSocket service{SOCK_DGRAM};
    begin({.host = HostServices::Reachable});
    say(arp(kNatGateway));
    ASSERT_FALSE(hear(0x0806).empty());
    say(udp(kNatGateway, service.port, "hello"));
    EXPECT_EQ(received(service), "hello");
}

TEST_F(NatTest, AndNotWhereItIsNot)
{
    const HostSocket service{SOCK_DGRAM};
    begin({});
    say(arp(kNatGateway));
    ASSERT_FALSE(hear(0x0806).empty());
    for (const in_addr to : {kNatGateway, address(127, 0, 0, 1), address(127, 1, 2, 3), address(0, 0, 0, 0)}) {
        say(udp(to, service.port, "hello"));
        say(arp(kNatGateway)); // is answered behind it
        ASSERT_FALSE(hear(0x0806).empty());
        EXPECT_EQ(received(service, 0), "nothing") << ::inet_ntoa(to);
    }
}

TEST_F(NatTest, NorByIpv6)
{
    if (!has_ipv6()) {
        GTEST_SKIP() << "the host has no IPv6";
    }
    const auto address_of = [](const char* text) {
        in6_addr address{};
        EXPECT_EQ(::inet_pton(AF_INET6, text, &address), 1) << text;
        return address;
    };
    for (const HostServices host : {HostServices::Reachable, HostServices::Hidden}) {
        const HostSocket service{SOCK_DGRAM};
        const HostSocket service6{SOCK_DGRAM, AF_INET6};
        begin({.host = host});
        say(arp(kNatGateway));
        ASSERT_FALSE(hear(0x0806).empty());
        const auto reach = [&](const char* to, const HostSocket& at, bool reached) {
            say(udp6(address_of(to), at.port, "hello"));
            say(arp(kNatGateway)); // is answered behind it
            ASSERT_FALSE(hear(0x0806).empty());
            EXPECT_EQ(received(at, reached ? 5000 : 0), reached ? "hello" : "nothing") << to;
        };
        for (const char* const to : {"fec0::7", "ff02::1"}) { // what libslirp takes for the gateway's
            reach(to, service6, host == HostServices::Reachable);
        }
        for (const char* const to : {"::1", "::", "fec0::3"}) {
            reach(to, service6, false);
        }
        for (const char* const to : {"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:0"}) {
            reach(to, service, false);
        }
        end();
    }
}

// By their own addresses the host's services are nobody's, whatever is allowed.
TEST_F(NatTest, LoopBackAddressesAreTheGuestsOwn)
{
    const HostSocket service{SOCK_DGRAM};
    begin({.host = HostServices::Reachable});
    say(udp(address(127, 0, 0, 1), service.port, "hello"));
    say(arp(kNatGateway));
    ASSERT_FALSE(hear(0x0806).empty());
    EXPECT_EQ(received(service, 0), "nothing");
}

TEST_F(NatTest, FragmentsReachTheWorldInWhateverOrderTheyCome)
{
    const HostSocket service{SOCK_DGRAM};
    begin({.host = HostServices::Reachable});
    say(arp(kNatGateway));
    ASSERT_FALSE(hear(0x0806).empty());
    std::string text(5000, ' ');
    std::ranges::generate(text, [i = 0]() mutable { return static_cast<char>('a' + i++ % 26); });
    std::vector<Bytes> all = fragments(udp(kNatGateway, service.port, text), 1480);
    ASSERT_EQ(all.size(), 4U);
    for (int order = 0; order < 2; ++order) {
        std::ranges::for_each(all, [this](const Bytes& frame) { say(frame); });
        EXPECT_EQ(received(service), text);
        std::ranges::reverse(all);
    }
    for (const Bytes& frame : all) { // without the others
        say(frame);
        say(arp(kNatGateway));
        ASSERT_FALSE(hear(0x0806).empty());
    }
}

TEST_F(NatTest, AForwardedPortLeadsToTheGuest)
{
    const std::uint16_t port = HostSocket{SOCK_DGRAM}.port;
    begin({.forwards = {{.transport = Transport::Udp,
                         .host = address(127, 0, 0, 1),
                         .host_port = port,
                         .guest = kNatGuest,
                         .guest_port = 99}}});
    say(arp(kNatGateway)); // so that it knows where the guest is
    ASSERT_FALSE(hear(0x0806).empty());
    const HostSocket client{SOCK_DGRAM};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    ASSERT_EQ(
        ::sendto(client.fd.get(), "hi", 2, 0, static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to),
        2);
    const Bytes frame = hear(0x0800);
    ASSERT_GE(frame.size(), 44U);
    EXPECT_EQ(frame[23], kUdp);
    EXPECT_EQ(frame[36] << 8 | frame[37], 99);
    EXPECT_EQ(frame[42], 'h');
}

// Whoever connects from outside leaves the guest's own connections some descriptors, and the process does not try over
// and over to take in whom it has none for.
TEST_F(NatTest, AForwardedPortDoesNotTakeAllConnections)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    constexpr unsigned kTries = 900;
    if (limit.rlim_max < 4 * kTries) {
        GTEST_SKIP() << "so many descriptors are not allowed here";
    }
    const rlimit more{.rlim_cur = 4 * kTries, .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &more), 0);
    const std::uint16_t port = HostSocket{SOCK_STREAM}.port;
    begin({.forwards = {{.host = address(127, 0, 0, 1), .host_port = port, .guest = kNatGuest, .guest_port = 80}}});
    say(arp(kNatGateway));
    ASSERT_FALSE(hear(0x0806).empty());
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    std::vector<base::Fd> clients;
    unsigned connected = 0;
    for (unsigned failures = 0; clients.size() < kTries && failures < 10;) {
        clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        static_cast<void>(
            ::connect(clients.back().get(), static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to));
        pollfd writable{clients.back().get(), POLLOUT, 0};
        const bool done = ::poll(&writable, 1, 100) == 1 && writable.revents == POLLOUT;
        connected += done ? 1 : 0;
        failures = done ? 0 : failures + 1;
    }
    EXPECT_GT(connected, 500U);
    EXPECT_LT(connected, 800U);
    say(arp(kNatGateway));
    EXPECT_FALSE(hear(0x0806).empty());
    end();
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// A process that serves it keeps these open, and closes all others.
TEST_F(NatTest, TellsWhatItHasOpen)
{
    const std::uint16_t port = HostSocket{SOCK_STREAM}.port;
    const HostForward tcp{
        .host = address(127, 0, 0, 1), .host_port = port, .guest = kNatGuest, .guest_port = 80};
    HostForward udp = tcp;
    udp.transport = Transport::Udp;
    begin({.forwards = {tcp, udp}});
    own_life_.reset();
    server_.join();
    unsigned listening = 0;
    unsigned datagrams = 0;
    for (const int fd : networks_.front()->descriptors()) {
        sockaddr_in at{};
        socklen_t size = sizeof at;
        if (::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&at)), &size) == 0 &&
            at.sin_family == AF_INET && at.sin_port == htons(port)) {
            int listens = 0;
            size = sizeof listens;
            ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
            (listens != 0 ? listening : datagrams) += 1;
        }
    }
    EXPECT_EQ(listening, 1U);
    EXPECT_EQ(datagrams, 1U);
}

TEST_F(NatTest, APortThatIsTakenIsSaid)
{
    const HostSocket taken{SOCK_STREAM};
    ASSERT_EQ(::listen(taken.fd.get(), 1), 0);
    const auto nat = Nat::create(
        {.forwards = {{.host = address(127, 0, 0, 1), .host_port = taken.port, .guest = kNatGuest, .guest_port = 80}}},
        base::Fd{});
    ASSERT_FALSE(nat);
    EXPECT_THAT(nat.error().message(), testing::HasSubstr("cannot forward tcp 127.0.0.1:"));
    EXPECT_THAT(nat.error().message(), testing::HasSubstr("Address already in use"));
}

TEST_F(NatTest, NonsenseDoesNoHarm)
{
    begin({});
    Bytes noise(1500);
    for (unsigned round = 0; round < 2000; ++round) {
        Bytes frame = ethernet(round % 3 == 0 ? 0x0806 : round % 3 == 1 ? 0x0800 : 0x86dd);
        for (std::size_t i = 0; i < round % 100; ++i) {
            frame.push_back(static_cast<std::uint8_t>(round * 31 + i * 7));
        }
        static_cast<void>(::send(guest_.get(), frame.data(), frame.size(), MSG_DONTWAIT));
    }
    while (::send(guest_.get(), noise.data(), noise.size(), MSG_DONTWAIT) < 0) {
        ::usleep(1000);
    }
    say(arp(kNatGateway));
    EXPECT_FALSE(hear(0x0806).empty());
}

TEST_F(NatTest, EndsWithItsGuest)
{
    begin({});
    guest_.reset();
    server_.join();
    EXPECT_FALSE(networks_.front()->connected());
}

} // namespace
} // namespace windsor::network
