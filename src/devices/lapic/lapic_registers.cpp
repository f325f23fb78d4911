// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of the local APIC: MMIO page, MSRs, IA32_APIC_BASE.
#include "devices/lapic/lapic.hpp"

#include <algorithm>

namespace windsor::devices::lapic {

namespace {

constexpr unsigned number(Register reg)
{
    return static_cast<unsigned>(reg);
}

constexpr bool within(Register reg, Register first, unsigned count)
{
    return reg >= first && number(reg) < number(first) + count;
}

constexpr std::uint64_t kSlot = 16; // bytes from one register to the next

constexpr Register register_at(std::uint64_t offset)
{
    return static_cast<Register>(std::min<std::uint64_t>(offset / kSlot, 0xff));
}

constexpr bool is_lvt(Register reg)
{
    return within(reg, Register::LvtTimer, kLvts);
}

constexpr Lvt lvt_of(Register reg)
{
    return static_cast<Lvt>(number(reg) - number(Register::LvtTimer));
}

// The bits of a register that may be written as x2APIC MSR; others make #GP. Nothing: not writable.
std::optional<std::uint64_t> msr_write_mask(Register reg)
{
    if (is_lvt(reg)) {
        return kLvtWritable[static_cast<unsigned>(lvt_of(reg))] | 1U << 12 | kLvtRemoteIrr;
    }
    switch (reg) {
    case Register::TaskPriority:
    case Register::SelfIpi: return 0xff;
    case Register::EndOfInterrupt:
    case Register::ErrorStatus: return 0;
    case Register::SpuriousVector: return kSvrWritable;
    case Register::InterruptCommandLow: return std::uint64_t{0xffffffff} << 32 | kIcrWritable | 1U << 12;
    case Register::InitialCount: return 0xffffffff;
    case Register::DivideConfiguration: return 0xb;
    default: return std::nullopt;
    }
}

constexpr bool readable_as_msr(Register reg)
{
    switch (reg) {
    case Register::ArbitrationPriority:
    case Register::EndOfInterrupt:
    case Register::RemoteRead:
    case Register::DestinationFormat:
    case Register::InterruptCommandHigh:
    case Register::SelfIpi: return false;
    default: return true;
    }
}

constexpr bool exists(Register reg)
{
    return reg == Register::Id || reg == Register::Version || within(reg, Register::TaskPriority, 0x20) ||
           reg == Register::ErrorStatus || within(reg, Register::InterruptCommandLow, 10) ||
           reg == Register::DivideConfiguration;
}

} // namespace

std::uint32_t Lapic::shown_id() const
{
    return state_.x2apic_enabled() ? options_.id : options_.id << 24;
}

// In x2APIC mode the logical ID follows from the physical one (SDM APIC, "Deriving Logical x2APIC ID").
std::uint32_t Lapic::shown_logical() const
{
    return state_.x2apic_enabled() ? options_.id >> 4 << 16 | 1U << (options_.id & 0xf) : state_.logical_destination;
}

std::optional<std::uint64_t> Lapic::page() const
{
    if (!state_.globally_enabled() || state_.x2apic_enabled()) {
        return std::nullopt;
    }
    return state_.apic_base & ~(kPageSize - 1);
}

bus::ReadResult Lapic::read(std::uint64_t offset, bus::Width width)
{
    const base::MutexLock lock{own_};
    if (!page()) {
        return bus::AccessStatus::NoRegister;
    }
    const auto within_slot = static_cast<unsigned>(offset % kSlot);
    if (within_slot >= 4) {
        return std::uint64_t{0};
    }
    return std::uint64_t{read_register(register_at(offset))} >> (8 * within_slot) & bus::all_ones(width);
}

// Only aligned dwords are architectural (SDM APIC, "The Local APIC Block Diagram"); others vanish.
bus::AccessStatus Lapic::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    Outgoing out;
    {
        const base::MutexLock lock{own_};
        if (!page()) {
            return bus::AccessStatus::NoRegister;
        }
        if (offset % kSlot == 0 && bus::bytes(width) >= 4) {
            write_register(register_at(offset), static_cast<std::uint32_t>(value), out);
        }
    }
    send(out);
    return bus::AccessStatus::Ok;
}

