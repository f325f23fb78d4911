// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/guest_addresses.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::network {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Frame = std::vector<std::uint8_t>;
using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 6> kCard{0x00, 0x16, 0x3e, 0x11, 0x22, 0x33};
constexpr V6 kLinkLocal{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x16, 0x3e, 0xff, 0xfe, 0x11, 0x22, 0x33};

void add(Frame& frame, std::span<const std::uint8_t> bytes)
{
    frame.insert(frame.end(), bytes.begin(), bytes.end());
}

Frame header(std::uint16_t type)
{
    Frame frame(6, 0xff);
    add(frame, kCard);
    frame.push_back(static_cast<std::uint8_t>(type >> 8));
    frame.push_back(static_cast<std::uint8_t>(type));
    return frame;
}

// RFC 826; the operation is 1 for a request and 2 for a reply.
Frame arp(const V4& sender, std::uint8_t operation = 1, std::span<const std::uint8_t> mac = kCard)
{
    Frame frame = header(0x0806);
    add(frame, std::array<std::uint8_t, 8>{0, 1, 8, 0, 6, 4, 0, operation});
    add(frame, mac);
    add(frame, sender);
    frame.resize(frame.size() + 10);
    return frame;
}

Frame v4(const V4& source)
{
    Frame frame = header(0x0800);
    frame.push_back(0x45);
    frame.resize(frame.size() + 11);
    add(frame, source);
    frame.resize(frame.size() + 4 + 8);
    return frame;
}

// Of ICMPv6, with its type.
Frame v6(const V6& source, std::uint8_t type = 128, std::uint8_t hop_limit = 255)
{
    Frame frame = header(0x86dd);
    frame.push_back(0x60);
    frame.resize(frame.size() + 5);
    frame.push_back(58);
    frame.push_back(hop_limit);
    add(frame, source);
    frame.resize(frame.size() + 16);
    frame.push_back(type);
    frame.resize(frame.size() + 23);
    return frame;
}

Frame tagged(Frame frame)
{
    constexpr std::array<std::uint8_t, 4> kTag{0x81, 0x00, 0x00, 0x05};
    frame.insert(frame.begin() + 12, kTag.begin(), kTag.end());
    return frame;
}

std::string seen(const Frame& frame)
{
    const auto sighting = sender_of(frame);
    if (!sighting) {
        return "";
    }
    return (sighting->evidence == Evidence::Claimed ? "claimed " : "used ") + to_string(sighting->address);
}

std::vector<std::string> texts(const GuestAddresses& addresses)
{
    std::vector<std::string> texts;
    std::ranges::transform(addresses.all(), std::back_inserter(texts), [](const auto& one) { return to_string(one); });
    return texts;
}

TEST(GuestAddresses, AreThoseOfSenders)
{
    EXPECT_EQ(seen(arp({10, 0, 2, 15})), "claimed 10.0.2.15");
    EXPECT_EQ(seen(arp({10, 0, 2, 15}, 2)), "claimed 10.0.2.15");
    EXPECT_EQ(seen(v4({192, 168, 1, 9})), "used 192.168.1.9");
    EXPECT_EQ(seen(v6(kLinkLocal)), "used fe80::216:3eff:fe11:2233");
    for (std::uint8_t type = 133; type <= 136; ++type) {
        EXPECT_EQ(seen(v6(kLinkLocal, type)), "claimed fe80::216:3eff:fe11:2233") << int{type};
    }
    EXPECT_EQ(seen(v6(kLinkLocal, 135, 64)), "used fe80::216:3eff:fe11:2233") << "a router may have passed it on";
    EXPECT_EQ(seen(tagged(arp({10, 0, 2, 15}))), "claimed 10.0.2.15");
    EXPECT_EQ(seen(tagged(v6(kLinkLocal))), "used fe80::216:3eff:fe11:2233");
}

TEST(GuestAddresses, AreSuchAsOneStationCanHave)
{
    for (const V4& none : {V4{0, 0, 0, 0}, V4{127, 0, 0, 1}, V4{224, 0, 0, 1}, V4{239, 1, 1, 1}, V4{255, 255, 255, 255},
                           V4{240, 0, 0, 1}}) {
        EXPECT_EQ(seen(v4(none)), "") << int{none[0]};
        EXPECT_EQ(seen(arp(none)), "") << int{none[0]};
    }
    V6 loop_back{};
    EXPECT_EQ(seen(v6(loop_back)), "") << "no address yet, as in duplicate address detection";
    loop_back[15] = 1;
    EXPECT_EQ(seen(v6(loop_back)), "");
    V6 mapped{};
    mapped[10] = mapped[11] = 0xff;
    mapped[12] = 10;
    EXPECT_EQ(seen(v6(mapped)), "");
    V6 group = kLinkLocal;
    group[0] = 0xff;
    EXPECT_EQ(seen(v6(group)), "");
}

TEST(GuestAddresses, AreNoneOfWhatArpSaysOfOthers)
{
    constexpr std::array<std::uint8_t, 6> kOther{0x00, 0x16, 0x3e, 1, 2, 3};
    EXPECT_EQ(seen(arp({10, 0, 2, 15}, 1, kOther)), "");
    EXPECT_EQ(seen(arp({10, 0, 2, 15}, 3)), "") << "reverse ARP";
    for (std::size_t at = 14; at < 20; ++at) { // kinds and lengths of both addresses
        Frame frame = arp({10, 0, 2, 15});
        ++frame[at];
        EXPECT_EQ(seen(frame), "") << at;
    }
}

