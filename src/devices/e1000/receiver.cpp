// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/receiver.hpp"

#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr std::size_t kLengthOffset = 8; // of what is written back to a descriptor
constexpr std::uint16_t kPauseOperation = 1;
constexpr std::size_t kOperationOffset = backend::kFrameHeader;
constexpr std::size_t kPauseTimeOffset = kOperationOffset + 2;
constexpr std::size_t kUdpChecksum = 6;

std::uint32_t get16(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return std::uint32_t{bytes[at]} << 8 | bytes[at + 1];
}

} // namespace

bool Receiver::acceptable_size(std::size_t octets) const
{
    return octets <= kLongestStandard || (parts_.registers.rctl & (rctl::kLong | rctl::kStoreBad)) != 0;
}

// A pause frame (IEEE 802.3, annex 31B) is counted, and kept from the guest unless it wants to see it. Nothing here
// sends so fast that it had to pause.
bool Receiver::flow_control(std::span<const std::uint8_t> frame)
{
    const Registers& registers = parts_.registers;
    const auto address =
        std::to_array<std::uint32_t>({registers.fcal & 0xff, registers.fcal >> 8 & 0xff, registers.fcal >> 16 & 0xff,
                                      registers.fcal >> 24, registers.fcah & 0xff, registers.fcah >> 8 & 0xff});
    if ((registers.ctrl & ctrl::kReceiveFlowControl) == 0 || get16(frame, kTypeOffset) != registers.fct ||
        !std::ranges::equal(frame.first(address.size()), address)) {
        return false;
    }
    if (get16(frame, kOperationOffset) != kPauseOperation) {
        parts_.statistics.count(Counter::UnsupportedControl);
        return false;
    }
    parts_.statistics.count(get16(frame, kPauseTimeOffset) == 0 ? Counter::ReceivedXon : Counter::ReceivedXoff);
    return (registers.rctl & rctl::kPassControl) == 0;
}

std::size_t Receiver::buffer_size() const
{
    const std::size_t size = std::size_t{2048} >> (parts_.registers.rctl >> rctl::kSizeShift & 3);
    // BSEX makes them sixteen times as large; without a size of its own that would be 32 KiB, which is reserved.
    return (parts_.registers.rctl & rctl::kSizeExtension) != 0 ? std::min(size, std::size_t{1024}) * 16 : size;
}

bool Receiver::receive(std::span<const std::uint8_t> frame)
{
    if (frame.size() < kLeastFrame) { // as it is on the wire
        padded_.assign(frame.begin(), frame.end());
        padded_.resize(kLeastFrame);
        frame = padded_;
    }
    const std::size_t octets = frame.size() + kFcsSize;
    const Match match = filter(parts_.registers, frame);
    const DescriptorRing ring = receive_ring(parts_.registers);
    const bool wanted = match != Match::Rejected && acceptable_size(octets);
    const bool stripped = (parts_.registers.rctl & rctl::kStripCrc) != 0;
    const std::size_t needed = (octets - (stripped ? kFcsSize : 0) + buffer_size() - 1) / buffer_size();
    if (wanted && ring.valid() && needed < ring.count && ring.owned() < needed) {
        state_.refused = true;
        parts_.statistics.count(Counter::NoBuffers);
        parts_.interrupts.raise(cause::kOverrun);
        return false;
    }
    parts_.statistics.received(frame);
    if (!wanted || flow_control(frame)) {
        if (match != Match::Rejected && !wanted) {
            parts_.statistics.count(Counter::Oversize);
        }
        return true;
    }
    if (!ring.valid() || ring.owned() < needed) { // there will never be room
        parts_.statistics.count(Counter::Missed);
        parts_.interrupts.raise(cause::kOverrun);
        return true;
    }
    parts_.statistics.accepted(frame);
    store(ring, prepare(frame, match));
    notify(ring.owned(), receive_ring(parts_.registers).owned(), octets);
    return true;
}

Receiver::Report Receiver::prepare(std::span<const std::uint8_t> frame, Match match)
{
    const Registers& registers = parts_.registers;
    Report report;
    if (match == Match::Inexact) {
        report.status |= receive_status::kInexact;
    }
    check(frame, report);
    stored_.assign(frame.begin(), frame.end());
    if ((registers.rctl & rctl::kStripCrc) == 0) {
        const std::uint32_t crc = backend::frame_crc(frame);
        for (unsigned i = 0; i < kFcsSize; ++i) {
            stored_.push_back(static_cast<std::uint8_t>(crc >> (8 * i)));
        }
    }
    const auto tag = vlan_tag(registers, frame);
    if (tag && (registers.ctrl & ctrl::kVlanMode) != 0) {
        report.status |= receive_status::kVlan;
        report.tag = *tag;
        const auto begin = stored_.begin() + kTypeOffset;
        stored_.erase(begin, begin + kVlanTagSize);
    }
    // Of what is stored, from RXCSUM.PCSS on.
    const std::size_t start = std::min<std::size_t>(registers.rxcsum & rxcsum::kStart, stored_.size());
    report.checksum = backend::internet_checksum(std::span{stored_}.subspan(start));
    return report;
}

