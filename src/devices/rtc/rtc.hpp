// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's MC146818 real-time clock with 256 bytes of CMOS RAM.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "chipset/missed_ticks.hpp"
#include "chipset/outlets.hpp"
#include "devices/rtc/calendar.hpp"
#include "devices/rtc/spec.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace windsor::devices::rtc {

// Ports 0x70 and 0x71 for the clock and the first bank, 0x72 and 0x73 for the second bank of RAM.
// The day of the week is a counter of its own, which the guest sets; until it does, it is right for the date.
class Rtc final : public backend::GuestClock, public chipset::Cmos {
public:
    struct Options {
        // What the clock shows at machine time zero, in seconds since 1970 of the guest's time zone.
        std::int64_t base_seconds{0};
        // Told when the guest has set the clock: the seconds by which it is now ahead of base_seconds plus machine
        // time. May be empty.
        std::function<void(std::int64_t offset)> time_set{};
        // Periodic interrupts that came while one was pending are lost, or follow when register C has been read: at
        // most kReinjections of them in a period, as QEMU does, and never more than a second's worth.
        chipset::MissedTicks missed{chipset::MissedTicks::Collapse};
    };

    struct State {
        std::array<std::uint8_t, 2 * kBankSize> cmos{}; // time bytes count only while the clock stands
        std::uint8_t index{0};
        std::uint8_t extended_index{0};
        bool nmi_masked{false};
        bool running{true};               // neither SET nor a divider in reset
        std::int64_t seconds{0};          // what the clock shows at `origin` while running
        base::Nanoseconds origin{0};      // when the divider was at zero; its phase survives SET
        base::Nanoseconds seen{0};        // up to when the flags of register C are right
        std::uint8_t weekday_ahead{0};    // days by which the day of the week is ahead of the date's, 0 to 6
        std::int64_t told_offset{0};      // last given to time_set
        std::uint64_t lost_periodic{0};   // periodic interrupts that came while one was pending
        std::int64_t owed_periodic{0};    // those of them that are still to follow
        unsigned reinjected{0};           // since the last that came in time
    };

    // `clock` and `timers` outlive the chip.
    Rtc(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq8, Options options);
    Rtc(const Rtc&) = delete;
    Rtc& operator=(const Rtc&) = delete;

    bus::AccessHandler& ports() { return ports_; }                   // 2 ports, at 0x70
    bus::AccessHandler& extended_ports() { return extended_ports_; } // 2 ports, at 0x72

    // Whether port 0x70 bit 7 keeps NMIs from the processor.
    bool nmi_masked() const { return state_.nmi_masked; }

    // RAM for the firmware: index 0x0e to 0xff; those of clock registers change nothing.
    void set_cmos(std::uint8_t index, std::uint8_t value) override;
    std::uint8_t cmos(std::uint8_t index) const override { return state_.cmos[index]; }

    // What the clock shows, in seconds since 1970 of the guest's time zone.
    std::int64_t seconds() const override;

    // The clock shows a time `by` seconds later (or earlier) from now on, as if it had run on while machine time stood
    // still. An alarm that lay in between rings; the other interrupts of that time are not made up for.
    void skip(std::int64_t by) override;

    // Brings the state up to the present; interrupts that are due come.
    void settle() { update(); }
    // The RESET pin: interrupts off; time and RAM stay.
    void reset();
    const State& state() const { return state_; }
    void load(const State& state);

private:
    class Ports final : public bus::AccessHandler {
    public:
        Ports(Rtc& rtc, bool extended) : rtc_{rtc}, extended_{extended} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Rtc& rtc_;
        bool extended_;
    };

    std::uint8_t& reg(Register which) { return state_.cmos[static_cast<std::uint8_t>(which)]; }
    std::uint8_t reg(Register which) const { return state_.cmos[static_cast<std::uint8_t>(which)]; }
    std::uint8_t read_register(std::uint8_t index);
    void write_register(std::uint8_t index, std::uint8_t value);
    void write_a(std::uint8_t value);
    void write_b(std::uint8_t value);
    void write_time(std::uint8_t index, std::uint8_t value);

    bool update_in_progress() const;
    bool divider_running() const;
    std::int64_t divider(base::Nanoseconds time) const; // in 1/32,768 s since `origin`
    std::int64_t period() const;                        // of periodic interrupts in 1/32,768 s; 0 if none
    void run_if_allowed();
    void freeze_time();
    void take_time();
    void take_weekday();

    std::uint8_t encode(unsigned value) const;
    unsigned decode(std::uint8_t value) const;
    std::uint8_t encode_hours(unsigned hours) const;
    unsigned decode_hours(std::uint8_t value) const;
    void store_time(const DateTime& time);
    DateTime stored_time() const;

    // Seconds from `from` (exclusive) to the next alarm; always at most a day, or -1 if it can never come.
    std::int64_t next_alarm(std::int64_t from) const;
    // Sets the flags of what has happened since `seen`, drives the line and arms the timer.
    void update();
    void collect_flags(base::Nanoseconds now);
    void missed(std::int64_t edges);
    void reinject();
    void arm(base::Nanoseconds now);

    const base::Clock& clock_;
    bus::IrqLine irq8_;
    Options options_;
    State state_;
    Ports ports_{*this, false};
    Ports extended_ports_{*this, true};
    base::Timer timer_;
};

} // namespace windsor::devices::rtc
