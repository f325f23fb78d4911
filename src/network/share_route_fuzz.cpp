// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as frames of a guest's, and of libslirp's, and holds what becomes of them against what they were: nothing
// but one address and one port of one end is another, and what is led there comes back the same.
#include "network/share_route.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace windsor;

// In memory of its own, so that a byte beyond it is told; most are TCP segments to the address of shares.
std::vector<std::uint8_t> frame_of(std::span<const std::uint8_t> bytes, std::uint8_t how)
{
    std::vector<std::uint8_t> frame{bytes.begin(), bytes.end()};
    if ((how & 1) != 0 && frame.size() >= 34) {
        frame[12] = 0x08;
        frame[13] = 0x00;
        frame[14] = static_cast<std::uint8_t>(0x40 | ((how & 2) != 0 ? 5 : frame[14] & 0xf));
        frame[16] = 0;
        frame[17] = (how & 4) != 0 ? static_cast<std::uint8_t>(frame.size() - 14) : frame[17];
        frame[20] = frame[21] = 0;
        frame[23] = 6;
        const std::array<std::uint8_t, 4> share{10, 0, 2, 4};
        const std::array<std::uint8_t, 4> loop_back{127, 0, 0, 1};
        std::ranges::copy((how & 8) != 0 ? share : loop_back, frame.begin() + ((how & 16) != 0 ? 30 : 26));
    }
    if ((how & 32) != 0 && frame.size() >= 54) {
        frame[36] = 445 >> 8;
        frame[37] = 445 & 0xff;
        frame[46] |= 0x50;
    }
    return frame;
}

std::size_t differences(std::span<const std::uint8_t> one, std::span<const std::uint8_t> other)
{
    std::size_t count = one.size() == other.size() ? 0 : 1000;
    for (std::size_t at = 0; at < std::min(one.size(), other.size()); ++at) {
        count += one[at] != other[at] ? 1 : 0;
    }
    return count;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::span<const std::uint8_t> input{data, size};
    network::ShareRoute route{{.direct = 0x1bd, .session = 139}}; // 445, so that fuzzing meets both directions
    while (input.size() > 2) {
        const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
        const std::vector<std::uint8_t> frame = frame_of(input.subspan(2, length), input[0]);
        input = input.subspan(2 + length);
        constexpr std::size_t kMost = 4 + 2 + 2 + 2; // an address, a port and two checksums
        if (differences(frame, route.from_guest(frame)) > kMost || differences(frame, route.to_guest(frame)) > kMost) {
            std::abort();
        }
    }
    return 0;
}
