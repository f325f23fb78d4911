// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/fw_debug/debug_port.hpp"

#include <utility>

namespace windsor::devices::fw_debug {

bus::ReadResult DebugPort::read(std::uint64_t /*offset*/, bus::Width width)
{
    return width == bus::Width::Byte ? bus::ReadResult{std::uint64_t{kPresence}}
                                     : bus::ReadResult{bus::AccessStatus::BadWidth};
}

bus::AccessStatus DebugPort::write(std::uint64_t /*offset*/, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const auto character = static_cast<unsigned char>(value);
    if (character == '\n') {
        flush();
    } else if (character == '\t' || character >= 0x20) {
        const bool plain = character >= 0x20 && character < 0x7f;
        state_.line.push_back(plain ? static_cast<char>(character) : character == '\t' ? ' ' : '?');
        if (state_.line.size() >= kLongestLine) {
            flush();
        }
    }
    return bus::AccessStatus::Ok;
}

void DebugPort::flush()
{
    const std::string line = std::exchange(state_.line, {});
    if (!line.empty() && sink_) {
        sink_(line);
    }
}

} // namespace windsor::devices::fw_debug
