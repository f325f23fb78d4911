// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses and the passing of time.
#include "devices/rtc/rtc.hpp"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    windsor::base::ManualClock clock;
    windsor::base::TimerQueue timers;
    windsor::devices::rtc::Rtc rtc{clock, timers, {}, {.base_seconds = 1'000'000'000}};
    for (std::size_t i = 0; i + 1 < size; i += 2) {
        const std::uint8_t value = data[i + 1];
        auto& ports = (data[i] & 16) != 0 ? rtc.extended_ports() : rtc.ports();
        switch (data[i] >> 5) {
        case 0:
        case 1:
            static_cast<void>(ports.write(0, Width::Byte, value));
            break;
        case 2: // mostly clock registers
            static_cast<void>(rtc.ports().write(0, Width::Byte, value & 15));
            break;
        case 3:
        case 4:
            static_cast<void>(ports.write(1, Width::Byte, value));
            break;
        case 5:
            static_cast<void>(ports.read(data[i] & 1, Width::Byte));
            break;
        case 6:
            rtc.load(rtc.state());
            break;
        default:
            clock.advance(std::int64_t{value} << (data[i] & 31));
            timers.run_due(clock.now());
        }
        if (timers.next_deadline() && *timers.next_deadline() <= clock.now()) {
            std::abort();
        }
    }
    return 0;
}