std::optional<std::uint32_t> Lapic::read_alone(std::uint64_t offset)
{
    const base::MutexLock lock{own_};
    return page() && offset % kSlot == 0 ? std::optional{read_register(register_at(offset))} : std::nullopt;
}

bool Lapic::write_alone(std::uint64_t offset, std::uint32_t value)
{
    const base::MutexLock lock{own_};
    if (!page() || offset % kSlot != 0 || concerns_others(register_at(offset))) {
        return false;
    }
    Outgoing none;
    write_register(register_at(offset), value, none);
    return true;
}

// Commands go to others, the end of a level-triggered interrupt to the I/O APIC, and the timer is one of the machine's;
// an entry of the vector table may start an INIT, which stops it.
bool Lapic::concerns_others(Register reg) const
{
    if (is_lvt(reg)) {
        return true;
    }
    switch (reg) {
    case Register::InterruptCommandLow:
    case Register::InitialCount:
    case Register::DivideConfiguration: return true;
    case Register::EndOfInterrupt: {
        const int highest = state_.in_service.highest();
        return highest >= 0 && state_.trigger_mode.test(static_cast<unsigned>(highest));
    }
    default: return false;
    }
}

std::uint32_t Lapic::read_register(Register reg)
{
    if (within(reg, Register::InService0, 8)) {
        return state_.in_service.words[number(reg) - number(Register::InService0)];
    }
    if (within(reg, Register::TriggerMode0, 8)) {
        return state_.trigger_mode.words[number(reg) - number(Register::TriggerMode0)];
    }
    if (within(reg, Register::InterruptRequest0, 8)) {
        return state_.requests.words[number(reg) - number(Register::InterruptRequest0)];
    }
    if (is_lvt(reg)) {
        return lvt(lvt_of(reg));
    }
    switch (reg) {
    case Register::Id: return shown_id();
    case Register::Version: return kVersion;
    case Register::TaskPriority: return state_.task_priority;
    case Register::ArbitrationPriority:
        return static_cast<std::uint32_t>(
            std::max<int>(state_.processor_priority(), std::max(state_.requests.highest(), 0) & 0xf0));
    case Register::ProcessorPriority: return state_.processor_priority();
    case Register::EndOfInterrupt:
    case Register::RemoteRead: return 0;
    case Register::LogicalDestination: return shown_logical();
    case Register::DestinationFormat: return state_.destination_format;
    case Register::SpuriousVector: return state_.spurious;
    case Register::ErrorStatus: return state_.errors_shown;
    case Register::InterruptCommandLow: return static_cast<std::uint32_t>(state_.command);
    case Register::InterruptCommandHigh: return static_cast<std::uint32_t>(state_.command >> 32);
    case Register::InitialCount: return timer_.state().initial_count;
    case Register::CurrentCount: return timer_.current_count();
    case Register::DivideConfiguration: return timer_.state().divide;
    default: raise_error(kErrorRegister); return 0;
    }
}

