// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes into the debug port; no line may be long or hold anything but plain characters.
#include "devices/fw_debug/debug_port.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    devices::fw_debug::DebugPort port{[](std::string_view line) {
        if (line.empty() || line.size() > devices::fw_debug::kLongestLine) {
            std::abort();
        }
        for (const char character : line) {
            if (character < 0x20 || character == 0x7f) {
                std::abort();
            }
        }
    }};
    for (const std::uint8_t byte : std::span{data, size}) {
        port.write(0, bus::Width::Byte, byte);
    }
    port.reset();
    return 0;
}
