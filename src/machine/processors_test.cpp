// SPDX-License-Identifier: GPL-2.0-or-later
// Several processors, and other engines under a guest that runs.
#include "machine/tiny_guest.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

using namespace std::chrono_literals;

// Host time only bounds the wait.
bool eventually(const std::function<bool()>& so)
{
    for (int i = 0; i < 3000; ++i) {
        if (so()) {
            return true;
        }
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

class ProcessorsTest : public testing::TestWithParam<EngineType> {
protected:
    std::unique_ptr<Machine> make(Options options)
    {
        options.engine = GetParam();
        return Machine::create(options, log_, [](Event) {}).value();
    }

    base::Log log_{base::Log::discard()};
};

// SeaBIOS starts all of them, and waits until each has said that it runs.
TEST_P(ProcessorsTest, FirmwareStartsAllProcessors)
{
    if (!std::filesystem::exists(Options{}.bios)) {
        GTEST_SKIP() << "Debian's package seabios is not installed";
    }
    const auto machine = make({.memory = 16 * kMiB, .processors = 5});
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "No bootable device"));
    machine->pause();
    const auto processors = machine->processors();
    ASSERT_EQ(processors.size(), 5u);
    for (const ProcessorStatus& processor : processors) {
        EXPECT_NE(processor.thread, 0);
        EXPECT_GT(processor.time, 0);
    }
    machine->reset();
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "No bootable device"));
}

TEST_P(ProcessorsTest, TheOthersWaitForTheirStart)
{
    TinyFirmware firmware;
    firmware.say('a');
    firmware.halt();
    Listener listener;
    const auto machine = make({.memory = 16 * kMiB, .processors = 3, .bios = firmware.write(), .serial = &listener});
    machine->resume();
    EXPECT_TRUE(eventually([&] { return !listener.heard().empty() && machine->idle(); }));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(listener.heard(), "a") << "a processor has run that nobody started";
}

// mov al, 'a'; l: mov dx, 3f8h; out dx, al; inc al; cmp al, 'z' + 1; jne l; mov al, 'a'; jmp l
TEST_P(ProcessorsTest, AGuestGoesOnWithOtherEngines)
{
    TinyFirmware firmware;
    firmware.code({0xb0, 'a', 0xba, 0xf8, 0x03, 0xee, 0xfe, 0xc0, 0x3c, 'z' + 1, 0x75, 0xf6, 0xb0, 'a', 0xeb, 0xf2});
    Listener listener;
    const auto machine = make({.memory = 16 * kMiB, .processors = 2, .bios = firmware.write(), .serial = &listener});
    EXPECT_TRUE(machine->change_engine(EngineType::Translate).has_value()) << "before it has run";
    EXPECT_FALSE(machine->running());
    machine->resume();
    for (const EngineType type : {EngineType::Emulate, EngineType::Translate, EngineType::Translate, EngineType::Emulate}) {
        const std::size_t before = listener.heard().size();
        EXPECT_TRUE(eventually([&] { return listener.heard().size() > before + 1000; }));
        EXPECT_TRUE(machine->change_engine(type).has_value());
        EXPECT_TRUE(machine->running());
    }
    machine->pause();
    EXPECT_TRUE(machine->change_engine(EngineType::Translate).has_value());
    EXPECT_FALSE(machine->running()) << "a change keeps it paused";
    const std::string heard = listener.heard();
    for (std::size_t i = 0; i < heard.size(); ++i) {
        ASSERT_EQ(heard[i], static_cast<char>('a' + i % 26)) << "at " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessorsTest, testing::Values(EngineType::Emulate, EngineType::Translate),
                         [](const auto& test) { return test.param == EngineType::Emulate ? "emulate" : "translate"; });

} // namespace

} // namespace windsor::machine
