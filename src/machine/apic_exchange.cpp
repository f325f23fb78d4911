// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/apic_exchange.hpp"

#include <algorithm>

namespace windsor::machine {

namespace {

using namespace devices::lapic;
using vcpu::LocalApicState;

constexpr std::uint32_t kMessages = 0xfee00000;

constexpr std::size_t at(Register reg)
{
    return static_cast<std::size_t>(reg);
}

void put(LocalApicState& to, Register first, const VectorSet& set)
{
    std::ranges::copy(set.words, to.registers.begin() + static_cast<std::ptrdiff_t>(at(first)));
}

void take(const LocalApicState& from, Register first, VectorSet& set)
{
    std::ranges::copy_n(from.registers.begin() + static_cast<std::ptrdiff_t>(at(first)),
                        static_cast<std::ptrdiff_t>(set.words.size()), set.words.begin());
}

// A count that is over but has made no interrupt yet is as good as over.
std::uint32_t count_left(const ApicTimer::State& timer, base::Nanoseconds now)
{
    const std::uint32_t count = ApicTimer::current_count(timer, now);
    return timer.running && timer.mode != TimerMode::TscDeadline ? std::max(count, 1U) : count;
}

// A periodic timer that is just at zero has its interrupt now.
void take_timer(const LocalApicState& from, ApicTimer::State& timer)
{
    const std::uint32_t count = from.registers[at(Register::CurrentCount)];
    timer.mode = static_cast<TimerMode>(from.registers[at(Register::LvtTimer)] >> kTimerModeShift & 3);
    timer.divide = from.registers[at(Register::DivideConfiguration)] & 0xb;
    timer.initial_count = from.registers[at(Register::InitialCount)];
    const bool repeats = timer.mode == TimerMode::Periodic && timer.initial_count != 0;
    timer.running = repeats || (timer.mode == TimerMode::OneShot && count != 0);
    timer.expiry = timer.running ? from.counted_at + count * ApicTimer::tick(timer.divide) : 0;
}

void take_lvt(const LocalApicState& from, Lapic::State& state)
{
    for (unsigned entry = 0; entry < kLvts; ++entry) {
        const std::uint32_t value = from.registers[at(Register::LvtTimer) + entry];
        const bool level = (value & kLvtWritable[entry] & kLvtLevel) != 0;
        state.lvt[entry] = value & (kLvtWritable[entry] | (level ? kLvtRemoteIrr : 0));
    }
}

} // namespace

LocalApicState to_engine(const Lapic::State& state, std::uint32_t id, base::Nanoseconds now)
{
    LocalApicState to{.base = state.apic_base, .counted_at = now};
    auto& registers = to.registers;
    const bool x2apic = (state.apic_base & kBaseX2Apic) != 0;
    registers[at(Register::Id)] = x2apic ? id : id << 24;
    registers[at(Register::Version)] = kVersion;
    registers[at(Register::TaskPriority)] = state.task_priority;
    registers[at(Register::LogicalDestination)] = state.logical_destination;
    registers[at(Register::DestinationFormat)] = state.destination_format;
    registers[at(Register::SpuriousVector)] = state.spurious;
    put(to, Register::InService0, state.in_service);
    put(to, Register::TriggerMode0, state.trigger_mode);
    put(to, Register::InterruptRequest0, state.requests);
    registers[at(Register::ErrorStatus)] = state.errors_shown;
    registers[at(Register::InterruptCommandLow)] = static_cast<std::uint32_t>(state.command);
    registers[at(Register::InterruptCommandHigh)] = static_cast<std::uint32_t>(state.command >> 32);
    std::ranges::copy(state.lvt, registers.begin() + static_cast<std::ptrdiff_t>(at(Register::LvtTimer)));
    registers[at(Register::InitialCount)] = state.timer.initial_count;
    registers[at(Register::CurrentCount)] = count_left(state.timer, now);
    registers[at(Register::DivideConfiguration)] = state.timer.divide;
    return to;
}

void from_engine(const LocalApicState& engine, Lapic::State& state)
{
    const auto& registers = engine.registers;
    state.apic_base = (engine.base & ~kBaseBootProcessor) | (state.apic_base & kBaseBootProcessor);
    state.task_priority = registers[at(Register::TaskPriority)] & 0xff;
    if ((engine.base & kBaseX2Apic) == 0) { // it follows from the ID otherwise
        state.logical_destination = registers[at(Register::LogicalDestination)] & 0xff000000;
    }
    state.destination_format = registers[at(Register::DestinationFormat)] | 0x0fffffff;
    state.spurious = registers[at(Register::SpuriousVector)] & kSvrWritable;
    take(engine, Register::InService0, state.in_service);
    take(engine, Register::TriggerMode0, state.trigger_mode);
    take(engine, Register::InterruptRequest0, state.requests);
    state.errors_shown = registers[at(Register::ErrorStatus)];
    state.command = std::uint64_t{registers[at(Register::InterruptCommandHigh)]} << 32 |
                    (registers[at(Register::InterruptCommandLow)] & kIcrWritable);
    take_lvt(engine, state);
    take_timer(engine, state.timer);
}

// Local APICs know no interrupts of the 8259's from elsewhere, and the machine has no system management mode.
std::optional<vcpu::ApicMessage> to_engine(const Message& message)
{
    const bool known = message.mode == DeliveryMode::Fixed || message.mode == DeliveryMode::LowestPriority ||
                       message.mode == DeliveryMode::Nmi || message.mode == DeliveryMode::Init ||
                       message.mode == DeliveryMode::StartUp;
    const bool has_vector = message.mode == DeliveryMode::Fixed || message.mode == DeliveryMode::LowestPriority;
    if (!known || (has_vector && message.vector < kFirstLegalVector)) {
        return std::nullopt;
    }
    const bool logical = message.destination_mode == DestinationMode::Logical;
    const bool level = message.trigger == Trigger::Level;
    return vcpu::ApicMessage{.address = kMessages | (message.destination & 0xff) << 12 | (logical ? 4U : 0U),
                             .data = message.vector | static_cast<std::uint32_t>(message.mode) << 8 | 1U << 14 |
                                     (level ? 1U << 15 : 0U)};
}

} // namespace windsor::machine
