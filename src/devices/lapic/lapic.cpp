// SPDX-License-Identifier: GPL-2.0-or-later
// Acceptance, priorities and delivery; lapic_registers.cpp has the registers.
#include "devices/lapic/lapic.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace windsor::devices::lapic {

int VectorSet::highest() const
{
    for (int i = static_cast<int>(words.size()) - 1; i >= 0; --i) {
        const std::uint32_t word = words[static_cast<std::size_t>(i)];
        if (word != 0) {
            return i * 32 + 31 - std::countl_zero(word);
        }
    }
    return -1;
}

Lapic::Lapic(const base::Clock& clock, base::TimerQueue& timers, ApicBus& bus, ProcessorSignals& signals,
             Options options)
    : bus_{bus},
      signals_{signals},
      options_{std::move(options)},
      timer_{clock, timers, [this] { fire_lvt(Lvt::Timer); }, options_.time_of_tsc}
{
    state_.apic_base = kDefaultBase | kBaseEnable | (options_.boot_processor ? kBaseBootProcessor : 0);
    clear(); // without a word to the processor, which may not be there yet
    bus_.attach(*this);
}

Lapic::~Lapic()
{
    bus_.detach(*this);
}

void Lapic::reset()
{
    const std::optional<std::uint64_t> old = page();
    state_.apic_base = kDefaultBase | kBaseEnable | (options_.boot_processor ? kBaseBootProcessor : 0);
    init();
    if (page() != old && options_.on_page_moved) {
        options_.on_page_moved(page());
    }
}

// SDM APIC, "Local APIC State After Power-Up or Reset". LINT0 of the boot processor starts as virtual
// wire, as chip sets arrange it, so that the firmware has 8259 interrupts before it meets the APIC.
void Lapic::clear()
{
    State fresh;
    fresh.apic_base = state_.apic_base;
    fresh.lint = state_.lint;
    fresh.lvt.fill(kLvtMasked);
    state_ = fresh;
    if (options_.boot_processor) {
        lvt(Lvt::Lint0) = kLvtExtInt;
    }
    timer_.reset();
}

void Lapic::init()
{
    clear();
    signals_.interrupts_changed();
}

std::uint8_t Lapic::processor_priority() const
{
    const int in_service = std::max(state_.in_service.highest(), 0) & 0xf0;
    const int task = static_cast<int>(state_.task_priority);
    return static_cast<std::uint8_t>((task & 0xf0) >= in_service ? task : in_service);
}

bool Lapic::interrupt_pending() const
{
    return software_enabled() && (state_.requests.highest() & ~0xf) > (processor_priority() & 0xf0);
}

std::optional<base::Vector> Lapic::acknowledge()
{
    if (!interrupt_pending()) {
        return std::nullopt;
    }
    const auto vector = static_cast<std::uint8_t>(state_.requests.highest());
    state_.requests.clear(vector);
    state_.in_service.set(vector);
    signals_.interrupts_changed();
    return base::Vector{vector};
}

bool Lapic::accepts_extint() const
{
    constexpr std::uint32_t kMode = 7 << kLvtModeShift;
    return !globally_enabled() || (lvt(Lvt::Lint0) & (kLvtMasked | kMode)) == kLvtExtInt;
}

void Lapic::set_cr8(std::uint8_t value)
{
    state_.task_priority = (value & 0xfU) << 4;
    signals_.interrupts_changed();
}

void Lapic::set_lint(unsigned pin, bool level)
{
    if (pin >= kLints) {
        return;
    }
    const bool rising = level && !state_.lint[pin];
    state_.lint[pin] = level;
    if (!globally_enabled()) {
        if (pin == 1 && rising) {
            signals_.nmi();
        }
    } else if (rising) {
        fire_lvt(pin == 0 ? Lvt::Lint0 : Lvt::Lint1);
    }
    if (pin == 0) {
        signals_.interrupts_changed();
    }
}

