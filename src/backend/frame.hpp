// SPDX-License-Identifier: GPL-2.0-or-later
// What network cards do with Ethernet frames before they send them and after they receive them: the frame check
// sequence, internet checksums, and cutting a large TCP segment into frames. All of it may be used on bytes of a
// guest's choice: what does not fit together is left as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::backend {

// The frame check sequence (IEEE 802.3, 3.2.9), which the wire carries after the frame, lowest byte first.
std::uint32_t frame_crc(std::span<const std::uint8_t> frame);

// The ones' complement sum (RFC 1071) of big-endian words, folded to 16 bits; an odd last byte counts as followed by
// zero. `sum` is that of what comes before, of an even number of bytes.
std::uint16_t internet_sum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0);
// Its complement: what the checksum of a header of these bytes is, if its field holds zero.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes);

enum class Network : std::uint8_t { Ipv4, Ipv6 };
enum class Transport : std::uint8_t { Tcp, Udp, Other };

// Where the headers of an IP packet lie in its frame.
struct IpPacket {
    Network network{Network::Ipv4};
    Transport transport{Transport::Other};
    std::size_t network_header{0};   // offsets into the frame
    std::size_t transport_header{0}; // after IPv4 options and IPv6 extension headers
    std::size_t end{0};              // after it there is only padding
    bool fragment{false};            // the transport's checksum covers more than this packet
};

// The packet in a frame whose type is IP, at once or behind one VLAN tag. None if there is none, or if its headers or
// what they say of lengths do not fit the frame. Of TCP and UDP, unless it is a fragment, the header is there as a
// whole.
std::optional<IpPacket> ip_packet(std::span<const std::uint8_t> frame);
// Of packets that ip_packet() has found in that frame. IPv6 has no checksum of its own, which is always right; so is a
// UDP checksum of zero over IPv4, which means that there is none (RFC 768), and that of a fragment or of a transport
// other than TCP and UDP.
bool network_checksum_right(std::span<const std::uint8_t> frame, const IpPacket& packet);
bool transport_checksum_right(std::span<const std::uint8_t> frame, const IpPacket& packet);

// The pseudo-header (RFC 9293, 3.1), which the checksums of TCP and UDP cover.
enum class PseudoHeader : std::uint8_t {
    InField, // the checksum's field holds its sum or any other start of the sum; without the length, if segmented
    Summed, // it is taken from the IP header, whatever the field holds
};

// A checksum that a card fills in.
struct ChecksumPlace {
    std::size_t start{0}; // the first byte that it covers; offsets into the frame
    std::size_t field{0}; // where it is put, two bytes
    std::size_t end{0}; // after the last byte that it covers; 0 or beyond the frame: the frame's end
};

// What a card does to a frame on the way out.
struct Offload {
    std::optional<ChecksumPlace> network_checksum{}; // of the IPv4 header; its field counts as zero
    std::optional<ChecksumPlace> transport_checksum{};
    PseudoHeader pseudo_header{PseudoHeader::InField};
    Network network{Network::Ipv4}; // these three matter where lengths or the pseudo-header do
    Transport transport{Transport::Other}; // UDP: a checksum of zero is sent as 0xffff
    std::size_t network_header{0}; // offset of the IP header
    std::size_t transport_header{0}; // offset of the TCP or UDP header
    std::size_t header{0}; // segmentation: the bytes that each frame begins with
    std::size_t mss{0}; // of payload in each frame; 0: no segmentation
};

// Offload with all the checksums of a packet that there are: of the IPv4 header, and of TCP or UDP unless it is a
// fragment. Nothing is segmented.
Offload checksums_of(const IpPacket& packet);

// Fills in the checksums. Those whose places are not in the frame are left out.
void put_checksums(std::span<std::uint8_t> frame, const Offload& offload);

// The least payload of segments: less comes from no network, and would make thousands of frames from one.
constexpr std::size_t kLeastMss = 8;

// Cuts a frame with a large TCP segment, or UDP datagram, into frames of at most `mss` bytes of payload: each begins
// with the headers, in which the lengths, the IPv4 identification, the TCP sequence number, the flags and the checksums
// are put right.
class Segmenter {
public:
    // `frame` outlives it, and may be longer than kLongestFrame.
    Segmenter(std::span<const std::uint8_t> frame, const Offload& offload);

    // Whether the frame can be cut: the MSS and the places of the headers make sense for it, and no segment will be
    // longer than kLongestFrame. If not, there are no segments.
    bool valid() const { return valid_; }
    // The next segment, which is there until the next call; empty after the last one.
    std::span<const std::uint8_t> next();

private:
    void put_lengths();
    void put_tcp();

    std::span<const std::uint8_t> frame_;
    Offload offload_;
    bool valid_;
    bool done_{false};
    std::size_t payload_{0}; // how much of it is sent
    std::uint16_t index_{0}; // of the segment
    std::vector<std::uint8_t> segment_;
};

} // namespace windsor::backend
