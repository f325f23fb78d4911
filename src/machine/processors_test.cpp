// SPDX-License-Identifier: GPL-2.0-or-later
// Several processors, and other engines under a guest that runs.
#include "devices/lapic/spec.hpp"
#include "machine/tiny_guest.hpp"
#include "vcpu/cpu_model.hpp"

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

class ProcessorsTest : public testing::TestWithParam<engines::Type> {
protected:
    std::unique_ptr<Machine> make(MachineSpec options)
    {
        options.engine = GetParam();
        return Machine::create(options, log_, [](Event) {}).value();
    }

    base::Log log_{base::Log::discard()};
};

// A system that is told the rate of the crystal does not measure the timer's.
TEST(Processors, TheTimerOfTheLocalApicHasTheRateThatCpuidSays)
{
    const auto hertz = static_cast<std::int64_t>(vcpu::CpuModel::standard().word(0x15, 0, 2));
    EXPECT_EQ(hertz, devices::lapic::kBusHertz);
}

// SeaBIOS starts all of them, and waits until each has said that it runs.
TEST_P(ProcessorsTest, FirmwareStartsAllProcessors)
{
    if (!std::filesystem::exists(MachineSpec{}.bios)) {
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
    const auto machine =
        make({.memory = 16 * kMiB, .processors = 3, .bios = firmware.write(), .serial_ports = {&listener}});
    machine->resume();
    EXPECT_TRUE(eventually([&] { return !listener.heard().empty() && machine->idle(); }));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(listener.heard(), "a") << "a processor has run that nobody started";
}

constexpr unsigned kOtherCode = 0x8000; // where the second processor starts
constexpr unsigned kStarted = 0x900;    // a byte that it sets
constexpr unsigned kCount = 0x902;      // a word that it counts in

unsigned low(unsigned value) { return value & 0xff; }
unsigned high(unsigned value) { return value >> 8 & 0xff; }

// Real mode with a data segment of 4 GiB, and messages to the second processor.
class BootProcessor {
public:
    explicit BootProcessor(TinyFirmware& firmware) : firmware_{firmware}
    {
        firmware_.put(kTable, {0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0}); // data, base 0, limit 4 GiB
        firmware_.put(kPointer, {0x0f, 0, low(kTable - 8), high(kTable - 8), 0x0f, 0});
        firmware_.code({0xfa, 0x2e, 0x0f, 0x01, 0x16, low(kPointer), high(kPointer)}); // cli; lgdt cs:[kPointer]
        firmware_.code({0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0});              // protected mode
        firmware_.code({0xbb, 0x08, 0x00, 0x8e, 0xdb});                                // mov bx, 8; mov ds, bx
        firmware_.code({0x24, 0xfe, 0x0f, 0x22, 0xc0});                                // and out of it again
        store(0xfee000f0, 0x1ff);                                                      // a local APIC that is enabled
    }
    void store(std::uint32_t address, std::uint32_t value)
    {
        firmware_.code({0x66, 0x67, 0xc7, 0x05}); // mov dword [address], value
        word(address);
        word(value);
    }
    void send(std::uint32_t command)
    {
        store(0xfee00310, 2u << 24); // the APIC id of the second
        store(0xfee00300, command);
    }
    void send_init() { send(0x4500); }
    void send_startup() { send(0x4600 | kOtherCode >> 12); }
    void await_start()
    {
        firmware_.code({0x80, 0x3e, low(kStarted), high(kStarted), 1, 0x75, 0xf9}); // l: cmp byte [kStarted], 1; jne l
        firmware_.code({0xc6, 0x06, low(kStarted), high(kStarted), 0});             // mov byte [kStarted], 0
    }
    // Until it has not counted for 65,536 rounds: l: mov bx, [kCount]; xor cx, cx; w: loop w; cmp bx, [kCount]; jne l
    void await_stand_still()
    {
        firmware_.code({0x8b, 0x1e, low(kCount), high(kCount), 0x31, 0xc9, 0xe2, 0xfe, 0x3b, 0x1e, low(kCount),
                        high(kCount), 0x75, 0xf2});
    }

private:
    static constexpr unsigned kTable = 0x1008; // the second descriptor
    static constexpr unsigned kPointer = 0x1020;

    void word(std::uint32_t value)
    {
        firmware_.code({low(value), high(value), low(value >> 16), high(value >> 16)});
    }
    TinyFirmware& firmware_;
};

// The other says 'b' and sets kStarted; then it halts, or counts. Each INIT has it wait for its next start.
TEST_P(ProcessorsTest, InitEndsWhatAProcessorDoes)
{
    for (const bool halts : {true, false}) {
        TinyFirmware firmware;
        BootProcessor boot{firmware};
        boot.store(kOtherCode, 0xf8ba62b0); // mov al, 'b'; mov dx, 3f8h
        boot.store(kOtherCode + 4, 0x06c6ee03); // out dx, al; mov byte [kStarted], 1
        boot.store(kOtherCode + 8, 0xff010900);
        boot.store(kOtherCode + 12, halts ? 0xf4f4f4f4 : 0xeb090206); // hlt; or inc word [kCount]; jmp to it
        boot.store(kOtherCode + 16, halts ? 0xf4f4f4f4 : 0xfafafafa);
        if (halts) {
            boot.store(kOtherCode + 8, 0xf4010900);
        }
        for (int start = 0; start < 3; ++start) {
            boot.send_init();
            boot.await_stand_still();
            firmware.say('i');
            boot.send_startup();
            boot.await_start();
        }
        firmware.say('z');
        firmware.halt();
        Listener listener;
        const auto machine =
            make({.memory = 16 * kMiB, .processors = 2, .bios = firmware.write(), .serial_ports = {&listener}});
        machine->resume();
        EXPECT_TRUE(eventually([&] { return listener.heard().ends_with('z'); })) << listener.heard();
        EXPECT_EQ(listener.heard(), "ibibibz");
    }
}

// mov al, 'a'; l: mov dx, 3f8h; out dx, al; inc al; cmp al, 'z' + 1; jne l; mov al, 'a'; jmp l
TEST_P(ProcessorsTest, AGuestGoesOnWithOtherEngines)
{
    TinyFirmware firmware;
    firmware.code({0xb0, 'a', 0xba, 0xf8, 0x03, 0xee, 0xfe, 0xc0, 0x3c, 'z' + 1, 0x75, 0xf6, 0xb0, 'a', 0xeb, 0xf2});
    Listener listener;
    const auto machine =
        make({.memory = 16 * kMiB, .processors = 2, .bios = firmware.write(), .serial_ports = {&listener}});
    EXPECT_TRUE(machine->change_engine(engines::Type::Translate).has_value()) << "before it has run";
    EXPECT_FALSE(machine->running());
    machine->resume();
    for (const engines::Type type :
         {engines::Type::Emulate, engines::Type::Translate, engines::Type::Translate, engines::Type::Emulate}) {
        const std::size_t before = listener.heard().size();
        EXPECT_TRUE(eventually([&] { return listener.heard().size() > before + 1000; }));
        EXPECT_TRUE(machine->change_engine(type).has_value());
        EXPECT_TRUE(machine->running());
    }
    machine->pause();
    EXPECT_TRUE(machine->change_engine(engines::Type::Translate).has_value());
    EXPECT_FALSE(machine->running()) << "a change keeps it paused";
    const std::string heard = listener.heard();
    for (std::size_t i = 0; i < heard.size(); ++i) {
        ASSERT_EQ(heard[i], static_cast<char>('a' + i % 26)) << "at " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessorsTest, testing::Values(engines::Type::Emulate, engines::Type::Translate),
                         [](const auto& test) {
                             return test.param == engines::Type::Emulate ? "emulate" : "translate";
                         });

} // namespace

} // namespace windsor::machine