void Lapic::fire_lvt(Lvt entry)
{
    std::uint32_t& value = lvt(entry);
    if ((value & kLvtMasked) != 0) {
        return;
    }
    const bool is_lint = entry == Lvt::Lint0 || entry == Lvt::Lint1;
    const auto vector = static_cast<std::uint8_t>(value);
    const auto mode = static_cast<DeliveryMode>(value >> kLvtModeShift & 7);
    if (mode == DeliveryMode::Fixed && is_lint && (value & kLvtLevel) != 0) {
        if ((value & kLvtRemoteIrr) == 0 && accept_vector(vector, Trigger::Level)) {
            value |= kLvtRemoteIrr;
        }
        return;
    }
    switch (mode) {
    case DeliveryMode::Fixed: accept_vector(vector, Trigger::Edge); break;
    case DeliveryMode::Nmi: signals_.nmi(); break;
    case DeliveryMode::Init:
        init();
        signals_.init();
        break;
    default: break; // ExtInt is a level, see extint_pending(); there is no system management mode
    }
}

bool Lapic::accept_vector(std::uint8_t vector, Trigger trigger)
{
    if (!software_enabled()) {
        return false;
    }
    if (vector < kFirstLegalVector) {
        raise_error(kErrorReceiveVector);
        return false;
    }
    state_.requests.set(vector);
    if (trigger == Trigger::Level) {
        state_.trigger_mode.set(vector);
    } else {
        state_.trigger_mode.clear(vector);
    }
    signals_.interrupts_changed();
    return true;
}

void Lapic::raise_error(std::uint32_t error)
{
    if ((state_.errors_pending & error) == 0) {
        state_.errors_pending |= error;
        fire_lvt(Lvt::Error);
    }
}

bool Lapic::is_destination(const Message& message) const
{
    if (!globally_enabled()) {
        return false;
    }
    if (message.destination == kEveryone) {
        return true;
    }
    if (message.destination_mode == DestinationMode::Physical) {
        return message.destination == options_.id;
    }
    const std::uint32_t logical = shown_logical();
    if (x2apic_enabled()) {
        return message.destination >> 16 == logical >> 16 && (message.destination & logical & 0xffff) != 0;
    }
    const std::uint32_t mine = logical >> 24;
    const std::uint32_t wanted = message.destination & 0xff;
    if (state_.destination_format >> 28 == kDfrFlat) {
        return (wanted & mine) != 0;
    }
    return wanted == 0xff || (wanted >> 4 == mine >> 4 && (wanted & mine & 0xf) != 0);
}

bool Lapic::accept(const Message& message)
{
    if (!globally_enabled()) {
        return false;
    }
    switch (message.mode) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority: return accept_vector(message.vector, message.trigger);
    case DeliveryMode::Nmi: signals_.nmi(); return true;
    case DeliveryMode::Init:
        init();
        signals_.init();
        return true;
    case DeliveryMode::StartUp: signals_.startup(message.vector); return true;
    case DeliveryMode::Smi:
    case DeliveryMode::ExtInt:
    case DeliveryMode::Reserved: return false;
    }
    return false;
}

void Lapic::end_of_interrupt()
{
    const int highest = state_.in_service.highest();
    if (highest < 0) {
        return;
    }
    const auto vector = static_cast<std::uint8_t>(highest);
    state_.in_service.clear(vector);
    if (state_.trigger_mode.test(vector)) {
        for (const Lvt entry : {Lvt::Lint0, Lvt::Lint1}) {
            std::uint32_t& value = lvt(entry);
            if ((value & kLvtRemoteIrr) != 0 && static_cast<std::uint8_t>(value) == vector) {
                value &= ~kLvtRemoteIrr;
                if (state_.lint[entry == Lvt::Lint0 ? 0 : 1]) {
                    fire_lvt(entry);
                }
            }
        }
        bus_.end_of_interrupt(vector);
    }
    signals_.interrupts_changed();
}

Lapic::State Lapic::state() const
{
    State state = state_;
    state.timer = timer_.state();
    return state;
}

void Lapic::load(const State& state)
{
    const std::optional<std::uint64_t> old = page();
    const std::uint64_t address_bits = ((std::uint64_t{1} << options_.physical_address_bits) - 1) | (kPageSize - 1);
    state_ = state;
    state_.apic_base &= address_bits & ~(options_.x2apic ? 0 : kBaseX2Apic);
    state_.task_priority &= 0xff;
    timer_.load(state.timer);
    if (page() != old && options_.on_page_moved) {
        options_.on_page_moved(page());
    }
}

} // namespace windsor::devices::lapic
