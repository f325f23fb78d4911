// SPDX-License-Identifier: GPL-2.0-or-later
// What one processor sees of the machine: ports, MMIO, its interrupt controller.
#pragma once

#include "bus/machine_lock.hpp"
#include "bus/router.hpp"
#include "devices/pic/pic.hpp"
#include "chipset/outlets.hpp"
#include "machine/socket.hpp"
#include "vcpu/engine.hpp"

#include <functional>

namespace windsor::machine {

class CpuBridge final : public vcpu::CpuIo {
public:
    // All outlive the bridge. Every call takes the machine lock but those that concern nobody but the processor and its
    // local APIC.
    struct Parts {
        bus::MachineLock& lock;
        bus::PortRouter& ports;
        bus::MmioRouter& mmio;
        devices::pic::Pic& pic WINDSOR_GUARDED_BY(bus::kMachineLock);
        Socket& socket;
        std::function<void()> taken; // told after each interrupt that the processor has taken
        bool apic; // the processor has a local APIC that the guest can use
        // Where FERR# and IGNNE# lead. Null, as for all but the bootstrap processor: nobody is told of an x87 exception
        // while CR0.NE is clear, and the program goes on.
        chipset::NumericErrorLogic* numeric_error WINDSOR_PT_GUARDED_BY(bus::kMachineLock){nullptr};
    };

    explicit CpuBridge(const Parts& parts) : parts_{parts} {}

    std::uint32_t port_read(base::Port port, unsigned size) override;
    void port_write(base::Port port, unsigned size, std::uint32_t value) override;
    void port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data) override;
    void port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data) override;
    std::uint64_t mmio_read(base::GuestPhysical address, unsigned size) override;
    void mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value) override;
    std::optional<base::Vector> acknowledge_interrupt() override;
    std::uint8_t task_priority() override;
    void set_task_priority(std::uint8_t priority) override;
    bool raise_numeric_error() override;
    void clear_numeric_error() override;
    std::optional<std::uint64_t> read_msr(std::uint32_t number) override;
    bool write_msr(std::uint32_t number, std::uint64_t value) override;

private:
    std::optional<base::Vector> next_interrupt() WINDSOR_REQUIRES(bus::kMachineLock);
    devices::lapic::Lapic& lapic() WINDSOR_REQUIRES(bus::kMachineLock) { return parts_.socket.lapic(); }
    // Who answers at a guest-physical address without memory.
    bus::MmioRouter& router(base::GuestPhysical address) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        bus::MmioRouter* const local = parts_.socket.local(address);
        return local != nullptr ? *local : parts_.mmio;
    }

    Parts parts_;
};

} // namespace windsor::machine
