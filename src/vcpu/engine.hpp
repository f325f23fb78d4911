// SPDX-License-Identifier: GPL-2.0-or-later
// The contract of processor engines. No engine knows a device; no device knows an engine.
#pragma once

#include "base/strong.hpp"
#include "vcpu/local_apic.hpp"
#include "vcpu/signals.hpp"
#include "vcpu/state.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::vcpu {

// What a processor needs from outside itself. Called from the thread that runs the engine.
class CpuIo {
public:
    virtual ~CpuIo() = default;

    // `size` is 1, 2 or 4 bytes. Absent ports read all ones.
    virtual std::uint32_t port_read(base::Port port, unsigned size) = 0;
    virtual void port_write(base::Port port, unsigned size, std::uint32_t value) = 0;

    // The same for the elements of a string instruction: `data` is a multiple of `size`, in guest order.
    virtual void port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data)
    {
        for (; data.size() >= size; data = data.subspan(size)) {
            const std::uint32_t value = port_read(port, size);
            std::memcpy(data.data(), &value, size);
        }
    }
    virtual void port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data)
    {
        for (; data.size() >= size; data = data.subspan(size)) {
            std::uint32_t value = 0;
            std::memcpy(&value, data.data(), size);
            port_write(port, size, value);
        }
    }

    // Guest-physical accesses that found no memory. `size` is 1, 2, 4 or 8 bytes, within one page.
    virtual std::uint64_t mmio_read(base::GuestPhysical address, unsigned size) = 0;
    virtual void mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value) = 0;

    // The interrupt-acknowledge cycle; none if the request has gone meanwhile.
    virtual std::optional<base::Vector> acknowledge_interrupt() = 0;

    // The task priority, CR8.
    virtual std::uint8_t task_priority() = 0;
    virtual void set_task_priority(std::uint8_t priority) = 0;

    // FERR# rises, or is high still: with CR0.NE clear, an x87 instruction has met an unmasked exception that waits.
    // True: IGNNE# is active, and the instruction goes on regardless. Otherwise the processor waits for an interrupt,
    // which the board should make of it. SDM volume 1, section 8.7.2.
    virtual bool raise_numeric_error() { return true; }
    // FERR# falls: the exception has been cleared or masked.
    virtual void clear_numeric_error() {}

    // MSRs that live outside the processor core (APIC base, x2APIC, TSC deadline). None or false: no such
    // MSR, or a value it refuses.
    virtual std::optional<std::uint64_t> read_msr(std::uint32_t number) = 0;
    virtual bool write_msr(std::uint32_t number, std::uint64_t value) = 0;
};

enum class HaltReason : std::uint8_t {
    Stopped, // Signal::Stop, which is lowered on the way out
    Halted, // HLT (or wait-for-SIPI) and nothing deliverable is pending: run again once Signals::due()
    Shutdown, // triple fault: the machine resets
    Failed, // the host or the engine cannot go on; failure() says why
};

// Which signals leave a processor that has come to HaltReason::Halted where it is, for Signals::set_masked().
// `interrupts`: RFLAGS.IF.
constexpr std::uint32_t masked_signals(Activity activity, bool interrupts, bool nmi_blocked)
{
    if (activity == Activity::WaitForSipi) {
        return bit_of(Signal::Interrupt) | bit_of(Signal::Nmi);
    }
    return bit_of(Signal::Sipi) | (interrupts ? 0 : bit_of(Signal::Interrupt)) |
           (nmi_blocked ? bit_of(Signal::Nmi) : 0);
}

struct Statistics {
    std::uint64_t instructions{0};
    std::uint64_t exceptions{0};
    std::uint64_t interrupts{0};
    std::uint64_t port_accesses{0};
    std::uint64_t mmio_accesses{0};
};

// A figure of one engine's own, for whoever wants to know where the time goes.
struct Counter {
    std::string name;
    std::uint64_t value{0};
};

// What executes the instructions of one virtual processor. Everything belongs to the thread that calls run(), or to any
// thread while run() is not running; others speak to the processor by its signals.
class Engine {
public:
    // `signals` are the processor's, and outlive the engine.
    explicit Engine(Signals& signals) : signals_{signals} {}
    virtual ~Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    Signals& signals() const { return signals_; }

    // Runs until told to stop or there is nothing to run.
    virtual HaltReason run() = 0;

    virtual CpuState state() const = 0;
    // Why the host has not given what the processor, or its local APIC, holds; empty: the last state() is all of it.
    virtual std::string unread() const { return {}; }
    virtual void set_state(const CpuState& state) = 0;

    // The address line 20 gate: when closed, bit 20 of every guest-physical address is zero. Called with
    // run() stopped or from within a CpuIo call.
    virtual void set_a20(bool open) = 0;

    // The local APIC that the engine has of its own; null: it takes interrupts by signals and CpuIo only. Where there
    // is one, Signal::Interrupt is the 8259's INTR, and run() lasts through HLT.
    virtual LocalApic* local_apic() { return nullptr; }

    virtual Statistics statistics() const = 0;
    virtual std::vector<Counter> counters() const = 0;
    virtual const std::string& failure() const = 0;

private:
    Signals& signals_;
};

} // namespace windsor::vcpu
