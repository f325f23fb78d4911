// SPDX-License-Identifier: GPL-2.0-or-later
// The local APIC of one processor, as xAPIC (a page of MMIO) and as x2APIC (model-specific registers).
#pragma once

#include "base/clock.hpp"
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

// The processor's pins, as its local APIC drives them. Called under the machine lock, also from other
// processors' threads and in the middle of an access to the local APIC.
class ProcessorSignals {
public:
    virtual ~ProcessorSignals() = default;
    virtual void nmi() = 0;
    virtual void init() = 0;
    // Start-up IPI: a processor that waits for it starts at segment vector * 0x100.
    virtual void startup(std::uint8_t vector) = 0;
    // What interrupt_pending() or extint_pending() say may have changed.
    virtual void interrupts_changed() = 0;
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

// Used under the machine lock.
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

    // x2APIC registers, kFirstMsr to kLastMsr. No value, or false: the access makes #GP(0).
    std::optional<std::uint64_t> read_msr(std::uint32_t msr);
    [[nodiscard]] bool write_msr(std::uint32_t msr, std::uint64_t value);
    // IA32_APIC_BASE. False: #GP(0), nothing changed.
    std::uint64_t apic_base() const { return state_.apic_base; }
    [[nodiscard]] bool set_apic_base(std::uint64_t value);
    // IA32_TSC_DEADLINE.
    std::uint64_t tsc_deadline() const { return timer_.tsc_deadline(); }
    void set_tsc_deadline(std::uint64_t tsc) { timer_.set_tsc_deadline(tsc); }
    // To be called after a write to the time-stamp counter.
    void tsc_changed() { timer_.tsc_changed(); }
    // CR8: the upper four bits of the task priority.
    std::uint8_t cr8() const { return static_cast<std::uint8_t>(state_.task_priority >> 4); }
    void set_cr8(std::uint8_t value);

    // An interrupt of the local APIC's own waits and beats the processor's priority.
    bool interrupt_pending() const;
    // Whether an interrupt of this vector waits to be taken.
    bool requested(std::uint8_t vector) const { return state_.requests.test(vector); }
    // Takes it: from requested to in service. None if nothing is pending (any more).
    std::optional<base::Vector> acknowledge();
    // The local APIC lets the 8259's INTR through: it is disabled, or LINT0 is an unmasked ExtINT.
    bool accepts_extint() const;
    // INTR is asserted and let through: the machine takes the vector from the 8259.
    bool extint_pending() const { return state_.lint[0] && accepts_extint(); }

    // Pin LINT0 (the 8259's INTR) or LINT1 (NMI).
    void set_lint(unsigned pin, bool level);

    // For the bus.
    bool is_destination(const Message& message) const;
    // False if the interrupt is lost here.
    bool accept(const Message& message);
    std::uint32_t id() const { return options_.id; }
    bool globally_enabled() const { return (state_.apic_base & kBaseEnable) != 0; }
    bool software_enabled() const { return globally_enabled() && (state_.spurious & kSvrEnable) != 0; }
    bool x2apic_enabled() const { return (state_.apic_base & kBaseX2Apic) != 0; }
    std::uint8_t processor_priority() const;

    State state() const;
    void load(const State& state);

private:
    std::uint32_t& lvt(Lvt entry) { return state_.lvt[static_cast<unsigned>(entry)]; }
    std::uint32_t lvt(Lvt entry) const { return state_.lvt[static_cast<unsigned>(entry)]; }

    void clear();
    std::uint32_t read_register(Register reg);
    void write_register(Register reg, std::uint32_t value);
    void write_spurious(std::uint32_t value);
    void write_lvt(Lvt entry, std::uint32_t value);
    void send_command();
    void end_of_interrupt();
    bool accept_vector(std::uint8_t vector, Trigger trigger);
    void fire_lvt(Lvt entry);
    void raise_error(std::uint32_t error);
    std::uint32_t shown_id() const;
    std::uint32_t shown_logical() const;
    std::optional<std::uint64_t> page() const;

    ApicBus& bus_;
    ProcessorSignals& signals_;
    Options options_;
    ApicTimer timer_;
    State state_; // its `timer` is only filled in by state()
};

} // namespace windsor::devices::lapic
