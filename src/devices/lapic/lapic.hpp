// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC of one processor, as xAPIC (a page of MMIO) and as x2APIC (model-specific registers).
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/strong.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "devices/lapic/apic_bus.hpp"
#include "devices/lapic/apic_timer.hpp"
#include "devices/lapic/message.hpp"
#include "devices/lapic/spec.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace windsor::devices::lapic {

// The processor's pins, as its local APIC drives them. Called with the local APIC's own lock held, from any thread and
// in the middle of an access: they must not ask the local APIC anything.
class ProcessorSignals {
public:
    virtual ~ProcessorSignals() = default;
    virtual void nmi() = 0;
    virtual void init() = 0;
    // Start-up IPI: a processor that waits for it starts at segment vector * 0x100.
    virtual void startup(std::uint8_t vector) = 0;
    // INTR: an interrupt waits that the processor would take now, of the local APIC's own or of the 8259s'.
    virtual void interrupt(bool level) = 0;
};

// A set of 256 vectors, as 8 registers show it.
struct VectorSet {
    std::array<std::uint32_t, 8> words{};

    bool test(unsigned vector) const { return (words[vector / 32] >> vector % 32 & 1) != 0; }
    void set(unsigned vector) { words[vector / 32] |= std::uint32_t{1} << vector % 32; }
    void clear(unsigned vector) { words[vector / 32] &= ~(std::uint32_t{1} << vector % 32); }
    // The highest member, or -1.
    int highest() const;
};

// It is used under the machine lock, but for what says otherwise: that its own processor may do without, and takes no
// lock but the local APIC's own. That one comes after the machine lock, and before those of timers alone.
class Lapic final : public bus::AccessHandler {
public:
    struct Options {
        std::uint32_t id{0}; // physical APIC ID; 255 and more need x2APIC
        bool boot_processor{true};
        bool x2apic{true};                 // whether the guest may turn x2APIC on
        unsigned physical_address_bits{40}; // which bits of IA32_APIC_BASE are reserved
        // See ApicTimer. May be left empty: then the processor must not offer TSC deadlines.
        std::function<base::Nanoseconds(std::uint64_t tsc)> time_of_tsc{};
        // The page of registers has moved; nullopt: there is none (disabled, or x2APIC). Not called for
        // the initial place, kDefaultBase.
        std::function<void(std::optional<std::uint64_t> base)> on_page_moved{};
    };

    struct State {
        std::uint64_t apic_base{0};
        std::uint32_t task_priority{0};
        std::uint32_t logical_destination{0};
        std::uint32_t destination_format{kDfrReset};
        std::uint32_t spurious{kSvrReset};
        VectorSet in_service;
        VectorSet trigger_mode;
        VectorSet requests;
        std::uint32_t errors_shown{0};
        std::uint32_t errors_pending{0};
        std::uint64_t command{0};
        std::array<std::uint32_t, kLvts> lvt{};
        std::array<bool, kLints> lint{};
        ApicTimer::State timer;

        bool globally_enabled() const { return (apic_base & kBaseEnable) != 0; }
        bool software_enabled() const { return globally_enabled() && (spurious & kSvrEnable) != 0; }
        bool x2apic_enabled() const { return (apic_base & kBaseX2Apic) != 0; }
        std::uint8_t processor_priority() const;
        // An interrupt of the local APIC's own waits and beats the processor's priority.
        bool interrupt_pending() const;
        // The local APIC lets the 8259's INTR through: it is disabled, or LINT0 is an unmasked ExtINT.
        bool accepts_extint() const;
        bool extint_pending() const { return lint[0] && accepts_extint(); }
    };

    // All references outlive it; attaches itself to the bus.
    Lapic(const base::Clock& clock, base::TimerQueue& timers, ApicBus& bus, ProcessorSignals& signals, Options options);
    ~Lapic() override;
    Lapic(const Lapic&) = delete;
    Lapic& operator=(const Lapic&) = delete;

    // Power-on or hard reset. An INIT keeps IA32_APIC_BASE and is done by init().
    void reset();
    void init();

    // The xAPIC page; `offset` from its start.
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    // x2APIC registers, kFirstMsr to kLastMsr. No value, or false: the access makes #GP(0). Reads need no machine lock.
    std::optional<std::uint64_t> read_msr(std::uint32_t msr);
    [[nodiscard]] bool write_msr(std::uint32_t msr, std::uint64_t value);
    // IA32_APIC_BASE. False: #GP(0), nothing changed.
    std::uint64_t apic_base() const;
    [[nodiscard]] bool set_apic_base(std::uint64_t value);
    // IA32_TSC_DEADLINE.
    std::uint64_t tsc_deadline() const;
    void set_tsc_deadline(std::uint64_t tsc);
    // To be called after a write to the time-stamp counter.
    void tsc_changed();