void Lapic::write_register(Register reg, std::uint32_t value, Outgoing& out)
{
    if (is_lvt(reg)) {
        write_lvt(lvt_of(reg), value);
        return;
    }
    switch (reg) {
    case Register::TaskPriority:
        state_.task_priority = value & 0xff;
        tell();
        break;
    case Register::EndOfInterrupt: end_of_interrupt(out); break;
    case Register::LogicalDestination: state_.logical_destination = value & 0xff000000; break;
    case Register::DestinationFormat: state_.destination_format = value | 0x0fffffff; break;
    case Register::SpuriousVector: write_spurious(value); break;
    case Register::ErrorStatus:
        state_.errors_shown = state_.errors_pending;
        state_.errors_pending = 0;
        break;
    case Register::InterruptCommandLow:
        state_.command = (state_.command >> 32 << 32) | (value & kIcrWritable);
        command(out);
        break;
    case Register::InterruptCommandHigh:
        state_.command = static_cast<std::uint64_t>(value) << 32 | static_cast<std::uint32_t>(state_.command);
        break;
    case Register::InitialCount: timer_.set_initial_count(value); break;
    case Register::DivideConfiguration: timer_.set_divide(value); break;
    default:
        if (!exists(reg)) {
            raise_error(kErrorRegister);
        }
        break;
    }
}

void Lapic::write_spurious(std::uint32_t value)
{
    state_.spurious = value & kSvrWritable;
    if ((value & kSvrEnable) == 0) {
        for (std::uint32_t& entry : state_.lvt) {
            entry |= kLvtMasked;
        }
    }
    tell();
}

// While the APIC is disabled by software, entries stay masked (SDM APIC, "Local APIC State After It Has
// Been Software Disabled").
void Lapic::write_lvt(Lvt entry, std::uint32_t value)
{
    value &= kLvtWritable[static_cast<unsigned>(entry)];
    if ((state_.spurious & kSvrEnable) == 0) {
        value |= kLvtMasked;
    }
    if (entry == Lvt::Timer) {
        if (!options_.time_of_tsc) {
            value &= ~(1U << (kTimerModeShift + 1));
        }
        timer_.set_mode(static_cast<TimerMode>(value >> kTimerModeShift & 3));
    }
    const bool is_level = (value & kLvtLevel) != 0;
    lvt(entry) = value | (is_level ? lvt(entry) & kLvtRemoteIrr : 0);
    if (entry == Lvt::Lint0 || entry == Lvt::Lint1) {
        if (is_level && state_.lint[entry == Lvt::Lint0 ? 0 : 1]) {
            fire_lvt(entry);
        }
        tell();
    }
}

void Lapic::command(Outgoing& out)
{
    const auto low = static_cast<std::uint32_t>(state_.command);
    const auto shorthand = static_cast<Shorthand>(low >> 18 & 3);
    const auto destination_mode = (low & kIcrLogical) != 0 ? DestinationMode::Logical : DestinationMode::Physical;
    const Message message{
        .destination = state_.x2apic_enabled()
                           ? static_cast<std::uint32_t>(state_.command >> 32)
                           : Message::wide(static_cast<std::uint8_t>(state_.command >> 56), destination_mode),
        .destination_mode = destination_mode,
        .mode = static_cast<DeliveryMode>(low >> 8 & 7),
        .vector = static_cast<std::uint8_t>(low),
    };
    const bool has_vector = message.mode == DeliveryMode::Fixed || message.mode == DeliveryMode::LowestPriority;
    if (has_vector && message.vector < kFirstLegalVector) {
        raise_error(kErrorSendVector);
        return;
    }
    // INIT level de-assert only resets arbitration IDs, which nothing here has.
    const bool deassert = message.mode == DeliveryMode::Init && (low & kIcrLevel) != 0 && (low & kIcrAssert) == 0;
    if (!deassert && (shorthand != Shorthand::Self || message.mode == DeliveryMode::Fixed)) {
        out.message = message;
        out.shorthand = shorthand;
    }
}

std::optional<std::uint64_t> Lapic::read_msr(std::uint32_t msr)
{
    const base::MutexLock lock{own_};
    if (!state_.x2apic_enabled() || msr < kFirstMsr || msr > kLastMsr) {
        return std::nullopt;
    }
    const auto reg = static_cast<Register>(msr - kFirstMsr);
    if (!exists(reg) || !readable_as_msr(reg)) {
        return std::nullopt;
    }
    return reg == Register::InterruptCommandLow ? state_.command : read_register(reg);
}

