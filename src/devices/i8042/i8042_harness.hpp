// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of the keyboard controller share.
#pragma once

#include "devices/i8042/i8042.hpp"
#include "devices/i8042/system_control_port_a.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace windsor::devices::i8042 {

class LineProbe final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool now) override
    {
        level = now;
        count += now ? 1 : 0;
    }
    bool level{false};
    int count{0};
};

using Bytes = std::vector<unsigned>;

class I8042Test : public testing::Test {
protected:
    unsigned status() { return static_cast<unsigned>(controller.command_port().read(0, bus::Width::Byte).value); }
    unsigned read() { return static_cast<unsigned>(controller.data_port().read(0, bus::Width::Byte).value); }
    void write(unsigned value) { controller.data_port().write(0, bus::Width::Byte, value); }
    void command(unsigned value) { controller.command_port().write(0, bus::Width::Byte, value); }
    void command(unsigned value, unsigned parameter)
    {
        command(value);
        write(parameter);
    }
    void pass(base::Nanoseconds by = base::kMillisecond)
    {
        clock.advance(by);
        timers.run_due(clock.now());
    }
    // Everything that comes, as a guest with time on its hands gets it: keyboard's bytes as they are, the mouse's
    // plus 0x100.
    Bytes drain()
    {
        Bytes bytes;
        for (unsigned s = status(); (s & status::kOutputFull) != 0; s = status()) {
            bytes.push_back(read() | ((s & status::kAuxOutput) != 0 ? 0x100u : 0u));
            pass();
        }
        return bytes;
    }
    Bytes keyboard(unsigned byte)
    {
        write(byte);
        return drain();
    }
    // To the mouse; its bytes come without the mark.
    Bytes mouse(unsigned byte)
    {
        command(0xd4, byte);
        Bytes bytes = drain();
        for (unsigned& answer : bytes) {
            EXPECT_GE(answer, 0x100u);
            answer &= 0xff;
        }
        return bytes;
    }
    void set_command_byte(unsigned value) { command(0x60, value); }
    void tap(backend::KeyCode code)
    {
        controller.key(code, true);
        controller.key(code, false);
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    LineProbe irq1;
    LineProbe irq12;
    int resets{0};
    A20Gate a20;
    I8042 controller{clock,
                     timers,
                     a20,
                     {.irq1 = bus::IrqLine{irq1, 1},
                      .irq12 = bus::IrqLine{irq12, 12},
                      .system_reset = [this] { ++resets; }}};
    SystemControlPortA port92{a20, [this] { ++resets; }};
};

} // namespace windsor::devices::i8042
