// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets, I/O APIC and an engine's local APIC that only notes what it is told.
#include "machine/engine_apics.hpp"

#include "base/clock.hpp"
#include "machine/apic_exchange.hpp"
#include "machine/saved_machine.hpp"

#include <array>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

using namespace devices;

class Messages final : public vcpu::ApicMessages {
public:
    bool deliver(const vcpu::ApicMessage& message) override
    {
        sent.push_back(message);
        return taken;
    }
    base::Status report_ends(std::span<const vcpu::ApicMessage> messages) override
    {
        reported.assign(messages.begin(), messages.end());
        ++reports;
        return {};
    }
    void on_end(std::function<void(std::uint8_t)>) override {}

    bool taken{true};
    std::vector<vcpu::ApicMessage> sent;
    std::vector<vcpu::ApicMessage> reported;
    unsigned reports{0};
};

class EngineWithApic final : public vcpu::Engine, public vcpu::LocalApic {
public:
    EngineWithApic(vcpu::Signals& signals, Messages& messages) : vcpu::Engine{signals}, messages_{messages} {}

    vcpu::HaltReason run() override { return vcpu::HaltReason::Stopped; }
    vcpu::CpuState state() const override { return {}; }
    std::string unread() const override { return lost; }
    void set_state(const vcpu::CpuState&) override {}
    void set_a20(bool) override {}
    vcpu::LocalApic* local_apic() override { return absent ? nullptr : this; }
    vcpu::Statistics statistics() const override { return {}; }
    std::vector<vcpu::Counter> counters() const override { return {}; }
    const std::string& failure() const override { return failure_; }

    void give(const vcpu::LocalApicState& state) override { held = state; }
    vcpu::LocalApicState take() override { return held; }
    bool waiting() const override { return false; }
    vcpu::ApicMessages& messages() override { return messages_; }

    vcpu::LocalApicState held{};
    bool absent{false};
    std::string lost; // why the host gives nothing

private:
    Messages& messages_;
    std::string failure_;
};

class Host final : public BoardHost {
public:
    const bus::MachineLock& lock() const override { return lock_; }
    vcpu::Signals& signals(unsigned) override { return pins; }
    void set_a20(bool) override {}
    void request(Event) override {}

    bool interrupt() const { return pins.test(vcpu::Signal::Interrupt); }

    vcpu::Signals pins;

private:
    bus::MachineLock lock_;
    bus::MachineGuard guard_{lock_}; // held throughout the test
};

constexpr unsigned kTimerPin = 2;
constexpr std::uint64_t kEdge = 0;

class EngineApicsTest : public testing::Test {
protected:
    EngineApicsTest()
    {
        sockets.push_back(std::make_unique<Socket>(
            0, Socket::Parts{.log = log, .clock = clock, .timers = timers, .bus = bus, .host = host}));
        ioapic.on_entry_changed([this] { host.lock().assert_held(), apics.entry_changed(); });
        put(lapic::Register::SpuriousVector, lapic::kSvrEnable | 0xff);
    }

    lapic::Lapic& own() WINDSOR_REQUIRES(bus::kMachineLock) { return sockets.front()->lapic(); }
    void put(lapic::Register reg, std::uint32_t value) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        own().write(std::uint64_t{static_cast<unsigned>(reg)} * 16, bus::Width::Dword, value);
    }
    void program(unsigned pin, std::uint64_t entry)
    {
        for (const unsigned half : {1U, 0U}) {
            ioapic.write(ioapic::kRegisterSelect, bus::Width::Dword, ioapic::kRedirection0 + 2 * pin + half);
            ioapic.write(ioapic::kWindow, bus::Width::Dword, entry >> (32 * half) & 0xffffffff);
        }
    }
    void hand_out() WINDSOR_REQUIRES(bus::kMachineLock)
    {
        vcpu::Engine* const one = &engine;
        apics.hand_out(std::span{&one, 1});
    }
    vcpu::ApicMessage level(std::uint8_t vector)
    {
        return *to_engine(lapic::Message{.vector = vector, .trigger = lapic::Trigger::Level});
    }

    base::Log log{base::Log::discard()};
    base::ManualClock clock;
    base::TimerQueue timers;
    Host host;
    lapic::ApicBus bus;
    std::vector<std::unique_ptr<Socket>> sockets;
    ioapic::IoApic ioapic{24, [this](const lapic::Message& message) {
                              host.lock().assert_held();
                              return apics.in_charge() ? apics.deliver(message) : bus.deliver(message);
                          }};
    EngineApics apics{sockets, ioapic, kTimerPin, clock, log};
    Messages messages;
    EngineWithApic engine{host.pins, messages};
};

