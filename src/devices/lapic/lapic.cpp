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
    : bus_{bus}, signals_{signals}, options_{std::move(options)},
      timer_{clock, timers, [this](base::Nanoseconds now) { timer_due(now); }, options_.time_of_tsc}
{
    const base::MutexLock lock{own_};
    state_.apic_base = kDefaultBase | kBaseEnable | (options_.boot_processor ? kBaseBootProcessor : 0);
    clear(); // without a word to the processor, which may not be there yet
    bus_.attach(*this);
}

Lapic::~Lapic()
{
    bus_.detach(*this);
}

// --- What the state says ---

std::uint8_t Lapic::State::processor_priority() const
{
    const int serviced = std::max(in_service.highest(), 0) & 0xf0;
    const int task = static_cast<int>(task_priority);
    return static_cast<std::uint8_t>((task & 0xf0) >= serviced ? task : serviced);
}

bool Lapic::State::interrupt_pending() const
{
    return software_enabled() && (requests.highest() & ~0xf) > (processor_priority() & 0xf0);
}

bool Lapic::State::accepts_extint() const
{
    constexpr std::uint32_t kMode = 7 << kLvtModeShift;
    const std::uint32_t lint0 = lvt[static_cast<unsigned>(Lvt::Lint0)];
    return !globally_enabled() || (lint0 & (kLvtMasked | kMode)) == kLvtExtInt;
}

bool Lapic::interrupt_pending() const
{
    const base::MutexLock lock{own_};
    return state_.interrupt_pending();
}

bool Lapic::accepts_extint() const
{
    const base::MutexLock lock{own_};
    return state_.accepts_extint();
}

bool Lapic::extint_pending() const
{
    const base::MutexLock lock{own_};
    return state_.extint_pending();
}

std::uint8_t Lapic::processor_priority() const
{
    const base::MutexLock lock{own_};
    return state_.processor_priority();
}

bool Lapic::software_enabled() const
{
    const base::MutexLock lock{own_};
    return state_.software_enabled();
}

bool Lapic::requested(std::uint8_t vector) const
{
    const base::MutexLock lock{own_};
    return state_.requests.test(vector);
}

// --- Reset ---

void Lapic::reset()
{
    Outgoing out;
    {
        const base::MutexLock lock{own_};
        const std::optional<std::uint64_t> old = page();
        state_.apic_base = kDefaultBase | kBaseEnable | (options_.boot_processor ? kBaseBootProcessor : 0);
        clear_and_tell();
        out.page_moved = page() != old;
        out.page = page();
    }
    send(out);
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

void Lapic::clear_and_tell()
{
    clear();
    tell();
}

void Lapic::init()
{
    const base::MutexLock lock{own_};
    clear_and_tell();
}

// --- Interrupts ---

void Lapic::tell()
{
    signals_.interrupt(state_.interrupt_pending() || state_.extint_pending());
}

void Lapic::drive()
{
    const base::MutexLock lock{own_};
    tell();
}

void Lapic::send(const Outgoing& out)
{
    if (out.message) {
        bus_.send(*out.message, out.shorthand, *this);
    }
    if (out.ended) {
        bus_.end_of_interrupt(*out.ended);
    }
    if (out.page_moved && options_.on_page_moved) {
        options_.on_page_moved(out.page);
    }
}

void Lapic::timer_due(base::Nanoseconds now)
{
    const base::MutexLock lock{own_};
    if (timer_.expired(now)) {
        fire_lvt(Lvt::Timer);
    }
}

std::optional<base::Vector> Lapic::acknowledge()
{
    const base::MutexLock lock{own_};
    if (!state_.interrupt_pending()) {
        return std::nullopt;
    }
    const auto vector = static_cast<std::uint8_t>(state_.requests.highest());
    state_.requests.clear(vector);
    state_.in_service.set(vector);
    tell();
    return base::Vector{vector};
}

std::uint8_t Lapic::cr8() const
{
    const base::MutexLock lock{own_};
    return static_cast<std::uint8_t>(state_.task_priority >> 4);
}

void Lapic::set_cr8(std::uint8_t value)
{
    const base::MutexLock lock{own_};
    state_.task_priority = (value & 0xfU) << 4;
    tell();
}

void Lapic::set_lint(unsigned pin, bool level)
{
    if (pin >= kLints) {
        return;
    }
    const base::MutexLock lock{own_};
    const bool rising = level && !state_.lint[pin];
    state_.lint[pin] = level;
    if (!state_.globally_enabled()) {
        if (pin == 1 && rising) {
            signals_.nmi();
        }
    } else if (rising) {
        fire_lvt(pin == 0 ? Lvt::Lint0 : Lvt::Lint1);
    }
    if (pin == 0) {
        tell();
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
        clear_and_tell();
        signals_.init();
        break;
    default: break; // ExtInt is a level, see extint_pending(); there is no system management mode
    }
}

bool Lapic::accept_vector(std::uint8_t vector, Trigger trigger)
{
    if (!state_.software_enabled()) {
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
    tell();
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
    const base::MutexLock lock{own_};
    if (!state_.globally_enabled()) {
        return false;
    }
    if (message.destination == kEveryone) {
        return true;
    }
    if (message.destination_mode == DestinationMode::Physical) {
        return message.destination == options_.id;
    }
    const std::uint32_t logical = shown_logical();
    if (state_.x2apic_enabled()) {
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
    const base::MutexLock lock{own_};
    if (!state_.globally_enabled()) {
        return false;
    }
    switch (message.mode) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority: return accept_vector(message.vector, message.trigger);
    case DeliveryMode::Nmi: signals_.nmi(); return true;
    case DeliveryMode::Init:
        clear_and_tell();
        signals_.init();
        return true;
    case DeliveryMode::StartUp: signals_.startup(message.vector); return true;
    case DeliveryMode::Smi:
    case DeliveryMode::ExtInt:
    case DeliveryMode::Reserved: return false;
    }
    return false;
}

void Lapic::end_of_interrupt(Outgoing& out)
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
        out.ended = vector;
    }
    tell();
}

// --- State ---

Lapic::State Lapic::state() const
{
    const base::MutexLock lock{own_};
    State state = state_;
    state.timer = timer_.state();
    return state;
}

void Lapic::load(const State& state)
{
    Outgoing out;
    {
        const base::MutexLock lock{own_};
        const std::optional<std::uint64_t> old = page();
        const std::uint64_t address_bits = ((std::uint64_t{1} << options_.physical_address_bits) - 1) | (kPageSize - 1);
        state_ = state;
        state_.apic_base &= address_bits & ~(options_.x2apic ? 0 : kBaseX2Apic);
        state_.task_priority &= 0xff;
        for (unsigned entry = 0; entry < kLvts; ++entry) {
            state_.lvt[entry] &= kLvtWritable[entry] | kLvtRemoteIrr;
        }
        timer_.load(state.timer);
        out.page_moved = page() != old;
        out.page = page();
    }
    send(out);
}

} // namespace windsor::devices::lapic