// Receive checksum offload, section 3.2.9: what has been checked, and what was wrong.
void Receiver::check(std::span<const std::uint8_t> frame, Report& report) const
{
    const std::uint32_t wanted = parts_.registers.rxcsum;
    const auto packet = (wanted & (rxcsum::kIp | rxcsum::kTransport)) != 0 ? backend::ip_packet(frame) : std::nullopt;
    if (!packet) {
        report.status |= receive_status::kIgnoreChecksums;
        return;
    }
    const bool ipv6 = packet->network == backend::Network::Ipv6;
    if ((wanted & rxcsum::kIp) != 0 && !ipv6) {
        report.status |= receive_status::kIpChecked;
        if (!backend::network_checksum_right(frame, *packet)) {
            report.errors |= receive_error::kIpChecksum;
        }
    }
    const bool has_checksum = packet->transport == backend::Transport::Tcp ||
                              (packet->transport == backend::Transport::Udp && !packet->fragment &&
                               (ipv6 || get16(frame, packet->transport_header + kUdpChecksum) != 0));
    if ((wanted & rxcsum::kTransport) != 0 && !packet->fragment && has_checksum &&
        (!ipv6 || (wanted & rxcsum::kIpv6) != 0)) {
        report.status |= receive_status::kTransportChecked;
        if (!backend::transport_checksum_right(frame, *packet)) {
            report.errors |= receive_error::kTransportChecksum;
        }
    }
    if ((report.status & (receive_status::kIpChecked | receive_status::kTransportChecked)) == 0) {
        report.status |= receive_status::kIgnoreChecksums;
    }
}

// Into as many buffers as it takes, which the ring has.
void Receiver::store(DescriptorRing ring, const Report& report)
{
    std::span<const std::uint8_t> left{stored_};
    const std::size_t size = buffer_size();
    while (!left.empty()) {
        const auto part = left.first(std::min(size, left.size()));
        left = left.subspan(part.size());
        Report of_part = report;
        of_part.status |= static_cast<std::uint8_t>(receive_status::kDone |
                                                    (left.empty() ? receive_status::kEndOfPacket : std::uint8_t{0}));
        if (!store_part(ring.address(ring.head), part, of_part)) {
            return; // the ring is not in memory
        }
        ring.head = ring.after(ring.head);
        parts_.registers.rdh = ring.head;
    }
}

bool Receiver::store_part(std::uint64_t address, std::span<const std::uint8_t> part, const Report& report)
{
    std::array<std::uint8_t, kLengthOffset> pointer{};
    if (!parts_.memory.read(base::GuestPhysical{address}, pointer)) {
        return false;
    }
    std::uint64_t buffer = 0;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        buffer |= std::uint64_t{pointer[i]} << (8 * i);
    }
    if (buffer != 0) { // a null pointer takes its part, which is lost (section 3.2.3)
        static_cast<void>(parts_.memory.write(base::GuestPhysical{buffer}, part));
    }
    const std::array<std::uint8_t, kDescriptorSize - kLengthOffset> written{
        static_cast<std::uint8_t>(part.size()),
        static_cast<std::uint8_t>(part.size() >> 8),
        static_cast<std::uint8_t>(report.checksum),
        static_cast<std::uint8_t>(report.checksum >> 8),
        report.status,
        report.errors,
        static_cast<std::uint8_t>(report.tag),
        static_cast<std::uint8_t>(report.tag >> 8)};
    return parts_.memory.write(base::GuestPhysical{address + kLengthOffset}, written);
}

// `before` and `after`: how many descriptors the ring has had for frames.
void Receiver::notify(std::uint32_t before, std::uint32_t after, std::size_t octets)
{
    const Registers& registers = parts_.registers;
    const std::uint32_t count = registers.rdlen / kDescriptorSize;
    const unsigned fraction = (registers.rctl >> rctl::kThresholdShift & 3) + 1; // 1/2, 1/4, 1/8
    const std::uint32_t threshold = count >> fraction;
    std::uint32_t causes = 0;
    if (before > threshold && after <= threshold) {
        causes |= cause::kReceiveThreshold;
    }
    if (octets <= registers.rsrpd) {
        causes |= cause::kSmallReceived;
    }
    parts_.interrupts.raise(causes);
    parts_.interrupts.raise_received({registers.rdtr, registers.radv});
}

bool Receiver::wanted_again(bool enabled)
{
    const DescriptorRing ring = receive_ring(parts_.registers);
    if (!state_.refused || (enabled && ring.valid() && ring.head == ring.tail)) {
        return false;
    }
    state_.refused = false;
    return true;
}

} // namespace windsor::devices::e1000
