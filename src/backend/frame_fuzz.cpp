// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a frame and as what a card shall do to it.
#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <cstdlib>

namespace {

using namespace windsor::backend;

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

// The packet that is found has right checksums after they have been filled in.
void find(std::vector<std::uint8_t> frame)
{
    const auto packet = ip_packet(frame);
    if (!packet) {
        return;
    }
    require(packet->network_header < packet->transport_header && packet->transport_header <= packet->end &&
            packet->end <= frame.size());
    put_checksums(frame, checksums_of(*packet));
    require(network_checksum_right(frame, *packet));
    require(transport_checksum_right(frame, *packet));
}

void cut(std::span<const std::uint8_t> frame, const Offload& offload)
{
    Segmenter segmenter{frame, offload};
    std::size_t payload = 0;
    for (auto segment = segmenter.next(); !segment.empty(); segment = segmenter.next()) {
        require(segmenter.valid() && segment.size() > offload.header && segment.size() <= kLongestFrame);
        payload += segment.size() - offload.header;
    }
    require(payload == (segmenter.valid() ? frame.size() - offload.header : 0));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t kParameters = 14;
    if (size < kParameters) {
        return 0;
    }
    const std::span<const std::uint8_t> frame{data + kParameters, size - kParameters};
    const auto number = [data](std::size_t at) { return std::size_t{data[at]} | std::size_t{data[at + 1] & 3U} << 8; };
    Offload offload{.pseudo_header = (data[0] & 1) != 0 ? PseudoHeader::Summed : PseudoHeader::InField,
                    .network = (data[0] & 2) != 0 ? Network::Ipv6 : Network::Ipv4,
                    .transport = static_cast<Transport>((data[0] >> 2) % 3),
                    .network_header = data[1],
                    .transport_header = data[2],
                    .header = data[3],
                    .mss = number(4)};
    if ((data[0] & 0x40) != 0) {
        offload.network_checksum = {.start = data[6], .field = data[7], .end = data[8]};
    }
    if ((data[0] & 0x80) != 0) {
        offload.transport_checksum = {.start = data[9], .field = number(10), .end = number(12)};
    }
    static_cast<void>(frame_crc(frame));
    find({frame.begin(), frame.end()});
    std::vector<std::uint8_t> filled{frame.begin(), frame.end()};
    put_checksums(filled, offload);
    cut(frame, offload);
    return 0;
}
