// SPDX-License-Identifier: GPL-2.0-or-later
// What one processor sees of the machine: ports, MMIO, its interrupt controller.
#pragma once

#include "bus/router.hpp"
#include "devices/pic/pic.hpp"
#include "machine/socket.hpp"
#include "vcpu/engine.hpp"

#include <functional>
#include <mutex>

namespace windsor::machine {

class CpuBridge final : public vcpu::CpuIo {
public:
    // All outlive the bridge. Every call takes the machine lock.
    struct Parts {
        std::mutex& lock;
        bus::Router& ports;
        bus::Router& mmio;
        devices::pic::Pic& pic;
        Socket& socket;
        std::function<void()> taken; // told after each interrupt that the processor has taken
        bool apic; // the processor has a local APIC that the guest can use
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
    std::optional<std::uint64_t> read_msr(std::uint32_t number) override;
    bool write_msr(std::uint32_t number, std::uint64_t value) override;

private:
    std::optional<base::Vector> next_interrupt();
    devices::lapic::Lapic& lapic() { return parts_.socket.lapic(); }
    // Who answers at a guest-physical address without memory.
    bus::Router& router(std::uint64_t address)
    {
        bus::Router* const local = parts_.socket.local(address);
        return local != nullptr ? *local : parts_.mmio;
    }

    Parts parts_;
};

} // namespace windsor::machine
