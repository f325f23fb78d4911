// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses and the passing of time.
#include "devices/pit/pit.hpp"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    namespace pit = windsor::devices::pit;
    windsor::base::ManualClock clock;
    windsor::base::TimerQueue timers;
    pit::Pit chip{clock, timers};
    pit::SystemControlPort port61{chip, clock};
    for (std::size_t i = 0; i + 1 < size; i += 2) {
        const std::uint8_t value = data[i + 1];
        switch (data[i] >> 5) {
        case 0:
        case 1:
        case 2:
            static_cast<void>(chip.write(data[i] & 3, Width::Byte, value));
            break;
        case 3:
            static_cast<void>(chip.read(data[i] & 3, Width::Byte));
            break;
        case 4:
            static_cast<void>(port61.write(0, Width::Byte, value));
            break;
        case 5:
            static_cast<void>(port61.read(0, Width::Byte));
            break;
        case 6:
            chip.load(chip.state());
            break;
        default:
            clock.advance(std::int64_t{value} << (data[i] & 31));
            timers.run_due(clock.now());
        }
        // Edges lie in the future, or the machine would never sleep.
        if (timers.next_deadline() && *timers.next_deadline() <= clock.now()) {
            std::abort();
        }
    }
    return 0;
}