TEST_F(EngineApicsTest, LevelEntriesAreReportedMaskedOnesToo)
{
    host.lock().assert_held();
    program(4, kEdge | 0x34);
    program(20, ioapic::kLevel | 0x91);
    program(21, ioapic::kLevel | ioapic::kMasked | 0x92);
    program(22, ioapic::kLevel | std::uint64_t{static_cast<unsigned>(lapic::DeliveryMode::Smi)} << 8 | 0x93);
    EXPECT_EQ(reported_messages(ioapic, kTimerPin), (std::vector{level(0x91), level(0x92)}));
    program(kTimerPin, kEdge | 0x30);
    EXPECT_EQ(reported_messages(ioapic, kTimerPin), (std::vector{level(0x30), level(0x91), level(0x92)}));
}

TEST_F(EngineApicsTest, TheEngineLearnsOfAnEntryBeforeItsInterrupt)
{
    host.lock().assert_held();
    hand_out();
    EXPECT_TRUE(messages.reported.empty());
    ioapic.set_irq(20, true);
    program(20, ioapic::kLevel | 0x91);
    EXPECT_EQ(messages.reported, std::vector{level(0x91)});
    EXPECT_EQ(messages.sent, std::vector{level(0x91)});
    const unsigned reports = messages.reports;
    program(20, ioapic::kLevel | ioapic::kMasked | 0x91);
    EXPECT_EQ(messages.reports, reports) << "masking is nothing to KVM";
}

TEST_F(EngineApicsTest, ALevelComesAgainAfterItsEnd)
{
    host.lock().assert_held();
    program(20, ioapic::kLevel | 0x91);
    hand_out();
    ioapic.set_irq(20, true);
    EXPECT_EQ(messages.sent.size(), 1U);
    ioapic.end_of_interrupt(0x91);
    EXPECT_EQ(messages.sent.size(), 2U);
    ioapic.set_irq(20, false);
    ioapic.end_of_interrupt(0x91);
    EXPECT_EQ(messages.sent.size(), 2U);
}

TEST_F(EngineApicsTest, ALevelThatTheEngineRefusesIsOfferedAgain)
{
    host.lock().assert_held();
    messages.taken = false;
    hand_out();
    ioapic.set_irq(20, true);
    program(20, ioapic::kLevel | 0x91);
    messages.taken = true;
    program(20, ioapic::kLevel | 0x91);
    EXPECT_EQ(messages.sent.size(), 2U);
    EXPECT_NE(ioapic.state().entries[20] & ioapic::kRemoteIrr, 0U);
}

TEST_F(EngineApicsTest, AnEngineWithoutOneLeavesTheMachinesInCharge)
{
    host.lock().assert_held();
    engine.absent = true;
    hand_out();
    EXPECT_FALSE(apics.in_charge());
    apics.take_back();
    program(4, kEdge | 0x34);
    ioapic.set_irq(4, true);
    EXPECT_TRUE(messages.sent.empty());
    EXPECT_TRUE(own().requested(0x34));
}

