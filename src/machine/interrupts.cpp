// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/interrupts.hpp"

#include "devices/lapic/saved_state.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace windsor::machine {

namespace {

using namespace devices;
using chipset::TickState;

constexpr unsigned kIoApicPins = 48;

std::vector<std::unique_ptr<Socket>> make_sockets(unsigned count, const Socket::Parts& parts)
{
    std::vector<std::unique_ptr<Socket>> sockets;
    for (unsigned number = 0; number < count; ++number) {
        sockets.push_back(std::make_unique<Socket>(number, parts));
    }
    return sockets;
}

class LocalApics final : public chipset::DeviceOf<LocalApics> {
public:
    LocalApics(chipset::Site& /*site*/, std::vector<std::unique_ptr<Socket>>* sockets, lapic::ApicBus* bus)
        : sockets_{*sockets}, bus_{*bus}
    {
    }
    template <typename Visit> base::Status parts(Visit visit) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        for (std::size_t number = 0; number < sockets_.size(); ++number) {
            WINDSOR_TRY(visit(fmt::format("lapic{}", number), sockets_[number]->lapic()));
        }
        return visit("bus", chipset::ResetElsewhere{bus_}); // by the local APICs
    }

private:
    std::vector<std::unique_ptr<Socket>>& sockets_;
    lapic::ApicBus& bus_;
};

class IsaInputs final : public chipset::DeviceOf<IsaInputs> {
public:
    IsaInputs(chipset::Site& /*site*/, IsaInterrupts* inputs) : inputs_{*inputs} {}
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{inputs_}); // they follow the lines of devices
    }

private:
    IsaInterrupts& inputs_;
};

} // namespace

Interrupts::Interrupts(unsigned processors, base::Log& log, const base::Clock& clock, base::TimerQueue& timers,
                       BoardHost& host)
    : host_{host}, sockets_{make_sockets(
                       processors, {.log = log, .clock = clock, .timers = timers, .bus = apic_bus_, .host = host})},
      ioapic_{kIoApicPins,
              [this](const lapic::Message& message) { return host_.lock().assert_held(), deliver(message); }},
      engine_apics_{sockets_, ioapic_, IsaInterrupts::kTimerIoApicInput, clock, log}, pic_output_{sockets_, host},
      pic_{bus::IrqLine{pic_output_, 0}}, isa_{pic_, ioapic_}, pci_{isa_.links(), ioapic_, pci::LinkWiring::Seabios}
{
    apic_bus_.on_end_of_interrupt([this](std::uint8_t vector) { ioapic_.end_of_interrupt(vector); });
    ioapic_.on_entry_changed([this] { host_.lock().assert_held(), engine_apics_.entry_changed(); });
}

chipset::Make Interrupts::local_apics()
{
    return chipset::make_of<LocalApics>(&sockets_, &apic_bus_);
}

chipset::Make Interrupts::isa_inputs()
{
    return chipset::make_of<IsaInputs>(&isa_);
}

void Interrupts::PicOutput::set_irq(unsigned, bool level)
{
    host_.lock().assert_held();
    for (const auto& socket : sockets_) {
        socket->set_pic_output(level);
    }
}

bool Interrupts::deliver(const lapic::Message& message)
{
    return engine_apics_.in_charge() ? engine_apics_.deliver(message) : apic_bus_.deliver(message);
}

void Interrupts::ended(std::uint8_t vector)
{
    ioapic_.end_of_interrupt(vector);
    engine_apics_.ended(vector);
}

void Interrupts::drive()
{
    for (const auto& socket : sockets_) {
        socket->drive();
    }
}

void Interrupts::init_processors()
{
    if (engine_apics_.in_charge()) {
        engine_apics_.deliver({.destination = lapic::kEveryone, .mode = lapic::DeliveryMode::Init});
        return;
    }
    for (const auto& socket : sockets_) {
        socket->lapic().init();
        socket->init();
    }
}

TickState Interrupts::timer_tick() const
{
    const std::uint64_t entry = ioapic_.state().entries[IsaInterrupts::kTimerIoApicInput];
    if ((entry & ioapic::kMasked) == 0) {
        if (engine_apics_.in_charge()) {
            return engine_apics_.timer_pending() ? TickState::Pending : TickState::Taken;
        }
        const bool requested = std::ranges::any_of(sockets_, [this, entry](const auto& socket) {
            host_.lock().assert_held();
            return socket->lapic().requested(static_cast<std::uint8_t>(entry));
        });
        return requested ? TickState::Pending : TickState::Taken;
    }
    const pic::I8259::State& master = pic_.master();
    if ((master.imr & 1) == 0) {
        return (master.edges & 1) != 0 ? TickState::Pending : TickState::Taken;
    }
    return TickState::Unwanted;
}

} // namespace windsor::machine
