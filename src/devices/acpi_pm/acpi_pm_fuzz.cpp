// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port and configuration accesses, events and time.
#include "devices/acpi_pm/power_management.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    using namespace windsor::devices;
    base::ManualClock clock;
    base::TimerQueue timers;
    acpi_pm::PowerManagement pm{clock, timers, {}};
    struct Block {
        bus::AccessHandler& handler;
        unsigned size;
    };
    const std::array blocks{Block{pm.pm_io(), acpi_pm::kPmIoSize}, Block{pm.gpe_io(), acpi_pm::kGpeSize},
                            Block{pm.smi_io(), acpi_pm::kSmiPorts}, Block{pm.smbus_io(), acpi_pm::kSmbusSize}};
    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 6 <= bytes.size(); at += 6) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) {
            value |= static_cast<std::uint32_t>(bytes[at + 2 + i]) << (8 * i);
        }
        const Block& block = blocks.at(bytes[at] >> 3 & 3U);
        const unsigned offset = bytes[at + 1] % block.size;
        const auto width = static_cast<bus::Width>(1U << (bytes[at] >> 5 & 3U));
        const bool fits = offset + bus::bytes(width) <= block.size;
        switch (bytes[at] & 7) {
        case 0: pm.config_write(bytes[at + 1], 1, value); break;
        case 1: pm.press_power_button(); break;
        case 2: pm.raise_gpe(value); break;
        case 3:
            clock.advance(value * std::int64_t{256});
            timers.run_due(clock.now());
            break;
        case 4: pm.load(acpi_pm::PowerManagement::State{pm.state()}); break;
        case 5:
            if (fits) {
                block.handler.read(offset, width);
            }
            break;
        default:
            if (fits) {
                block.handler.write(offset, width, value);
            }
            break;
        }
    }
    return 0;
}
