// SPDX-License-Identifier: GPL-2.0-or-later
// The transmit rings of C+ mode: frames in pieces, VLAN tags, checksums, large sends.
#include "backend/frame.hpp"
#include "devices/rtl8139/rtl8139.hpp"

#include <array>

namespace windsor::devices::rtl8139 {

namespace {

// After so much the guest's processor goes on, and whoever waits for the machine lock is to get it.
constexpr std::size_t kMostWork = 1024 * 1024;
constexpr base::Nanoseconds kBreath = 100 * base::kMicrosecond;

constexpr std::size_t kTcpHeaderLengthAt = 12; // RFC 9293, 3.1: the upper half of the byte, in dwords

std::uint64_t little_endian(std::span<const std::uint8_t> bytes)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        value |= std::uint64_t{bytes[i]} << (8 * i);
    }
    return value;
}

} // namespace

std::optional<Rtl8139::Descriptor> Rtl8139::read_descriptor(std::uint64_t ring, unsigned index)
{
    const std::uint64_t at = ring + index * kDescriptorBytes;
    std::array<std::uint8_t, kDescriptorBytes> raw{};
    if (!memory_.read(base::GuestPhysical{at}, raw)) {
        return std::nullopt;
    }
    const std::span<const std::uint8_t> bytes{raw};
    return Descriptor{.at = at,
                      .command = static_cast<std::uint32_t>(little_endian(bytes.first(4))),
                      .vlan = static_cast<std::uint32_t>(little_endian(bytes.subspan(4, 4))),
                      .buffer = little_endian(bytes.subspan(8))};
}

void Rtl8139::transmit_polled()
{
    struct Ring {
        std::uint8_t poll;
        unsigned address;
        std::uint8_t& next;
    };
    work_ = 0;
    more_.disarm();
    for (const Ring& ring : {Ring{poll::kHigh, reg::kHighRing, registers_.next_high},
                             Ring{poll::kNormal, reg::kNormalRing, registers_.next_normal}}) {
        const bool asked = (registers_.polled & ring.poll) != 0;
        if (asked && plus_transmit() && transmitting() && !transmit_ring(ring.address, ring.next)) {
            more_.arm(clock_.now() + kBreath);
            return;
        }
        registers_.polled &= static_cast<std::uint8_t>(~ring.poll);
    }
}

// At most as many descriptors at once as a ring has, and those of the last frame: who adds more polls again.
bool Rtl8139::transmit_ring(unsigned address, std::uint8_t& next)
{
    const std::size_t dword = (address - reg::kTransmitAddress) / 4;
    const std::uint64_t ring =
        (registers_.transmit_address[dword] | std::uint64_t{registers_.transmit_address[dword + 1]} << 32) &
        kRingAddress;
    for (std::size_t done = 0; done < kRingDescriptors; done += collected_.size()) {
        if (work_ >= kMostWork) {
            return false;
        }
        if (!collect(ring, next)) {
            return true;
        }
        give_back_collected(transmit_collected());
    }
    return true;
}

// A frame whose later descriptors the driver has not handed over yet waits for the next poll. One without an end takes
// up the whole ring, and is an error of transmit_collected().
bool Rtl8139::collect(std::uint64_t ring, std::uint8_t& next)
{
    collected_.clear();
    unsigned index = next;
    while (collected_.size() < kRingDescriptors) {
        const auto descriptor = read_descriptor(ring, index);
        if (!descriptor) {
            system_error();
            return false;
        }
        if ((descriptor->command & descriptor::kOwn) == 0) {
            raise(interrupt::kNoTransmitDescriptor);
            return false;
        }
        collected_.push_back(*descriptor);
        const bool end = (descriptor->command & descriptor::kEndOfRing) != 0;
        index = end ? 0 : (index + 1) % kRingDescriptors;
        if ((descriptor->command & descriptor::kLast) != 0) {
            break;
        }
    }
    next = static_cast<std::uint8_t>(index);
    return true;
}

std::uint32_t Rtl8139::transmit_collected()
{
    if ((collected_.back().command & descriptor::kLast) == 0 || !gather()) {
        ++registers_.tallies.transmit_errors;
        ++registers_.tallies.underruns;
        raise(interrupt::kTransmitError);
        return transmit::kError | transmit::kUnderrun;
    }
    const std::uint32_t command = collected_.front().command;
    Sent sent = Sent::Ok;
    if ((command & transmit::kLargeSend) != 0) {
        sent = send_large(command);
    } else {
        put_checksums(command | collected_.back().command);
        sent = send(out_);
    }
    if (sent == Sent::NoCarrier) {
        ++registers_.tallies.transmit_errors;
        raise(interrupt::kTransmitError);
        return transmit::kError | transmit::kLinkFailure;
    }
    ++registers_.tallies.transmitted;
    raise(interrupt::kTransmitted);
    return 0;
}

