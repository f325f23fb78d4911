// SPDX-License-Identifier: GPL-2.0-or-later
// Resets of the processor alone, by which programs for the 80286 leave protected mode: IBM PC AT technical reference,
// "Shutdown"; 82371SB PIIX3 datasheet, INIT.
#include "machine/machine.hpp"
#include "machine/tiny_guest.hpp"

#include <atomic>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

using Code = std::initializer_list<unsigned>;

struct Way {
    const char* name;
    Code code;
};

const Way kProcessorOnly[] = {
    {"the keyboard controller's pulse", {0xb0, 0xfe, 0xe6, 0x64}},
    {"its output port", {0xb0, 0xd1, 0xe6, 0x64, 0xb0, 0x02, 0xe6, 0x60}},
    {"port 92h", {0xb0, 0x01, 0xe6, 0x92}},
    {"port CF9h, soft", {0xba, 0xf9, 0x0c, 0xb0, 0x04, 0xee}},
    {"a triple fault", {0x0f, 0x01, 0x1e, 0x00, 0x06, 0xcc}}, // lidt [600h], which is empty; int3
};
const Way kWhole{"port CF9h, hard", {0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee}};

class ProcessorReset : public testing::TestWithParam<engines::Type> {
protected:
    // The firmware says "f" at first, leaves 'Z' in memory and 'S' in a chip, and resets. With a code in CMOS it says
    // what it finds of both.
    std::string run(const Way& way, unsigned shutdown_code, std::size_t characters)
    {
        TinyFirmware firmware;
        constexpr unsigned kResumed = 0x100;
        firmware.code({0xb0, 0x8f, 0xe6, 0x70, 0xe4, 0x71, 0x84, 0xc0}); // CMOS 0Fh
        firmware.code({0x0f, 0x85, kResumed - 12, 0x00});                // jnz
        firmware.code({0xc6, 0x06, 0x00, 0x05, 'Z'});                    // mov byte [500h], 'Z'
        firmware.code({0xba, 0xff, 0x03, 0xb0, 'S', 0xee});              // the serial port's scratch register
        firmware.say('f');
        firmware.code({0xb0, 0x8f, 0xe6, 0x70, 0xb0, shutdown_code, 0xe6, 0x71});
        firmware.code(way.code);
        firmware.code({0xf4, 0xeb, 0xfd}); // hlt, again and again
        firmware.put(kResumed, {0xa0, 0x00, 0x05, 0xba, 0xf8, 0x03, 0xee,       // [500h]
                                0xba, 0xff, 0x03, 0xec, 0xba, 0xf8, 0x03, 0xee, // and the scratch register
                                0xf4});
        Listener listener;
        const auto machine = Machine::create({.memory = 16 * kMiB,
                                              .processors = 2,
                                              .engine = GetParam(),
                                              .bios = firmware.write(),
                                              .serial_ports = {&listener}},
                                             log_, [this](Event event) { resets_ += event == Event::Reset ? 1 : 0; })
                                 .value();
        const int before = resets_;
        std::string heard = listen(*machine, listener, characters);
        if (heard.size() == 1) { // the reset may come yet
            machine->resume();
            for (int i = 0; i < 1000 && resets_ == before; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds{10});
            }
            machine->pause();
            heard = listener.heard();
        }
        return heard;
    }

    base::Log log_{base::Log::discard()};
    std::atomic<int> resets_{0};
};

TEST_P(ProcessorReset, KeepsMemoryAndDevicesIfTheBiosIsToResume)
{
    for (const Way& way : kProcessorOnly) {
        EXPECT_EQ(run(way, 0x0a, 3), "fZS") << way.name;
    }
    EXPECT_EQ(resets_, 0);
}

// The BIOS would set up the whole machine, which is the owner's to know of.
TEST_P(ProcessorReset, IsOneOfTheMachineWithoutAShutdownCode)
{
    int expected = 0;
    for (const Way& way : kProcessorOnly) {
        EXPECT_EQ(run(way, 0, 1), "f") << way.name;
        EXPECT_EQ(resets_, ++expected) << way.name;
    }
}

TEST_P(ProcessorReset, AHardResetIsOneOfTheMachineInAnyCase)
{
    EXPECT_EQ(run(kWhole, 0x0a, 1), "f");
    EXPECT_EQ(resets_, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessorReset, testing::Values(engines::Type::Emulate, engines::Type::Translate),
                         [](const auto& engine) {
                             return std::string{engine.param == engines::Type::Emulate ? "Emulate" : "Translate"};
                         });

} // namespace

} // namespace windsor::machine
