// SPDX-License-Identifier: GPL-2.0-or-later
// The serial port in a saved state.
#pragma once

#include "devices/uart/uart16550.hpp"

namespace windsor::devices::uart {

template <typename Archive> void describe(Archive& archive, Uart16550::Character& character)
{
    archive.field("value", character.value);
    archive.field("errors", character.errors);
}

template <typename Archive> void describe(Archive& archive, Uart16550::State& uart)
{
    archive.field("received", uart.received);
    archive.field("ier", uart.ier);
    archive.field("fcr", uart.fcr);
    archive.field("lcr", uart.lcr);
    archive.field("mcr", uart.mcr);
    archive.field("line_errors", uart.line_errors);
    archive.field("modem", uart.modem);
    archive.field("modem_deltas", uart.modem_deltas);
    archive.field("scratch", uart.scratch);
    archive.field("divisor", uart.divisor);
    archive.field("transmit_pending", uart.transmit_pending);
    archive.field("sent_at", uart.sent_at);
    archive.field("timeout_pending", uart.timeout_pending);
    archive.field("refused", uart.refused);
    archive.field("timeout_at", uart.timeout_at);
    archive.field("more_at", uart.more_at);
}

} // namespace windsor::devices::uart
