// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bus/access.hpp"

#include <cstdint>

namespace windsor::devices::vga {

// One of a chip's address ranges, whose accesses are member functions of the chip.
template <typename Chip> class Range final : public bus::AccessHandler {
public:
    using Read = bus::ReadResult (Chip::*)(std::uint64_t, bus::Width);
    using Write = bus::AccessStatus (Chip::*)(std::uint64_t, bus::Width, std::uint64_t);
    Range(Chip& chip, Read on_read, Write on_write) : chip_{chip}, read_{on_read}, write_{on_write} {}
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override { return (chip_.*read_)(offset, width); }
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
    {
        return (chip_.*write_)(offset, width, value);
    }

private:
    Chip& chip_;
    Read read_;
    Write write_;
};

} // namespace windsor::devices::vga
