// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/frame.hpp"

#include "backend/network_link.hpp"

#include <algorithm>
#include <array>

namespace windsor::backend {

namespace {

using Bytes = std::span<const std::uint8_t>;

// IEEE 802.3 and 802.1Q.
constexpr std::size_t kTypeField = 12;
constexpr std::size_t kVlanTag = 4;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;

// RFC 791, 3.1.
namespace ipv4 {
constexpr std::size_t kLeastHeader = 20;
constexpr std::size_t kTotalLength = 2;
constexpr std::size_t kIdentification = 4;
constexpr std::size_t kFragment = 6;
constexpr std::uint16_t kFragmented = 0x3fff; // more fragments, or an offset
constexpr std::size_t kProtocol = 9;
constexpr std::size_t kChecksum = 10;
constexpr std::size_t kAddresses = 12;
} // namespace ipv4

// RFC 8200, 3 and 4.
namespace ipv6 {
constexpr std::size_t kHeader = 40;
constexpr std::size_t kPayloadLength = 4;
constexpr std::size_t kNextHeader = 6;
constexpr std::size_t kAddresses = 8;
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr unsigned kMostExtensions = 8; // that anybody looks through
} // namespace ipv6

constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;

// RFC 9293, 3.1, and RFC 768.
namespace tcp {
constexpr std::size_t kHeader = 20;
constexpr std::size_t kSequence = 4;
constexpr std::size_t kFlags = 13;
constexpr std::size_t kChecksum = 16;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kPush = 0x08;
constexpr std::uint8_t kWindowReduced = 0x80; // CWR, RFC 3168, 6.1.2: only the first segment says it
} // namespace tcp
namespace udp {
constexpr std::size_t kHeader = 8;
constexpr std::size_t kLength = 4;
constexpr std::size_t kChecksum = 6;
} // namespace udp

// Eight tables: each is the one before, one zero byte later.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables()
{
    constexpr std::uint32_t kPolynomial = 0xedb88320; // of IEEE 802.3, lowest power at the top
    CrcTables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (unsigned bit = 0; bit < 8; ++bit) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
        }
        tables[0][byte] = crc;
    }
    for (std::size_t table = 1; table < tables.size(); ++table) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[table - 1][byte];
            tables[table][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr CrcTables kCrcTables = make_crc_tables();

std::uint16_t get16(Bytes bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put16(std::span<std::uint8_t> bytes, std::size_t at, std::size_t value)
{
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::size_t least_header(Transport transport)
{
    switch (transport) {
    case Transport::Tcp: return tcp::kHeader;
    case Transport::Udp: return udp::kHeader;
    case Transport::Other: break;
    }
    return 0;
}

Transport transport_of(std::uint8_t protocol)
{
    return protocol == kProtocolTcp ? Transport::Tcp : protocol == kProtocolUdp ? Transport::Udp : Transport::Other;
}

bool find_ipv4(Bytes frame, IpPacket& packet)
{
    const std::size_t at = packet.network_header;
    if (frame.size() < at + ipv4::kLeastHeader || frame[at] >> 4 != 4) {
        return false;
    }
    const std::size_t header = std::size_t{frame[at] & 0xfU} * 4;
    const std::size_t length = get16(frame, at + ipv4::kTotalLength);
    if (header < ipv4::kLeastHeader || length < header || length > frame.size() - at) {
        return false;
    }
    packet.network = Network::Ipv4;
    packet.transport = transport_of(frame[at + ipv4::kProtocol]);
    packet.transport_header = at + header;
    packet.end = at + length;
    packet.fragment = (get16(frame, at + ipv4::kFragment) & ipv4::kFragmented) != 0;
    return true;
}

bool find_ipv6(Bytes frame, IpPacket& packet)
{
    const std::size_t at = packet.network_header;
    if (frame.size() < at + ipv6::kHeader || frame[at] >> 4 != 6) {
        return false;
    }
    const std::size_t length = get16(frame, at + ipv6::kPayloadLength);
    if (length > frame.size() - at - ipv6::kHeader) {
        return false;
    }
    packet.network = Network::Ipv6;
    packet.transport_header = at + ipv6::kHeader;
    packet.end = packet.transport_header + length;
    std::uint8_t next = frame[at + ipv6::kNextHeader];
    for (unsigned extensions = 0; next == ipv6::kHopByHop || next == ipv6::kRouting || next == ipv6::kFragment ||
                                  next == ipv6::kDestinationOptions;
         ++extensions) {
        if (extensions == ipv6::kMostExtensions || packet.end - packet.transport_header < 8) {
            return false;
        }
        const bool fragment = next == ipv6::kFragment;
        packet.fragment = packet.fragment || fragment;
        next = frame[packet.transport_header];
        const std::size_t size = fragment ? 8 : (std::size_t{frame[packet.transport_header + 1]} + 1) * 8;
        if (size > packet.end - packet.transport_header) {
            return false;
        }
        packet.transport_header += size;
    }
    packet.transport = transport_of(next);
    return true;
}

// Of addresses, protocol and length.
std::uint32_t pseudo_header_sum(Bytes frame, Network network, std::size_t header, Transport transport,
                                std::size_t length)
{
    const bool v4 = network == Network::Ipv4;
    const Bytes addresses =
        v4 ? frame.subspan(header + ipv4::kAddresses, 8) : frame.subspan(header + ipv6::kAddresses, 32);
    const std::uint32_t protocol = transport == Transport::Tcp ? kProtocolTcp : kProtocolUdp;
    return internet_sum(addresses) + protocol + static_cast<std::uint32_t>(length & 0xffff) +
           static_cast<std::uint32_t>(length >> 16 & 0xffff);
}

std::size_t network_header_size(Network network)
{
    return network == Network::Ipv4 ? ipv4::kLeastHeader : ipv6::kHeader;
}

// The checksum field is within the frame, and so is what it covers. What it covers, then.
std::optional<Bytes> covered(Bytes frame, const ChecksumPlace& place)
{
    const std::size_t end = place.end == 0 ? frame.size() : std::min(place.end, frame.size());
    if (place.start > end || frame.size() < 2 || place.field > frame.size() - 2) {
        return std::nullopt;
    }
    return frame.subspan(place.start, end - place.start);
}

void put_transport_checksum(std::span<std::uint8_t> frame, const Offload& offload, const ChecksumPlace& place)
{
    const auto bytes = covered(frame, place);
    const bool summed = offload.pseudo_header == PseudoHeader::Summed;
    if (!bytes || (summed && frame.size() < offload.network_header + network_header_size(offload.network))) {
        return;
    }
    std::uint32_t sum = 0;
    if (summed) {
        put16(frame, place.field, 0);
        sum = pseudo_header_sum(frame, offload.network, offload.network_header, offload.transport, bytes->size());
    } else if (offload.mss != 0) {
        sum = static_cast<std::uint32_t>(bytes->size());
    }
    auto checksum = static_cast<std::uint16_t>(~internet_sum(*bytes, sum));
    if (checksum == 0 && offload.transport == Transport::Udp) {
        checksum = 0xffff;
    }
    put16(frame, place.field, checksum);
}

bool fits(Bytes frame, const Offload& offload)
{
    const std::size_t transport = least_header(offload.transport);
    return offload.mss >= kLeastMss && transport != 0 && offload.network_header >= kFrameHeader &&
           offload.network_header + network_header_size(offload.network) <= offload.transport_header &&
           offload.transport_header + transport <= offload.header && offload.header < frame.size() &&
           offload.header < kLongestFrame &&
           std::min(offload.mss, frame.size() - offload.header) <= kLongestFrame - offload.header;
}

} // namespace

std::uint32_t frame_crc(Bytes frame)
{
    std::uint32_t crc = ~std::uint32_t{0};
    while (frame.size() >= 8) {
        const std::uint32_t low = crc ^ (frame[0] | std::uint32_t{frame[1]} << 8 | std::uint32_t{frame[2]} << 16 |
                                         std::uint32_t{frame[3]} << 24);
        crc = kCrcTables[7][low & 0xff] ^ kCrcTables[6][low >> 8 & 0xff] ^ kCrcTables[5][low >> 16 & 0xff] ^
              kCrcTables[4][low >> 24] ^ kCrcTables[3][frame[4]] ^ kCrcTables[2][frame[5]] ^ kCrcTables[1][frame[6]] ^
              kCrcTables[0][frame[7]];
        frame = frame.subspan(8);
    }
    for (const std::uint8_t byte : frame) {
        crc = crc >> 8 ^ kCrcTables[0][(crc ^ byte) & 0xff];
    }
    return ~crc;
}

std::uint16_t internet_sum(Bytes bytes, std::uint32_t sum)
{
    std::uint64_t total = sum;
    while (bytes.size() >= 4) {
        total +=
            std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
        bytes = bytes.subspan(4);
    }
    if (bytes.size() >= 2) {
        total += get16(bytes, 0);
        bytes = bytes.subspan(2);
    }
    if (!bytes.empty()) {
        total += std::uint64_t{bytes[0]} << 8;
    }
    while (total >> 16 != 0) {
        total = (total & 0xffff) + (total >> 16);
    }
    return static_cast<std::uint16_t>(total);
}

std::uint16_t internet_checksum(Bytes bytes)
{
    return static_cast<std::uint16_t>(~internet_sum(bytes));
}

std::optional<IpPacket> ip_packet(Bytes frame)
{
    IpPacket packet{.network_header = kFrameHeader};
    if (frame.size() < kFrameHeader) {
        return std::nullopt;
    }
    std::uint16_t type = get16(frame, kTypeField);
    if (type == kTypeVlan && frame.size() >= kFrameHeader + kVlanTag) {
        type = get16(frame, kTypeField + kVlanTag);
        packet.network_header += kVlanTag;
    }
    if (!(type == kTypeIpv4 && find_ipv4(frame, packet)) && !(type == kTypeIpv6 && find_ipv6(frame, packet))) {
        return std::nullopt;
    }
    if (!packet.fragment && packet.end - packet.transport_header < least_header(packet.transport)) {
        return std::nullopt;
    }
    return packet;
}

bool network_checksum_right(Bytes frame, const IpPacket& packet)
{
    return packet.network == Network::Ipv6 ||
           internet_checksum(frame.subspan(packet.network_header, packet.transport_header - packet.network_header)) ==
               0;
}

bool transport_checksum_right(Bytes frame, const IpPacket& packet)
{
    if (packet.fragment || packet.transport == Transport::Other) {
        return true;
    }
    const Bytes bytes = frame.subspan(packet.transport_header, packet.end - packet.transport_header);
    if (packet.transport == Transport::Udp && packet.network == Network::Ipv4 && get16(bytes, udp::kChecksum) == 0) {
        return true;
    }
    const std::uint32_t sum =
        pseudo_header_sum(frame, packet.network, packet.network_header, packet.transport, bytes.size());
    return internet_sum(bytes, sum) == 0xffff;
}

Offload checksums_of(const IpPacket& packet)
{
    Offload offload{.pseudo_header = PseudoHeader::Summed,
                    .network = packet.network,
                    .transport = packet.transport,
                    .network_header = packet.network_header,
                    .transport_header = packet.transport_header};
    if (packet.network == Network::Ipv4) {
        offload.network_checksum = {.start = packet.network_header,
                                    .field = packet.network_header + ipv4::kChecksum,
                                    .end = packet.transport_header};
    }
    if (packet.transport != Transport::Other && !packet.fragment) {
        const std::size_t field = packet.transport == Transport::Tcp ? tcp::kChecksum : udp::kChecksum;
        offload.transport_checksum = {
            .start = packet.transport_header, .field = packet.transport_header + field, .end = packet.end};
    }
    return offload;
}

void put_checksums(std::span<std::uint8_t> frame, const Offload& offload)
{
    if (offload.network_checksum) {
        if (const auto header = covered(frame, *offload.network_checksum)) {
            put16(frame, offload.network_checksum->field, 0);
            put16(frame, offload.network_checksum->field, internet_checksum(*header));
        }
    }
    if (offload.transport_checksum) {
        put_transport_checksum(frame, offload, *offload.transport_checksum);
    }
}

Segmenter::Segmenter(Bytes frame, const Offload& offload)
    : frame_{frame}, offload_{offload}, valid_{fits(frame, offload)}, done_{!valid_}
{
    if (offload_.transport_checksum) {
        offload_.transport_checksum->end = 0; // each segment's own
    }
}

std::span<const std::uint8_t> Segmenter::next()
{
    if (done_) {
        return {};
    }
    const Bytes left = frame_.subspan(offload_.header + payload_);
    const Bytes payload = left.first(std::min(offload_.mss, left.size()));
    done_ = payload.size() == left.size();
    segment_.assign(frame_.begin(), frame_.begin() + static_cast<std::ptrdiff_t>(offload_.header));
    segment_.insert(segment_.end(), payload.begin(), payload.end());
    put_lengths();
    if (offload_.transport == Transport::Tcp) {
        put_tcp();
    }
    put_checksums(segment_, offload_);
    payload_ += payload.size();
    ++index_;
    return segment_;
}

void Segmenter::put_lengths()
{
    const std::size_t at = offload_.network_header;
    const std::size_t packet = segment_.size() - at;
    if (offload_.network == Network::Ipv4) {
        put16(segment_, at + ipv4::kTotalLength, packet);
        put16(segment_, at + ipv4::kIdentification, get16(segment_, at + ipv4::kIdentification) + std::size_t{index_});
    } else {
        put16(segment_, at + ipv6::kPayloadLength, packet - ipv6::kHeader);
    }
    if (offload_.transport == Transport::Udp) {
        put16(segment_, offload_.transport_header + udp::kLength, segment_.size() - offload_.transport_header);
    }
}

void Segmenter::put_tcp()
{
    const std::size_t at = offload_.transport_header;
    const std::size_t sequence = at + tcp::kSequence;
    const std::size_t number =
        (std::size_t{get16(segment_, sequence)} << 16 | get16(segment_, sequence + 2)) + payload_;
    put16(segment_, sequence, number >> 16);
    put16(segment_, sequence + 2, number);
    const unsigned cleared = (done_ ? 0U : tcp::kFin | tcp::kPush) | (index_ == 0 ? 0U : tcp::kWindowReduced);
    segment_[at + tcp::kFlags] = static_cast<std::uint8_t>(segment_[at + tcp::kFlags] & ~cleared);
}

} // namespace windsor::backend
