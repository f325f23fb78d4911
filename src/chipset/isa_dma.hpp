// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::chipset {

// The DMA channels of the ISA bus, as the devices on them see them. All is called with the machine lock held.
class IsaDma {
public:
    struct Transfer {
        std::size_t bytes{0};       // moved; none if the channel is masked or set up for another direction
        bool terminal_count{false}; // the TC line
    };

    virtual ~IsaDma() = default;

    // The device's DREQ.
    virtual void set_request(unsigned channel, bool level) = 0;
    // Takes bytes from memory, or gives bytes to memory, up to the span's size or terminal count.
    virtual Transfer read(unsigned channel, std::span<std::uint8_t> into) = 0;
    virtual Transfer write(unsigned channel, std::span<const std::uint8_t> from) = 0;
};

} // namespace windsor::chipset