TEST_F(EngineApicsTest, StateGoesOutAndComesBack)
{
    host.lock().assert_held();
    put(lapic::Register::LvtTimer, 0x40);
    put(lapic::Register::DivideConfiguration, 0xb);
    put(lapic::Register::InitialCount, 1000);
    EXPECT_TRUE(bus.deliver({.vector = 0x51}));
    clock.advance(400);
    hand_out();
    EXPECT_EQ(engine.held.registers[0x39], 600U);
    EXPECT_EQ(engine.held.registers[0x22], 1U << 17);
    clock.advance(10'000);
    timers.run_due(clock.now());
    EXPECT_FALSE(own().requested(0x40)) << "the engine's timer runs, not the machine's";
    engine.held.registers[0x22] = 1U << 18;
    engine.held.registers[0x39] = 250;
    engine.held.counted_at = clock.now();
    engine.held.nmi_pending = true;
    apics.take_back();
    EXPECT_FALSE(own().requested(0x51));
    EXPECT_TRUE(own().requested(0x52));
    EXPECT_TRUE(host.pins.test(vcpu::Signal::Nmi));
    clock.advance(249);
    timers.run_due(clock.now());
    EXPECT_FALSE(own().requested(0x40));
    clock.advance(1);
    timers.run_due(clock.now());
    EXPECT_TRUE(own().requested(0x40));
}

// The local APIC that is in charge decides about LINT0; the line is told as it is.
TEST_F(EngineApicsTest, TheOutputOfThe8259sGoesThrough)
{
    host.lock().assert_held();
    put(lapic::Register::LvtLint0, lapic::kLvtMasked);
    sockets.front()->set_pic_output(true);
    EXPECT_FALSE(host.interrupt());
    hand_out();
    EXPECT_TRUE(host.interrupt());
    sockets.front()->set_pic_output(false);
    EXPECT_FALSE(host.interrupt());
    sockets.front()->set_pic_output(true);
    EXPECT_TRUE(host.interrupt());
    apics.take_back();
    EXPECT_FALSE(host.interrupt()) << "masked";
    EXPECT_TRUE(own().state().lint[0]);
}

TEST_F(EngineApicsTest, TheRegistersAreNotTheMachinesMeanwhile)
{
    host.lock().assert_held();
    EXPECT_NE(sockets.front()->local(base::GuestPhysical{lapic::kDefaultBase}), nullptr);
    hand_out();
    EXPECT_EQ(sockets.front()->local(base::GuestPhysical{lapic::kDefaultBase}), nullptr);
    engine.held.base = lapic::kBaseEnable | 0xfd000000;
    apics.take_back();
    EXPECT_EQ(sockets.front()->local(base::GuestPhysical{lapic::kDefaultBase}), nullptr);
    EXPECT_NE(sockets.front()->local(base::GuestPhysical{0xfd000000}), nullptr) << "the guest has moved them";
}

TEST_F(EngineApicsTest, ATickWaitsUntilItsEnd)
{
    host.lock().assert_held();
    program(kTimerPin, kEdge | 0x30);
    hand_out();
    const auto tick = [this] {
        ioapic.set_irq(kTimerPin, true);
        ioapic.set_irq(kTimerPin, false);
    };
    tick();
    EXPECT_FALSE(apics.timer_pending()) << "this host may not tell of ends";
    apics.ended(0x30);
    tick();
    EXPECT_TRUE(apics.timer_pending());
    apics.ended(0x31);
    EXPECT_TRUE(apics.timer_pending());
    apics.ended(0x30);
    EXPECT_FALSE(apics.timer_pending());
    tick();
    clock.advance(base::kSecond);
    EXPECT_FALSE(apics.timer_pending()) << "lost with an INIT, perhaps";
}

TEST(TakenProcessors, AreNotWhatTheHostHasNotGiven)
{
    Messages messages;
    vcpu::Signals signals;
    EngineWithApic first{signals, messages};
    EngineWithApic second{signals, messages};
    const std::array<vcpu::Engine*, 2> engines{&first, &second};
    EXPECT_TRUE(take_processors(engines).has_value());
    second.lost = "KVM refuses the processor's general registers";
    const auto taken = take_processors(engines);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().message(),
              "what a processor holds cannot be read: KVM refuses the processor's general registers");
}

} // namespace

} // namespace windsor::machine
