// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cpu_bridge.hpp"

#include "x86/msr.hpp"

namespace windsor::machine {

namespace {

namespace lapic = devices::lapic;
namespace msr = x86::msr;

constexpr unsigned kRegister = 4; // bytes

bool is_x2apic(std::uint32_t number)
{
    return number >= msr::kX2ApicFirst && number <= msr::kX2ApicLast;
}

} // namespace

std::uint32_t CpuBridge::port_read(base::Port port, unsigned size)
{
    const bus::MachineGuard guard{parts_.lock};
    return static_cast<std::uint32_t>(parts_.ports.read(port, static_cast<bus::Width>(size)));
}

void CpuBridge::port_write(base::Port port, unsigned size, std::uint32_t value)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.write(port, static_cast<bus::Width>(size), value);
}

void CpuBridge::port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.read_run(port, static_cast<bus::Width>(size), data);
}

void CpuBridge::port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.write_run(port, static_cast<bus::Width>(size), data);
}

std::uint64_t CpuBridge::mmio_read(base::GuestPhysical address, unsigned size)
{
    if (lapic::Lapic* const own = parts_.socket.own_at(address); own != nullptr && size == kRegister) {
        if (const auto value = own->read_alone(address.offset_in(lapic::kPageSize))) {
            return *value;
        }
    }
    const bus::MachineGuard guard{parts_.lock};
    return router(address).read(address, static_cast<bus::Width>(size));
}

void CpuBridge::mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value)
{
    lapic::Lapic* const own = parts_.socket.own_at(address);
    if (own != nullptr && size == kRegister &&
        own->write_alone(address.offset_in(lapic::kPageSize), static_cast<std::uint32_t>(value))) {
        return;
    }
    const bus::MachineGuard guard{parts_.lock};
    router(address).write(address, static_cast<bus::Width>(size), value);
}

std::optional<base::Vector> CpuBridge::acknowledge_interrupt()
{
    const bus::MachineGuard guard{parts_.lock};
    const auto vector = next_interrupt();
    if (vector) {
        parts_.taken();
    }
    return vector;
}

// An engine with a local APIC of its own asks only where that lets the 8259s through.
std::optional<base::Vector> CpuBridge::next_interrupt()
{
    const bool own = parts_.socket.handed_out();
    if ((own || lapic().extint_pending()) && parts_.pic.output()) {
        return base::Vector{parts_.pic.acknowledge()};
    }
    return own ? std::nullopt : lapic().acknowledge();
}

// While an engine's own local APIC is in charge, that has CR8.
std::uint8_t CpuBridge::task_priority()
{
    lapic::Lapic* const own = parts_.socket.own();
    return own != nullptr ? own->cr8() : 0;
}

void CpuBridge::set_task_priority(std::uint8_t priority)
{
    if (lapic::Lapic* const own = parts_.socket.own()) {
        own->set_cr8(priority);
    }
}

bool CpuBridge::raise_numeric_error()
{
    const bus::MachineGuard guard{parts_.lock};
    return parts_.numeric_error == nullptr || parts_.numeric_error->raise();
}

void CpuBridge::clear_numeric_error()
{
    const bus::MachineGuard guard{parts_.lock};
    if (parts_.numeric_error != nullptr) {
        parts_.numeric_error->clear();
    }
}

std::optional<std::uint64_t> CpuBridge::read_msr(std::uint32_t number)
{
    lapic::Lapic* const own = parts_.socket.own();
    if (!parts_.apic || own == nullptr) {
        return std::nullopt;
    }
    if (number == msr::kApicBase) {
        return own->apic_base();
    }
    return is_x2apic(number) ? own->read_msr(number) : std::nullopt;
}

bool CpuBridge::write_msr(std::uint32_t number, std::uint64_t value)
{
    lapic::Lapic* const own = parts_.socket.own();
    if (!parts_.apic || own == nullptr) {
        return false;
    }
    if (is_x2apic(number) && own->write_msr_alone(number, value)) {
        return true;
    }
    const bus::MachineGuard guard{parts_.lock};
    if (number == msr::kApicBase) {
        return lapic().set_apic_base(value);
    }
    return is_x2apic(number) && lapic().write_msr(number, value);
}

} // namespace windsor::machine