    // Without the machine lock: an aligned access to a register of the page, as read() and write() do it, that concerns
    // this processor alone. Nothing, or false: it concerns others, and is theirs to do.
    std::optional<std::uint32_t> read_alone(std::uint64_t offset);
    [[nodiscard]] bool write_alone(std::uint64_t offset, std::uint32_t value);
    // The same of MSRs.
    [[nodiscard]] bool write_msr_alone(std::uint32_t msr, std::uint64_t value);
    // CR8: the upper four bits of the task priority. Without the machine lock.
    std::uint8_t cr8() const;
    void set_cr8(std::uint8_t value);

    // See State.
    bool interrupt_pending() const;
    bool accepts_extint() const;
    // INTR is asserted and let through: the machine takes the vector from the 8259.
    bool extint_pending() const;
    std::uint8_t processor_priority() const;
    bool software_enabled() const;
    // Whether an interrupt of this vector waits to be taken.
    bool requested(std::uint8_t vector) const;
    // Takes it: from requested to in service. None if nothing is pending (any more).
    std::optional<base::Vector> acknowledge();
    // Tells the processor again of what waits.
    void drive();

    // Pin LINT0 (the 8259's INTR) or LINT1 (NMI).
    void set_lint(unsigned pin, bool level);

    // For the bus.
    bool is_destination(const Message& message) const;
    // False if the interrupt is lost here.
    bool accept(const Message& message);
    std::uint32_t id() const { return options_.id; }

    State state() const;
    void load(const State& state);

private:
    // What an access makes others do, once the own lock is free again.
    struct Outgoing {
        std::optional<Message> message;
        Shorthand shorthand{};
        std::optional<std::uint8_t> ended; // a level-triggered interrupt
        bool page_moved{false};
        std::optional<std::uint64_t> page; // where it is then
    };

    std::uint32_t& lvt(Lvt entry) WINDSOR_REQUIRES(own_) { return state_.lvt[static_cast<unsigned>(entry)]; }
    std::uint32_t lvt(Lvt entry) const WINDSOR_REQUIRES(own_) { return state_.lvt[static_cast<unsigned>(entry)]; }

    void clear() WINDSOR_REQUIRES(own_);
    void clear_and_tell() WINDSOR_REQUIRES(own_);
    void tell() WINDSOR_REQUIRES(own_);
    std::uint32_t read_register(Register reg) WINDSOR_REQUIRES(own_);
    void write_register(Register reg, std::uint32_t value, Outgoing& out) WINDSOR_REQUIRES(own_);
    bool concerns_others(Register reg) const WINDSOR_REQUIRES(own_);
    // The register that an MSR is and that takes the value; none: #GP.
    std::optional<Register> writable(std::uint32_t msr, std::uint64_t value) const WINDSOR_REQUIRES(own_);
    bool change_apic_base(std::uint64_t value, Outgoing& out) WINDSOR_EXCLUDES(own_);
    void write_by_msr(Register reg, std::uint64_t value, Outgoing& out) WINDSOR_REQUIRES(own_);
    void write_spurious(std::uint32_t value) WINDSOR_REQUIRES(own_);
    void write_lvt(Lvt entry, std::uint32_t value) WINDSOR_REQUIRES(own_);
    void command(Outgoing& out) WINDSOR_REQUIRES(own_);
    void end_of_interrupt(Outgoing& out) WINDSOR_REQUIRES(own_);
    bool accept_vector(std::uint8_t vector, Trigger trigger) WINDSOR_REQUIRES(own_);
    void fire_lvt(Lvt entry) WINDSOR_REQUIRES(own_);
    void raise_error(std::uint32_t error) WINDSOR_REQUIRES(own_);
    std::uint32_t shown_id() const WINDSOR_REQUIRES(own_);
    std::uint32_t shown_logical() const WINDSOR_REQUIRES(own_);
    std::optional<std::uint64_t> page() const WINDSOR_REQUIRES(own_);
    void timer_due(base::Nanoseconds now) WINDSOR_EXCLUDES(own_);
    // Under the machine lock.
    void send(const Outgoing& out) WINDSOR_EXCLUDES(own_);

    ApicBus& bus_;
    ProcessorSignals& signals_;
    Options options_;
    mutable base::Mutex own_;
    ApicTimer timer_ WINDSOR_GUARDED_BY(own_);
    State state_ WINDSOR_GUARDED_BY(own_); // its `timer` is only filled in by state()
};

} // namespace windsor::devices::lapic
