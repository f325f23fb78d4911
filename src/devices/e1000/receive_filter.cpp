// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/receive_filter.hpp"

#include "backend/network_link.hpp"

#include <algorithm>

namespace windsor::devices::e1000 {

namespace {

constexpr std::size_t kAddress = 6;

bool receive_address_matches(const Registers& registers, std::span<const std::uint8_t> frame)
{
    for (std::size_t entry = 0; entry < kReceiveAddresses; ++entry) {
        const std::uint32_t low = registers.ra[2 * entry];
        const std::uint32_t high = registers.ra[2 * entry + 1];
        const std::size_t at = (high & rah::kSelect) == rah::kSelectSource ? kAddress : 0;
        const bool equal = low == (frame[at] | std::uint32_t{frame[at + 1]} << 8 | std::uint32_t{frame[at + 2]} << 16 |
                                   std::uint32_t{frame[at + 3]} << 24) &&
                           (high & 0xffff) == (frame[at + 4] | std::uint32_t{frame[at + 5]} << 8);
        if ((high & rah::kValid) != 0 && equal) {
            return true;
        }
    }
    return false;
}

// Twelve of the address's last sixteen bits, which RCTL.MO chooses, are the number of a bit in the table.
bool multicast_table_matches(const Registers& registers, std::span<const std::uint8_t> frame)
{
    constexpr std::array<unsigned, 4> kShifts{4, 3, 2, 0};
    const unsigned shift = kShifts[registers.rctl >> rctl::kMulticastShift & 3];
    const unsigned hash = (frame[4] | unsigned{frame[5]} << 8) >> shift & 0xfff;
    return (registers.mta[hash / 32] >> hash % 32 & 1) != 0;
}

Match match_address(const Registers& registers, std::span<const std::uint8_t> frame)
{
    const bool group = (frame[0] & 1) != 0;
    if (receive_address_matches(registers, frame)) {
        return Match::Exact;
    }
    if (is_broadcast(frame) && (registers.rctl & rctl::kBroadcast) != 0) {
        return Match::Exact;
    }
    if (group) {
        const bool promiscuous = (registers.rctl & rctl::kMulticastPromiscuous) != 0;
        return promiscuous || multicast_table_matches(registers, frame) ? Match::Inexact : Match::Rejected;
    }
    return (registers.rctl & rctl::kUnicastPromiscuous) != 0 ? Match::Inexact : Match::Rejected;
}

} // namespace

bool is_broadcast(std::span<const std::uint8_t> frame)
{
    return std::ranges::all_of(frame.first(kAddress), [](std::uint8_t byte) { return byte == 0xff; });
}

bool is_multicast(std::span<const std::uint8_t> frame)
{
    return (frame[0] & 1) != 0 && !is_broadcast(frame);
}

std::optional<std::uint16_t> vlan_tag(const Registers& registers, std::span<const std::uint8_t> frame)
{
    if (frame.size() < backend::kFrameHeader + kVlanTagSize ||
        (unsigned{frame[kTypeOffset]} << 8 | frame[kTypeOffset + 1]) != registers.vet) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(unsigned{frame[kTypeOffset + 2]} << 8 | frame[kTypeOffset + 3]);
}

Match filter(const Registers& registers, std::span<const std::uint8_t> frame)
{
    if ((registers.rctl & rctl::kVlanFilter) != 0) {
        if (const auto tag = vlan_tag(registers, frame)) {
            const unsigned id = *tag & 0xfffU;
            if ((registers.vfta[id / 32] >> id % 32 & 1) == 0) {
                return Match::Rejected;
            }
        }
    }
    return match_address(registers, frame);
}

} // namespace windsor::devices::e1000