std::optional<Register> Lapic::writable(std::uint32_t msr, std::uint64_t value) const
{
    if (!state_.x2apic_enabled() || msr < kFirstMsr || msr > kLastMsr) {
        return std::nullopt;
    }
    const auto reg = static_cast<Register>(msr - kFirstMsr);
    const std::optional<std::uint64_t> mask = msr_write_mask(reg);
    return mask && (value & ~*mask) == 0 ? std::optional{reg} : std::nullopt;
}

bool Lapic::write_msr(std::uint32_t msr, std::uint64_t value)
{
    Outgoing out;
    {
        const base::MutexLock lock{own_};
        const std::optional<Register> reg = writable(msr, value);
        if (!reg) {
            return false;
        }
        write_by_msr(*reg, value, out);
    }
    send(out);
    return true;
}

bool Lapic::write_msr_alone(std::uint32_t msr, std::uint64_t value)
{
    const base::MutexLock lock{own_};
    const std::optional<Register> reg = writable(msr, value);
    if (!reg || concerns_others(*reg)) {
        return false;
    }
    Outgoing none;
    write_by_msr(*reg, value, none);
    return true;
}

void Lapic::write_by_msr(Register reg, std::uint64_t value, Outgoing& out)
{
    if (reg == Register::InterruptCommandLow) {
        state_.command = value & (std::uint64_t{0xffffffff} << 32 | kIcrWritable);
        command(out);
    } else if (reg == Register::SelfIpi) {
        if (value < kFirstLegalVector) {
            raise_error(kErrorSendVector);
        } else {
            accept_vector(static_cast<std::uint8_t>(value), Trigger::Edge);
        }
    } else {
        write_register(reg, static_cast<std::uint32_t>(value), out);
    }
}

std::uint64_t Lapic::apic_base() const
{
    const base::MutexLock lock{own_};
    return state_.apic_base;
}

std::uint64_t Lapic::tsc_deadline() const
{
    const base::MutexLock lock{own_};
    return timer_.tsc_deadline();
}

void Lapic::set_tsc_deadline(std::uint64_t tsc)
{
    const base::MutexLock lock{own_};
    timer_.set_tsc_deadline(tsc);
}

void Lapic::tsc_changed()
{
    const base::MutexLock lock{own_};
    timer_.tsc_changed();
}

// SDM APIC, "x2APIC State Transitions".
bool Lapic::set_apic_base(std::uint64_t value)
{
    Outgoing out;
    if (!change_apic_base(value, out)) {
        return false;
    }
    send(out);
    return true;
}

bool Lapic::change_apic_base(std::uint64_t value, Outgoing& out)
{
    const base::MutexLock lock{own_};
    const std::uint64_t address_mask = ((std::uint64_t{1} << options_.physical_address_bits) - 1) & ~(kPageSize - 1);
    const std::uint64_t allowed =
        address_mask | kBaseBootProcessor | kBaseEnable | (options_.x2apic ? kBaseX2Apic : 0);
    const bool enable = (value & kBaseEnable) != 0;
    const bool x2apic = (value & kBaseX2Apic) != 0;
    const bool legal = (!x2apic || enable) && !(state_.x2apic_enabled() && enable && !x2apic) &&
                       !(!state_.globally_enabled() && x2apic);
    if ((value & ~allowed) != 0 || !legal) {
        return false;
    }
    const std::optional<std::uint64_t> old = page();
    const bool was_enabled = state_.globally_enabled();
    const std::uint64_t boot = options_.boot_processor ? kBaseBootProcessor : 0;
    state_.apic_base = (value & ~kBaseBootProcessor) | boot;
    if (was_enabled && !enable) {
        clear(); // what it held is lost
    }
    out.page_moved = page() != old;
    out.page = page();
    tell();
    return true;
}

} // namespace windsor::devices::lapic
