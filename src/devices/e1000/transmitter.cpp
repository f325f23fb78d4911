// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/transmitter.hpp"

#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <algorithm>
#include <array>

namespace windsor::devices::e1000 {

namespace {

constexpr std::size_t kLongestHeader = 255; // of a packet that is to be cut: HDRLEN has eight bits
constexpr std::size_t kLongestSegmented = 64 * 1024 + kLongestHeader;
// After so much the guest's processor goes on, and the rest follows by a timer.
constexpr std::size_t kMostWork = 1024 * 1024;
// What a descriptor or a frame costs besides its bytes.
constexpr std::size_t kFixedWork = 64;
constexpr std::size_t kUpperOffset = 12; // of the dword that is written back

std::uint32_t get32(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return bytes[at] | std::uint32_t{bytes[at + 1]} << 8 | std::uint32_t{bytes[at + 2]} << 16 |
           std::uint32_t{bytes[at + 3]} << 24;
}

void put32(std::span<std::uint8_t> bytes, std::uint32_t value)
{
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

// The end of what a context's checksum covers.
std::size_t end_of(std::uint16_t inclusive)
{
    return inclusive == 0 ? 0 : std::size_t{inclusive} + 1;
}

backend::Offload offload_of(const Transmitter::Context& context, std::uint32_t options)
{
    backend::Offload offload{.network = context.ipv4 ? backend::Network::Ipv4 : backend::Network::Ipv6,
                             .transport = context.tcp ? backend::Transport::Tcp : backend::Transport::Udp,
                             .network_header = context.ip_start,
                             .transport_header = context.transport_start};
    if ((options & transmit::kIpChecksum) != 0) {
        offload.network_checksum = {
            .start = context.ip_start, .field = context.ip_field, .end = end_of(context.ip_end)};
    }
    if ((options & transmit::kTransportChecksum) != 0) {
        offload.transport_checksum = {
            .start = context.transport_start, .field = context.transport_field, .end = end_of(context.transport_end)};
    }
    return offload;
}

// A driver that brings its own frame check sequence has it taken off: frames have none here. One that brings none
// although it says so has its frame sent all the same.
std::span<const std::uint8_t> without_fcs(std::span<const std::uint8_t> frame)
{
    if (frame.size() < backend::kFrameHeader + kFcsSize) {
        return frame;
    }
    const auto data = frame.first(frame.size() - kFcsSize);
    return backend::frame_crc(data) == get32(frame, data.size()) ? data : frame;
}

} // namespace

bool Transmitter::fetch(std::uint64_t address, Descriptor& descriptor) const
{
    std::array<std::uint8_t, kDescriptorSize> bytes{};
    if (!parts_.memory.read(base::GuestPhysical{address}, bytes)) {
        return false;
    }
    descriptor = {.address = get32(bytes, 0) | std::uint64_t{get32(bytes, 4)} << 32,
                  .lower = get32(bytes, 8),
                  .upper = get32(bytes, kUpperOffset)};
    return true;
}

// Of descriptors whose sender wants to know (RS), that they are done.
void Transmitter::write_back(std::uint64_t address, const Descriptor& descriptor)
{
    if ((descriptor.lower & transmit::kReportStatus) == 0) {
        return;
    }
    std::array<std::uint8_t, 4> bytes{};
    put32(bytes, (descriptor.upper & ~transmit::kStatusMask) | transmit::kDone);
    static_cast<void>(parts_.memory.write(base::GuestPhysical{address + kUpperOffset}, bytes));
    if ((descriptor.lower & transmit::kDelayInterrupt) != 0) {
        parts_.interrupts.raise_transmitted({parts_.registers.tidv, parts_.registers.tadv});
    } else {
        parts_.interrupts.raise_transmitted({});
    }
}

// TXD_LOW: the ring has come down to TXDCTL.LWTHRESH (section 13.4.41).
void Transmitter::note_low(std::uint32_t before, std::uint32_t after)
{
    const std::uint32_t threshold = (parts_.registers.txdctl >> kLowThresholdShift) * 8;
    if (threshold != 0 && before > threshold && after <= threshold) {
        parts_.interrupts.raise(cause::kTransmitLow);
    }
}

bool Transmitter::run()
{
    work_ = 0;
    DescriptorRing ring = transmit_ring(parts_.registers);
    if (!ring.valid() || ring.head == ring.tail) {
        return false;
    }
    const std::uint32_t before = ring.owned();
    while (ring.head != ring.tail && work_ < kMostWork) {
        Descriptor descriptor{};
        const std::uint64_t address = ring.address(ring.head);
        if (!fetch(address, descriptor)) {
            return false;
        }
        take(descriptor);
        write_back(address, descriptor);
        ring.head = ring.after(ring.head);
        parts_.registers.tdh = ring.head;
        work_ += kFixedWork;
    }
    note_low(before, ring.owned());
    if (ring.head == ring.tail) {
        parts_.interrupts.raise(cause::kTransmitEmpty);
    }
    return ring.head != ring.tail;
}

void Transmitter::take(const Descriptor& descriptor)
{
    const bool extended = (descriptor.lower & transmit::kExtension) != 0;
    if (extended && (descriptor.lower & transmit::kType) == 0) {
        take_context(descriptor);
        return;
    }
    if (extended && (descriptor.lower & transmit::kType) != transmit::kData) {
        return; // a type that there is not
    }
    const bool first = !state_.begun;
    if (first) {
        state_.begun = true;
        state_.segment = extended && (descriptor.lower & transmit::kSegment) != 0;
        state_.options = extended ? descriptor.upper & (transmit::kIpChecksum | transmit::kTransportChecksum) : 0;
    }
    // Of a packet to be cut the first descriptor says what its tag is, of others the last (section 3.3.7.1).
    const bool last = (descriptor.lower & transmit::kEndOfPacket) != 0;
    if ((descriptor.lower & transmit::kVlan) != 0 && (state_.segment ? first : last)) {
        state_.tagged = true;
        state_.tag = static_cast<std::uint16_t>(descriptor.upper >> 16);
    }
    gather(descriptor, descriptor.lower & (extended ? transmit::kLength : transmit::kLegacyLength));
    if (last) {
        finish(descriptor);
    }
}

void Transmitter::take_context(const Descriptor& descriptor)
{
    const auto ip = static_cast<std::uint32_t>(descriptor.address);
    const auto transport = static_cast<std::uint32_t>(descriptor.address >> 32);
    Context& context = (descriptor.lower & transmit::kSegment) != 0 ? state_.segmenting : state_.plain;
    context = {.ip_start = static_cast<std::uint8_t>(ip),
               .ip_field = static_cast<std::uint8_t>(ip >> 8),
               .ip_end = static_cast<std::uint16_t>(ip >> 16),
               .transport_start = static_cast<std::uint8_t>(transport),
               .transport_field = static_cast<std::uint8_t>(transport >> 8),
               .transport_end = static_cast<std::uint16_t>(transport >> 16),
               .tcp = (descriptor.lower & transmit::kTcp) != 0,
               .ipv4 = (descriptor.lower & transmit::kIpv4) != 0,
               .header = static_cast<std::uint8_t>(descriptor.upper >> 8),
               .mss = static_cast<std::uint16_t>(descriptor.upper >> 16)};
}

// Adds a buffer to the packet; a null address has no data (section 3.3.3.1). What would make the packet longer than
// anything that can be sent is not even read.
void Transmitter::gather(const Descriptor& descriptor, std::uint32_t length)
{
    const std::size_t most = state_.segment ? kLongestSegmented : backend::kLongestFrame;
    const std::size_t before = state_.packet.size();
    if (descriptor.address == 0) {
        return;
    }
    if (state_.spoilt || length > most - before) {
        state_.spoilt = true;
        return;
    }
    state_.packet.resize(before + length);
    work_ += length;
    const auto into = std::span{state_.packet}.subspan(before);
    if (!into.empty() && !parts_.memory.read(base::GuestPhysical{descriptor.address}, into)) {
        state_.spoilt = true;
    }
}

// The packet is there as a whole: its last descriptor says what legacy ones need to know.
void Transmitter::finish(const Descriptor& descriptor)
{
    const std::span packet{state_.packet};
    const bool legacy = (descriptor.lower & transmit::kExtension) == 0;
    if (state_.segment) {
        send_segments(descriptor.lower);
    } else if (!state_.spoilt) {
        if (legacy && (descriptor.lower & transmit::kInsertChecksum) != 0) {
            const backend::ChecksumPlace place{.start = descriptor.upper >> 8 & 0xff,
                                               .field = descriptor.lower >> 16 & 0xff};
            if (place.start < packet.size()) {
                backend::put_checksums(packet, {.transport_checksum = place});
            }
        } else if (!legacy && state_.options != 0) {
            backend::put_checksums(packet, offload_of(state_.plain, state_.options));
        }
        send(packet, descriptor.lower);
    }
    state_.begun = false;
    state_.spoilt = false;
    state_.segment = false;
    state_.options = 0;
    state_.tagged = false;
    state_.tag = 0;
    state_.packet.clear();
}

void Transmitter::send_segments(std::uint32_t command)
{
    const Context& context = state_.segmenting;
    backend::Offload offload = offload_of(context, state_.options);
    offload.header = context.header;
    offload.mss = context.mss;
    backend::Segmenter segmenter{state_.packet, offload};
    if (state_.spoilt || !segmenter.valid()) {
        parts_.statistics.count(Counter::SegmentingFailed);
        return;
    }
    parts_.statistics.count(Counter::Segmented);
    for (auto segment = segmenter.next(); !segment.empty(); segment = segmenter.next()) {
        send(segment, command | transmit::kInsertFcs);
    }
}

// VLAN tags go in where the guest does not bring them itself (section 9.2), and short frames are padded.
void Transmitter::send(std::span<const std::uint8_t> packet, std::uint32_t command)
{
    if ((command & transmit::kInsertFcs) == 0) {
        packet = without_fcs(packet);
    }
    const bool tag = state_.tagged && (parts_.registers.ctrl & ctrl::kVlanMode) != 0;
    if (packet.size() < backend::kFrameHeader || packet.size() + (tag ? kVlanTagSize : 0) > backend::kLongestFrame) {
        return;
    }
    frame_.assign(packet.begin(), packet.end());
    if (tag) {
        const std::uint32_t type = parts_.registers.vet;
        const std::array<std::uint8_t, kVlanTagSize> bytes{
            static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type),
            static_cast<std::uint8_t>(state_.tag >> 8), static_cast<std::uint8_t>(state_.tag)};
        frame_.insert(frame_.begin() + kTypeOffset, bytes.begin(), bytes.end());
    }
    if ((parts_.registers.tctl & tctl::kPad) != 0 && frame_.size() < kLeastFrame) {
        frame_.resize(kLeastFrame);
    }
    work_ += frame_.size() + kFixedWork;
    parts_.statistics.transmitted(frame_);
    parts_.sink.frame_sent(frame_);
}

void Transmitter::load(const State& state)
{
    state_ = state;
    if (!state_.begun) {
        state_.spoilt = false;
        state_.segment = false;
        state_.options = 0;
        state_.tagged = false;
        state_.packet.clear();
    }
    state_.options &= transmit::kIpChecksum | transmit::kTransportChecksum;
    if (!state_.tagged) {
        state_.tag = 0;
    }
    const std::size_t most = state_.segment ? kLongestSegmented : backend::kLongestFrame;
    state_.packet.resize(std::min(state_.packet.size(), most));
}

} // namespace windsor::devices::e1000
