// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the firmware configuration device.
#include "firmware/fw_cfg.hpp"

#include <cstddef>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    const auto ram = memory::Block::create(0x10000).value();
    memory::GuestMemory memory;
    memory.map({.size = 0x10000, .block = ram.get()});
    std::memcpy(ram->data(), data, std::min<std::size_t>(size, 0x10000));
    firmware::FwCfg device{memory};
    device.add_file("etc/one", {1, 2, 3});
    device.finish();
    for (; size >= 6; data += 6, size -= 6) {
        const auto width = static_cast<bus::Width>(1u << (data[0] & 3));
        const std::uint64_t offset = data[1] % 12;
        std::uint32_t value = 0;
        std::memcpy(&value, data + 2, 4);
        if ((data[0] & 4) != 0) {
            device.write(offset, width, value & 0xffff);
            device.write(offset, width, value);
        } else {
            device.read(offset, width);
        }
    }
    return 0;
}