TEST(GuestAddresses, AreNotReadBeyondAFramesEnd)
{
    for (const Frame& whole : {arp({10, 0, 2, 15}), v4({10, 0, 2, 15}), v6(kLinkLocal, 136), tagged(v6(kLinkLocal))}) {
        std::size_t least = 0;
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const Frame cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
            least = seen(cut).empty() ? size + 1 : least;
        }
        EXPECT_GE(least, 14U + 20U);
        EXPECT_LE(least, whole.size());
    }
    Frame other_version = v4({10, 0, 2, 15});
    other_version[14] = 0x65;
    EXPECT_EQ(seen(other_version), "");
    other_version = v6(kLinkLocal);
    other_version[14] = 0x40;
    EXPECT_EQ(seen(other_version), "");
}

TEST(GuestAddresses, AreListedClaimedOnesAndNewestFirst)
{
    GuestAddresses addresses;
    EXPECT_THAT(texts(addresses), IsEmpty());
    addresses.note(v4({10, 0, 0, 1}));
    addresses.note(v4({10, 0, 0, 2}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.0.2", "10.0.0.1"));
    addresses.note(v4({10, 0, 0, 1}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.0.1", "10.0.0.2"));
    addresses.note(arp({10, 0, 0, 3}));
    addresses.note(v4({10, 0, 0, 2}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.0.3", "10.0.0.2", "10.0.0.1"));
    addresses.note(arp({10, 0, 0, 1}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.0.1", "10.0.0.3", "10.0.0.2"));
    addresses.note(v4({10, 0, 0, 3}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.0.3", "10.0.0.1", "10.0.0.2")) << "what was claimed stays so";
}

TEST(GuestAddresses, AreNoMoreThanAFewHoweverManyThereAre)
{
    GuestAddresses addresses;
    addresses.note(arp({192, 168, 0, 1}));
    for (unsigned i = 0; i < 1000; ++i) { // as a router sends, or a guest that means harm
        addresses.note(v4({10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}));
    }
    std::vector<std::string> all = texts(addresses);
    ASSERT_EQ(all.size(), GuestAddresses::kMost);
    EXPECT_EQ(all[0], "192.168.0.1") << "no packet has it forgotten";
    EXPECT_EQ(all[1], "10.1.3.231");
    EXPECT_EQ(all[7], "10.1.3.225");
    for (std::uint8_t i = 1; i <= 20; ++i) {
        addresses.note(arp({192, 168, 1, i}));
    }
    addresses.note(v4({10, 1, 1, 1}));
    all = texts(addresses);
    ASSERT_EQ(all.size(), GuestAddresses::kMost);
    EXPECT_EQ(all[0], "192.168.1.20");
    EXPECT_EQ(all[7], "192.168.1.13");
}

// From a DHCP server: a message of that type that grants 10.0.2.15 to the card.
Frame grant(std::uint8_t type)
{
    Frame frame = v4({10, 0, 2, 2});
    frame.resize(14 + 20);
    frame[14 + 9] = 17;
    add(frame, std::array<std::uint8_t, 8>{0, 67, 0, 68, 0, 0, 0, 0});
    const std::size_t message = frame.size();
    frame.resize(message + 236);
    frame[message] = 2;
    frame[message + 1] = 1;
    frame[message + 2] = 6;
    std::ranges::copy(V4{10, 0, 2, 15}, frame.begin() + static_cast<std::ptrdiff_t>(message) + 16);
    std::ranges::copy(kCard, frame.begin() + static_cast<std::ptrdiff_t>(message) + 28);
    add(frame, std::array<std::uint8_t, 15>{99, 130, 83, 99, 0, 1, 4, 255, 255, 255, 0, 53, 1, type, 255});
    return frame;
}

TEST(GuestAddresses, AreThoseThatDhcpHasGranted)
{
    constexpr std::uint8_t kAck = 5;
    const auto granted = granted_by(grant(kAck), kCard);
    ASSERT_TRUE(granted);
    EXPECT_EQ(to_string(*granted), "10.0.2.15");
    EXPECT_TRUE(granted_by(tagged(grant(kAck)), kCard));
    for (const std::uint8_t other : std::to_array<std::uint8_t>({0, 2, 4, 6})) { // an offer, a refusal
        EXPECT_FALSE(granted_by(grant(other), kCard)) << int{other};
    }
    EXPECT_FALSE(granted_by(grant(kAck), {1, 2, 3, 4, 5, 6})) << "somebody else's";
    constexpr std::array<std::size_t, 12> kNeeded{12, 14, 14 + 6, 14 + 9,  35,       37,
                                                  42, 43, 44,     42 + 28, 42 + 236, 42 + 251 - 4};
    for (const std::size_t at : kNeeded) {
        Frame frame = grant(kAck);
        frame[at] ^= 0x11;
        EXPECT_FALSE(granted_by(frame, kCard)) << at;
    }
    const Frame whole = grant(kAck);
    for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
        EXPECT_FALSE(granted_by(std::span{whole}.first(size), kCard)) << size;
    }
    Frame loop_back = grant(kAck);
    loop_back[42 + 16] = 127;
    EXPECT_FALSE(granted_by(loop_back, kCard));
}

TEST(GuestAddresses, AreGrantedToWhoHasSent)
{
    GuestAddresses addresses;
    addresses.note_received(grant(5));
    EXPECT_THAT(texts(addresses), IsEmpty());
    addresses.note(header(0x88b5));
    addresses.note_received(arp({10, 0, 2, 2}));
    EXPECT_THAT(texts(addresses), IsEmpty()) << "what others send is theirs";
    addresses.note_received(grant(5));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.2.15"));
    addresses.note(arp({10, 0, 2, 16}));
    EXPECT_THAT(texts(addresses), ElementsAre("10.0.2.16", "10.0.2.15"));
}

} // namespace
} // namespace windsor::network
