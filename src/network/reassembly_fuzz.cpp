// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as IPv4 fragments whose headers make sense more often than not, with time between them.
#include "network/reassembly.hpp"

#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace windsor;

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    bool done() const { return bytes_.empty(); }
    std::uint8_t next()
    {
        const std::uint8_t value = done() ? std::uint8_t{0} : bytes_.front();
        bytes_ = bytes_.subspan(done() ? 0 : 1);
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

// Of few datagrams, whose fragments often fit together.
std::vector<std::uint8_t> fragment(Input& input)
{
    const std::uint8_t how = input.next();
    const std::size_t header = 20 + 4 * std::size_t{how & 3U};
    const std::size_t size = (how & 4) != 0 ? std::size_t{input.next()} * 64 : std::size_t{input.next()};
    const std::size_t total = header + size;
    const unsigned field = ((how & 8) != 0 ? 0x2000U : 0U) | unsigned{input.next()} * ((how & 16) != 0 ? 32U : 1U);
    std::vector<std::uint8_t> frame(backend::kFrameHeader + total, how);
    frame[12] = 0x08;
    frame[13] = 0x00;
    const std::span ip = std::span{frame}.subspan(backend::kFrameHeader);
    ip[0] = static_cast<std::uint8_t>(0x40 | header / 4);
    ip[2] = static_cast<std::uint8_t>(total >> 8);
    ip[3] = static_cast<std::uint8_t>(total);
    ip[5] = how >> 5;
    ip[6] = static_cast<std::uint8_t>(field >> 8);
    ip[7] = static_cast<std::uint8_t>(field);
    for (std::size_t i = 8; i < header; ++i) {
        ip[i] = 1;
    }
    ip[10] = ip[11] = 0;
    const unsigned checksum = backend::internet_checksum(ip.first(header));
    ip[10] = static_cast<std::uint8_t>(checksum >> 8);
    ip[11] = static_cast<std::uint8_t>(checksum);
    return frame;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input{{data, size}};
    network::Reassembly reassembly;
    std::int64_t now = 0;
    while (!input.done()) {
        std::vector<std::uint8_t> frame = fragment(input);
        const std::uint8_t change = input.next();
        if (change >= 0xf0) {
            frame.resize(std::max(backend::kFrameHeader, frame.size() - std::min<std::size_t>(frame.size(), change)));
        } else if (change >= 0xe0) {
            frame[input.next() % frame.size()] = input.next();
        } else if (change >= 0xd0) {
            now += std::int64_t{change} * 100;
        }
        const auto whole = reassembly.take(frame, now);
        if (whole.empty() || whole.data() == frame.data()) {
            continue;
        }
        // A datagram that has become whole is a packet that anybody takes.
        const auto packet = backend::ip_packet(whole);
        if ((packet && (packet->fragment || packet->end != whole.size())) || whole.size() > 65'535 + 14 ||
            backend::internet_checksum(whole.subspan(14, (whole[14] & 0xfU) * std::size_t{4})) != 0) {
            std::abort();
        }
    }
    return 0;
}
