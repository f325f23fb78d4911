// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses, key and mouse events and the passing of time.
#include "devices/i8042/i8042.hpp"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    namespace i8042 = windsor::devices::i8042;
    windsor::base::ManualClock clock;
    windsor::base::TimerQueue timers;
    i8042::A20Gate a20;
    i8042::I8042 controller{clock, timers, a20, {}};
    for (std::size_t i = 0; i + 1 < size; i += 2) {
        const unsigned value = data[i + 1];
        switch (data[i] >> 5) {
        case 0:
            static_cast<void>(controller.command_port().write(0, Width::Byte, value));
            break;
        case 1:
            static_cast<void>(controller.data_port().write(0, Width::Byte, value));
            break;
        case 2: // to the mouse
            static_cast<void>(controller.command_port().write(0, Width::Byte, 0xd4));
            static_cast<void>(controller.data_port().write(0, Width::Byte, value));
            break;
        case 3:
            static_cast<void>(controller.command_port().read(0, Width::Byte));
            static_cast<void>(controller.data_port().read(0, Width::Byte));
            break;
        case 4:
            controller.key(static_cast<windsor::backend::KeyCode>((data[i] & 2) != 0 ? 0xe000 | value : value),
                           (data[i] & 1) != 0);
            break;
        case 5: {
            const int far = (static_cast<int>(value) - 128) * (1 << (data[i] & 23));
            controller.move(far, -far, far, static_cast<std::uint8_t>(value));
            break;
        }
        case 6:
            controller.load(controller.state());
            break;
        default:
            clock.advance(std::int64_t{value} << (data[i] & 31));
            timers.run_due(clock.now());
        }
        // A full buffer of an idle controller would otherwise wait for nobody.
        if (timers.next_deadline() && *timers.next_deadline() <= clock.now() && (data[i] >> 5) == 7) {
            std::abort();
        }
    }
    return 0;
}
