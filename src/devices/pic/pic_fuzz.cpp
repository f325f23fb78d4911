// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses, line changes and acknowledge cycles.
#include "devices/pic/pic.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    windsor::devices::pic::Pic pic;
    const std::array<windsor::bus::AccessHandler*, 3> ports{&pic.master_ports(), &pic.slave_ports(), &pic.elcr_ports()};
    for (std::size_t i = 0; i + 1 < size; i += 2) {
        auto& port = *ports[(data[i] >> 1) % ports.size()];
        switch (data[i] >> 5) {
        case 0:
        case 1:
        case 2:
            static_cast<void>(port.write(data[i] & 1, Width::Byte, data[i + 1]));
            break;
        case 3:
            static_cast<void>(port.read(data[i] & 1, Width::Byte));
            break;
        case 4:
            pic.acknowledge();
            break;
        case 5:
            pic.load(pic.state());
            break;
        default:
            pic.set_irq(data[i + 1] & 15, (data[i] & 1) != 0);
        }
        // A pin that is high has a vector of its own to give.
        if (pic.output() && !pic.state().master.lines && !pic.state().master.edges) {
            std::abort();
        }
    }
    return 0;
}