// False if there is no such memory, or too much of it.
bool Rtl8139::gather()
{
    const bool large = (collected_.front().command & transmit::kLargeSend) != 0;
    const std::size_t most = large ? kLongestLargeSend : backend::kLongestFrame;
    out_.clear();
    for (const Descriptor& descriptor : collected_) {
        const std::size_t size = descriptor.command & transmit::kSize;
        const std::size_t at = out_.size();
        if (size > most - at) {
            return false;
        }
        out_.resize(at + size);
        work_ += size + kFixedWork;
        if (!memory_.read(base::GuestPhysical{descriptor.buffer}, std::span{out_}.subspan(at))) {
            system_error();
            return false;
        }
    }
    const std::uint32_t tag = collected_.front().vlan;
    if ((tag & transmit::kInsertTag) != 0 && out_.size() >= kVlanTagAt) {
        const std::array<std::uint8_t, kVlanTagBytes> bytes{
            static_cast<std::uint8_t>(kVlanType >> 8), static_cast<std::uint8_t>(kVlanType & 0xff),
            static_cast<std::uint8_t>(tag), static_cast<std::uint8_t>(tag >> 8)};
        out_.insert(out_.begin() + kVlanTagAt, bytes.begin(), bytes.end());
    }
    return true;
}

void Rtl8139::put_checksums(std::uint32_t command)
{
    constexpr std::uint32_t kAny = transmit::kIpChecksum | transmit::kTcpChecksum | transmit::kUdpChecksum;
    if ((command & kAny) == 0) {
        return;
    }
    const auto packet = backend::ip_packet(out_);
    if (!packet) {
        return;
    }
    backend::Offload offload = backend::checksums_of(*packet);
    if ((command & transmit::kIpChecksum) == 0) {
        offload.network_checksum.reset();
    }
    const std::uint32_t asked =
        packet->transport == backend::Transport::Tcp ? transmit::kTcpChecksum : transmit::kUdpChecksum;
    if ((command & asked) == 0) {
        offload.transport_checksum.reset();
    }
    backend::put_checksums(out_, offload);
}

// A large send has all its checksums made. What is no TCP packet, or a small one, goes out as it is.
Rtl8139::Sent Rtl8139::send_large(std::uint32_t command)
{
    const auto packet = backend::ip_packet(out_);
    if (!packet || packet->transport != backend::Transport::Tcp || packet->fragment) {
        return send(out_);
    }
    const std::span<std::uint8_t> frame = std::span{out_}.first(packet->end);
    backend::Offload offload = backend::checksums_of(*packet);
    offload.header =
        packet->transport_header + std::size_t{4} * (frame[packet->transport_header + kTcpHeaderLengthAt] >> 4);
    offload.mss = command >> transmit::kMssShift & transmit::kMss;
    backend::Segmenter segmenter{frame, offload};
    if (offload.header > kLongestHeaders || !segmenter.valid()) {
        backend::put_checksums(frame, backend::checksums_of(*packet));
        return send(out_);
    }
    Sent sent = Sent::Ok;
    for (auto segment = segmenter.next(); !segment.empty(); segment = segmenter.next()) {
        sent = send(segment);
    }
    return sent;
}

void Rtl8139::give_back_collected(std::uint32_t status)
{
    for (const Descriptor& descriptor : collected_) {
        const bool last = &descriptor == &collected_.back();
        const std::uint32_t given = (descriptor.command & transmit::kKept) | (last ? status : 0);
        const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(given), static_cast<std::uint8_t>(given >> 8),
                                                static_cast<std::uint8_t>(given >> 16),
                                                static_cast<std::uint8_t>(given >> 24)};
        if (!memory_.write(base::GuestPhysical{descriptor.at}, bytes)) {
            system_error();
        }
    }
    const std::uint64_t done = collected_.back().at;
    registers_.parameters[reg::kTransmitDone - reg::kParameters] = static_cast<std::uint8_t>(done);
    registers_.parameters[reg::kTransmitDone - reg::kParameters + 1] = static_cast<std::uint8_t>(done >> 8);
}

} // namespace windsor::devices::rtl8139
