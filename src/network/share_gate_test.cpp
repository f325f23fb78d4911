// SPDX-License-Identifier: GPL-2.0-or-later
// A guest of which only its frames are real, and a stranger on the same host, at the gate to shared folders.
#include "network/share_gate.hpp"

#include "backend/frame.hpp"
#include "base/descriptor_message.hpp"
#include "network/nat.hpp"
#include "network/nat_plan.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace windsor::network {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 6> kMac{0x00, 0x16, 0x3e, 0x01, 0x02, 0x03};
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kSynAck = 0x12;

base::Fd pair_with(base::Fd& other, int type)
{
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    other.reset(ends[1]);
    return base::Fd{ends[0]};
}

bool readable(int fd, int timeout)
{
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, timeout) == 1;
}

class ShareGateTest : public testing::Test {
protected:
    void SetUp() override
    {
        base::Fd frames;
        base::Fd server;
        guest_ = pair_with(frames, SOCK_SEQPACKET);
        served_ = pair_with(server, SOCK_SEQPACKET);
        gate_ = ShareGate::create(std::move(server)).value();
        networks_.push_back(Nat::create({.share = gate_->ports()}, std::move(frames)).value());
        std::array<int, 2> life{-1, -1};
        ASSERT_EQ(::pipe2(life.data(), O_CLOEXEC), 0);
        life_.reset(life[0]);
        own_life_.reset(life[1]);
        server_ = std::thread{[this] { serve(networks_, gate_.get(), life_, [] {}); }};
    }
    void TearDown() override
    {
        own_life_.reset();
        server_.join();
    }
    static void put16(Bytes& to, unsigned value)
    {
        to.push_back(static_cast<std::uint8_t>(value >> 8));
        to.push_back(static_cast<std::uint8_t>(value));
    }
    static Bytes ethernet(unsigned type)
    {
        Bytes frame(6, 0xff);
        frame.insert(frame.end(), kMac.begin(), kMac.end());
        put16(frame, type);
        return frame;
    }
    // RFC 826: who has 10.0.2.4?
    static Bytes arp()
    {
        Bytes frame = ethernet(0x0806);
        for (const unsigned word :
             {1u, 0x0800u, 0x0604u, 1u, 0x0016u, 0x3e01u, 0x0203u, 0x0a00u, 0x020fu, 0u, 0u, 0u, 0x0a00u, 0x0204u}) {
            put16(frame, word);
        }
        return frame;
    }
    // The first segment of a connection to 10.0.2.4 (RFC 9293, 3.5).
    static Bytes syn(unsigned port)
    {
        Bytes frame = ethernet(0x0800);
        for (const unsigned word : {0x4500u, 40u,  1u, 0u, 0x4006u, 0u, 0x0a00u,        0x020fu, 0x0a00u, 0x0204u,
                                    1025u,   port, 0u, 7u, 0u,      0u, 0x5000u | kSyn, 8192u,   0u,      0u}) {
            put16(frame, word);
        }
        backend::put_checksums(frame, backend::checksums_of(*backend::ip_packet(frame)));
        return frame;
    }
    void say(const Bytes& frame) const
    {
        ASSERT_EQ(::send(guest_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }
    // The next frame of that EtherType; empty if none comes.
    Bytes hear(unsigned type) const
    {
        while (readable(guest_.get(), 5000)) {
            Bytes frame(65536);
            const ssize_t size = ::recv(guest_.get(), frame.data(), frame.size(), 0);
            frame.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
            if (frame.size() < 14 || (frame[12] << 8 | frame[13]) == static_cast<int>(type)) {
                return frame;
            }
        }
        return {};
    }
    // What has been handed on.
    base::Fd connection(int timeout) const
    {
        base::Fd got;
        std::array<char, 8> word{};
        if (readable(served_.get(), timeout)) {
            EXPECT_EQ(base::receive_with_descriptor(served_.get(), word, got), 1);
        }
        return got;
    }

    base::Fd guest_;
    base::Fd served_;
    std::unique_ptr<ShareGate> gate_;
    std::vector<std::unique_ptr<Nat>> networks_;
    base::Fd life_;
    base::Fd own_life_;
    std::thread server_;
};

TEST_F(ShareGateTest, AnswersAtTheAddressOfShares)
{
    say(arp());
    const Bytes answer = hear(0x0806);
    ASSERT_GE(answer.size(), 42U);
    EXPECT_EQ(answer[21], 2) << "a reply";
}

TEST_F(ShareGateTest, HandsAGuestsConnectionOn)
{
    for (const unsigned port : {445u, 139u}) {
        say(arp());
        ASSERT_FALSE(hear(0x0806).empty());
        say(syn(port));
        const Bytes answer = hear(0x0800);
        ASSERT_GE(answer.size(), 54U);
        EXPECT_EQ(answer[26] << 24 | answer[27] << 16 | answer[28] << 8 | answer[29], 0x0a000204);
        EXPECT_EQ(answer[34] << 8 | answer[35], static_cast<int>(port));
        EXPECT_EQ(answer[47], kSynAck);
        EXPECT_TRUE(backend::transport_checksum_right(answer, *backend::ip_packet(answer)));
        const base::Fd got = connection(5000);
        EXPECT_TRUE(got);
        int domain = 0;
        socklen_t size = sizeof domain;
        EXPECT_EQ(::getsockopt(got.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size), 0);
        EXPECT_EQ(domain, AF_INET);
    }
}

TEST_F(ShareGateTest, SendsAStrangerAway)
{
    for (const std::uint16_t port : {gate_->ports().direct, gate_->ports().session}) {
        const base::Fd stranger{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        ASSERT_EQ(::connect(stranger.get(), static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to), 0);
        std::array<char, 8> bytes{};
        ASSERT_TRUE(readable(stranger.get(), 5000));
        EXPECT_EQ(::recv(stranger.get(), bytes.data(), bytes.size(), 0), 0) << "it is closed";
        EXPECT_FALSE(connection(100));
    }
}

TEST_F(ShareGateTest, OutlivesWhoeverServes)
{
    served_.reset();
    say(arp());
    ASSERT_FALSE(hear(0x0806).empty());
    say(syn(445));
    EXPECT_FALSE(hear(0x0800).empty());
    say(arp());
    EXPECT_FALSE(hear(0x0806).empty());
}

} // namespace
} // namespace windsor::network
