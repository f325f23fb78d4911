// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as frames that a guest sends, most of them with a header that is read on, and holds the list of addresses
// against what it promises.
#include "network/guest_addresses.hpp"

#include "backend/network_link.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace windsor;

// A frame in memory of its own, so that a byte beyond it is told.
std::vector<std::uint8_t> frame_of(std::span<const std::uint8_t> bytes, std::uint8_t how)
{
    std::vector<std::uint8_t> frame{bytes.begin(), bytes.end()};
    constexpr std::array<std::array<std::uint8_t, 2>, 4> kTypes{
        {{0x08, 0x00}, {0x08, 0x06}, {0x86, 0xdd}, {0x81, 0x00}}};
    if ((how & 0x80) != 0 && frame.size() > backend::kFrameHeader) {
        frame[12] = kTypes[how & 3][0];
        frame[13] = kTypes[how & 3][1];
        frame[14] = (how & 3) == 0 ? 0x45 : (how & 3) == 2 ? 0x60 : frame[14];
    }
    if ((how & 0x83) == 0x81 && frame.size() >= 28) { // an ARP packet of the frame's sender
        constexpr std::array<std::uint8_t, 8> kRequest{0, 1, 8, 0, 6, 4, 0, 1};
        std::ranges::copy(kRequest, frame.begin() + 14);
        std::copy_n(frame.begin() + 6, 6, frame.begin() + 22);
    }
    if ((how & 0xc3) == 0xc0 && frame.size() >= 46) { // a message of DHCP's
        constexpr std::array<std::uint8_t, 8> kUdp{0, 67, 0, 68, 0, 0, 0, 0};
        constexpr std::array<std::uint8_t, 4> kCookie{99, 130, 83, 99};
        frame.resize(std::max<std::size_t>(frame.size(), 42 + 240 + (how >> 2 & 0xfU)), how);
        frame[20] = frame[21] = 0;
        frame[23] = 17;
        std::ranges::copy(kUdp, frame.begin() + 34);
        frame[42] = 2;
        frame[43] = 1;
        frame[44] = 6;
        std::copy_n(frame.begin() + 6, 6, frame.begin() + 70);
        std::ranges::copy(kCookie, frame.begin() + 278);
    }
    return frame;
}

bool good(std::span<const network::GuestAddress> all)
{
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool v4 = all[i].network == backend::Network::Ipv4;
        const std::uint8_t first = all[i].bytes[0];
        if ((v4 ? first == 0 || first == 127 || first >= 224 : first == 0xff) || to_string(all[i]).empty() ||
            std::ranges::count(all, all[i]) != 1) {
            return false;
        }
    }
    return all.size() <= network::GuestAddresses::kMost;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::span<const std::uint8_t> input{data, size};
    network::GuestAddresses addresses;
    while (input.size() > 2) {
        const std::uint8_t how = input[0];
        const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
        const std::vector<std::uint8_t> frame = frame_of(input.subspan(2, length), how);
        input = input.subspan(2 + length);
        addresses.note(frame);
        addresses.note_received(frame);
        const auto all = addresses.all();
        const auto sender = network::sender_of(frame);
        if (!good(all) || (sender && sender->evidence == network::Evidence::Claimed &&
                           std::ranges::find(all, sender->address) == all.end())) {
            std::abort();
        }
    }
    return 0;
}
