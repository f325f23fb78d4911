// SPDX-License-Identifier: GPL-2.0-or-later
// Local APICs that engines have of their own, where the host has them: what the machine gives, takes and sends. The
// machine's own local APICs hold the state while no engine runs, and for engines that have none.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <span>

namespace windsor::vcpu {

// By register number: the offset in the page of registers, divided by 16. SDM volume 3A, "Local APIC Register Address
// Map". The command register is split in two in x2APIC mode, too.
struct LocalApicState {
    static constexpr unsigned kRegisters = 64;

    std::array<std::uint32_t, kRegisters> registers{};
    std::uint64_t base{0};          // IA32_APIC_BASE
    base::Nanoseconds counted_at{0}; // machine time to which the current count belongs
    bool nmi_pending{false};         // one has come, and the processor has not taken it

    bool operator==(const LocalApicState&) const = default;
};

// An interrupt as a device writes it to memory. SDM volume 3A, "Message Signalled Interrupts".
struct ApicMessage {
    std::uint32_t address{0};
    std::uint32_t data{0};

    bool operator==(const ApicMessage&) const = default;
};

// The way to all local APICs of one machine. Under the machine lock.
class ApicMessages {
public:
    virtual ~ApicMessages() = default;

    // False if nobody took it.
    virtual bool deliver(const ApicMessage& message) = 0;
    // The ends of whose interrupts are reported from now on: no others are. At most kMostReported.
    virtual base::Status report_ends(std::span<const ApicMessage> messages) = 0;
    // Who is told of the vectors, on processors' threads and without the machine lock. Set while no engine runs.
    virtual void on_end(std::function<void(std::uint8_t vector)> listener) = 0;

    static constexpr unsigned kMostReported = 64;
};

// Of one processor. While its engine stands still, but for what says otherwise.
class LocalApic {
public:
    virtual ~LocalApic() = default;

    // It is in charge from now on, and its timer runs. If the host refuses the state, the engine's next run() fails.
    virtual void give(const LocalApicState& state) = 0;
    // It is not in charge any more: its timer stands, and the NMI is out of it.
    virtual LocalApicState take() = 0;
    // From any thread: whether the processor waits within run(), in HLT or for its start.
    virtual bool waiting() const = 0;
    // Common to all processors of the machine.
    virtual ApicMessages& messages() = 0;
};

} // namespace windsor::vcpu
