// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses and transfers.
#include "devices/dma/dma.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    auto block = windsor::memory::Block::create(1 << 20);
    if (!block) {
        return 0;
    }
    windsor::memory::GuestMemory memory;
    memory.map({.size = (*block)->size(), .block = block->get()});
    windsor::devices::dma::Dma dma{memory};
    const std::array<windsor::bus::AccessHandler*, 3> ports{&dma.first_ports(), &dma.second_ports(), &dma.page_ports()};
    constexpr std::array<unsigned, 3> kSizes{16, 32, 16};
    for (std::size_t i = 0; i + 2 < size; i += 3) {
        const unsigned which = (data[i] & 31) % 3;
        const unsigned offset = data[i + 1] % kSizes[which];
        const unsigned channel = data[i + 1] & 15;
        std::vector<std::uint8_t> bytes(std::size_t{data[i + 2]} * 300);
        switch (data[i] >> 5) {
        case 0:
        case 1:
        case 2:
        case 3:
            static_cast<void>(ports[which]->write(offset, Width::Byte, data[i + 2]));
            break;
        case 4:
            static_cast<void>(ports[which]->read(offset, Width::Byte));
            break;
        case 5:
            if (dma.read(channel, bytes).bytes > bytes.size()) {
                std::abort();
            }
            break;
        case 6:
            if (dma.write(channel, bytes).bytes > bytes.size()) {
                std::abort();
            }
            break;
        default:
            dma.set_request(channel, (data[i + 2] & 1) != 0);
            dma.load(dma.state());
        }
    }
    return 0;
}
