// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cpu_bridge.hpp"

#include "x86/msr.hpp"

namespace windsor::machine {

namespace {

namespace msr = x86::msr;

bool is_x2apic(std::uint32_t number)
{
    return number >= msr::kX2ApicFirst && number <= msr::kX2ApicLast;
}

} // namespace

std::uint32_t CpuBridge::port_read(base::Port port, unsigned size)
{
    const bus::MachineGuard guard{parts_.lock};
    return static_cast<std::uint32_t>(parts_.ports.read(port.raw(), static_cast<bus::Width>(size)));
}

void CpuBridge::port_write(base::Port port, unsigned size, std::uint32_t value)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.write(port.raw(), static_cast<bus::Width>(size), value);
}

void CpuBridge::port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.read_run(port.raw(), static_cast<bus::Width>(size), data);
}

void CpuBridge::port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data)
{
    const bus::MachineGuard guard{parts_.lock};
    parts_.ports.write_run(port.raw(), static_cast<bus::Width>(size), data);
}

std::uint64_t CpuBridge::mmio_read(base::GuestPhysical address, unsigned size)
{
    const bus::MachineGuard guard{parts_.lock};
    return router(address.raw()).read(address.raw(), static_cast<bus::Width>(size));
}

void CpuBridge::mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value)
{
    const bus::MachineGuard guard{parts_.lock};
    router(address.raw()).write(address.raw(), static_cast<bus::Width>(size), value);
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

std::uint8_t CpuBridge::task_priority()
{
    const bus::MachineGuard guard{parts_.lock};
    return lapic().cr8();
}

void CpuBridge::set_task_priority(std::uint8_t priority)
{
    const bus::MachineGuard guard{parts_.lock};
    lapic().set_cr8(priority);
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
    const bus::MachineGuard guard{parts_.lock};
    if (!parts_.apic || parts_.socket.handed_out()) {
        return std::nullopt;
    }
    if (number == msr::kApicBase) {
        return lapic().apic_base();
    }
    return is_x2apic(number) ? lapic().read_msr(number) : std::nullopt;
}

bool CpuBridge::write_msr(std::uint32_t number, std::uint64_t value)
{
    const bus::MachineGuard guard{parts_.lock};
    if (!parts_.apic || parts_.socket.handed_out()) {
        return false;
    }
    if (number == msr::kApicBase) {
        return lapic().set_apic_base(value);
    }
    return is_x2apic(number) && lapic().write_msr(number, value);
}

} // namespace windsor::machine
