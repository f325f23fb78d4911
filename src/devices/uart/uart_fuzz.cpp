// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as port accesses, characters from the line and the passing of time.
#include "devices/uart/uart16550.hpp"

#include <cstddef>
#include <cstdlib>
#include <functional>

namespace {

class Terminal final : public windsor::backend::CharacterSink {
public:
    void transmit(std::uint8_t) override {}
    void input_wanted() override { more(); }
    std::function<void()> more;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using windsor::bus::Width;
    windsor::base::ManualClock clock;
    windsor::base::TimerQueue timers;
    Terminal sink;
    windsor::devices::uart::Uart16550 uart{clock, timers, {}, sink};
    sink.more = [&] { uart.receive({data, size}); };
    for (std::size_t i = 0; i + 1 < size; i += 2) {
        const std::uint8_t value = data[i + 1];
        switch (data[i] >> 5) {
        case 0:
        case 1:
        case 2:
            static_cast<void>(uart.write(data[i] & 7, Width::Byte, value));
            break;
        case 3:
        case 4:
            static_cast<void>(uart.read(data[i] & 7, Width::Byte));
            break;
        case 5:
            if (const std::size_t space = uart.receive_space(); uart.receive({data, size}) > space) {
                std::abort();
            }
            break;
        case 6:
            uart.set_modem_lines(value);
            uart.receive_break();
            uart.load(uart.state());
            break;
        default:
            clock.advance(std::int64_t{value} << (data[i] & 31));
            timers.run_due(clock.now());
        }
    }
    return 0;
}
