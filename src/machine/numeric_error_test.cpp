// SPDX-License-Identifier: GPL-2.0-or-later
// An x87 exception in a program that leaves CR0.NE clear, from FERR# to IRQ 13 and back by IGNNE#. SDM volume 1,
// section 8.7.2 and appendix D.
#include "machine/machine.hpp"
#include "machine/tiny_guest.hpp"

#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

class NumericErrorInterrupt : public testing::TestWithParam<engines::Type> {};

void divide_by_zero(TinyFirmware& firmware)
{
    firmware.code({0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9}); // fld1; fldz; fdivp
}

TEST_P(NumericErrorInterrupt, ComesBeforeTheNextInstructionAndOnce)
{
    TinyFirmware firmware;
    constexpr unsigned kHandler = 0x200;
    firmware.code({0xb0, 0x11, 0xe6, 0x20, 0xe6, 0xa0,             // the 8259s: interrupts from 08h and 70h on
                   0xb0, 0x08, 0xe6, 0x21, 0xb0, 0x70, 0xe6, 0xa1, //
                   0xb0, 0x04, 0xe6, 0x21, 0xb0, 0x02, 0xe6, 0xa1, //
                   0xb0, 0x01, 0xe6, 0x21, 0xe6, 0xa1,             //
                   0xb0, 0xfb, 0xe6, 0x21, 0xb0, 0xdf, 0xe6, 0xa1}); // IRQ 2 and 13
    firmware.code({0xc7, 0x06, 0xd4, 0x01, kHandler & 0xff, kHandler >> 8, // vector 75h
                   0xc7, 0x06, 0xd6, 0x01, 0x00, 0xf0, 0xbc, 0x00, 0x70}); // and the stack
    firmware.code({0xc7, 0x06, 0x00, 0x06, 0x7b, 0x03, 0xdb, 0xe3, 0xd9, 0x2e, 0x00, 0x06}); // unmask division by zero
    divide_by_zero(firmware);
    firmware.code({0xfb, 0xd9, 0xd0}); // sti; fnop, which waits
    firmware.say('n');
    divide_by_zero(firmware); // a second one is told of as the first
    firmware.code({0xd9, 0xd0});
    firmware.say('x');
    firmware.halt();
    firmware.put(kHandler, {0x50, 0x52, 0xba, 0xf8, 0x03, 0xb0, 'i', 0xee, // says "i"
                            0xe6, 0xf0, 0xd9, 0xd0, 0xb0, 'g', 0xee,       // IGNNE#: FNOP does not wait; "g"
                            0xdb, 0xe2, 0xb0, 0x20, 0xe6, 0xa0, 0xe6, 0x20, // fnclex; end of interrupt
                            0x5a, 0x58, 0xcf});
    Listener listener;
    base::Log log = base::Log::discard();
    const auto machine =
        Machine::create(
            {.memory = 16 * kMiB, .engine = GetParam(), .bios = firmware.write(), .serial_ports = {&listener}}, log,
            [](Event) {})
            .value();
    EXPECT_EQ(listen(*machine, listener, 6), "ignigx");
}

INSTANTIATE_TEST_SUITE_P(Engines, NumericErrorInterrupt,
                         testing::Values(engines::Type::Emulate, engines::Type::Translate), [](const auto& engine) {
                             return std::string{engine.param == engines::Type::Emulate ? "Emulate" : "Translate"};
                         });

} // namespace

} // namespace windsor::machine
