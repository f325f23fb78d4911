// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtc/rtc.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace windsor::devices::rtc {

namespace {

// Kept below the range in which sums of times overflow: some 140 years.
constexpr base::Nanoseconds kLatest = base::Nanoseconds{1} << 62;
constexpr std::int64_t kFarthest = std::int64_t{1} << 40; // seconds
constexpr unsigned kReinjections = 20;
constexpr unsigned kWeek = 7; // days

bool is_time(std::uint8_t index)
{
    switch (static_cast<Register>(index)) {
    case Register::Seconds:
    case Register::Minutes:
    case Register::Hours:
    case Register::DayOfWeek:
    case Register::DayOfMonth:
    case Register::Month:
    case Register::Year:
    case Register::Century:
        return true;
    default:
        return false;
    }
}

// The first nanosecond at which the divider, zero at `origin`, has counted to `count`.
base::Nanoseconds time_of(base::Nanoseconds origin, std::int64_t count)
{
    const std::int64_t rest = count % kFrequency * base::kSecond;
    return origin + count / kFrequency * base::kSecond + (rest + kFrequency - 1) / kFrequency;
}

} // namespace

Rtc::Rtc(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq8, Options options)
    : clock_{clock}, irq8_{irq8}, options_{std::move(options)},
      timer_{timers.make([this](base::Nanoseconds) { update(); })}
{
    options_.base_seconds = std::clamp(options_.base_seconds, -kFarthest, kFarthest);
    state_.seconds = options_.base_seconds;
    state_.seen = clock_.now();
    reg(Register::A) = a::kDefault;
    reg(Register::B) = b::k24Hours;
    reg(Register::D) = kValidRam;
}

bool Rtc::divider_running() const
{
    return (reg(Register::A) & a::kDividerReset) != a::kDividerReset;
}

std::int64_t Rtc::divider(base::Nanoseconds time) const
{
    const base::Nanoseconds passed = std::max<base::Nanoseconds>(time - state_.origin, 0);
    return passed / base::kSecond * kFrequency + passed % base::kSecond * kFrequency / base::kSecond;
}

// "Periodic Interrupt Rate": rates 1 and 2 repeat 8 and 9 with a 32,768 Hz time base.
std::int64_t Rtc::period() const
{
    const unsigned rate = reg(Register::A) & a::kRate;
    if (rate == 0 || !divider_running()) {
        return 0;
    }
    return std::int64_t{1} << ((rate <= 2 ? rate + 7 : rate) - 1);
}

std::int64_t Rtc::seconds() const
{
    if (!state_.running) {
        return to_seconds(stored_time());
    }
    return state_.seconds + divider(clock_.now()) / kFrequency;
}

bool Rtc::update_in_progress() const
{
    if (!state_.running) {
        return false;
    }
    const base::Nanoseconds passed = std::max<base::Nanoseconds>(clock_.now() - state_.origin, 0);
    return passed % base::kSecond >= base::kSecond - kUpdateWarning;
}

std::uint8_t Rtc::encode(unsigned value) const
{
    if ((reg(Register::B) & b::kBinary) != 0) {
        return static_cast<std::uint8_t>(value);
    }
    return static_cast<std::uint8_t>(value / 10 << 4 | value % 10);
}

unsigned Rtc::decode(std::uint8_t value) const
{
    return (reg(Register::B) & b::kBinary) != 0 ? value : (value >> 4) * 10u + (value & 15u);
}

std::uint8_t Rtc::encode_hours(unsigned hours) const
{
    if ((reg(Register::B) & b::k24Hours) != 0) {
        return encode(hours);
    }
    const unsigned twelve = hours % 12 == 0 ? 12 : hours % 12;
    return static_cast<std::uint8_t>(encode(twelve) | (hours >= 12 ? kPm : 0));
}

unsigned Rtc::decode_hours(std::uint8_t value) const
{
    if ((reg(Register::B) & b::k24Hours) != 0) {
        return decode(value);
    }
    const unsigned twelve = decode(value & 0x7f) % 12;
    return twelve + ((value & kPm) != 0 ? 12 : 0);
}

void Rtc::store_time(const DateTime& time)
{
    reg(Register::Seconds) = encode(time.second);
    reg(Register::Minutes) = encode(time.minute);
    reg(Register::Hours) = encode_hours(time.hour);
    reg(Register::DayOfWeek) = encode((time.weekday - 1 + state_.weekday_ahead) % kWeek + 1);
    reg(Register::DayOfMonth) = encode(time.day);
    reg(Register::Month) = encode(time.month);
    reg(Register::Year) = encode(static_cast<unsigned>(time.year % 100));
    reg(Register::Century) = encode(static_cast<unsigned>(time.year / 100));
}

DateTime Rtc::stored_time() const
{
    return {.year = static_cast<int>(decode(reg(Register::Century)) * 100 + decode(reg(Register::Year))),
            .month = decode(reg(Register::Month)),
            .day = decode(reg(Register::DayOfMonth)),
            .hour = decode_hours(reg(Register::Hours)),
            .minute = decode(reg(Register::Minutes)),
            .second = decode(reg(Register::Seconds)),
            .weekday = 1};
}

// The clock stops: what it shows stays in the registers.
void Rtc::freeze_time()
{
    store_time(from_seconds(seconds()));
    state_.running = false;
}

// "Time, Calendar, and Alarm Locations": the day of the week counts from 1 to 7 with the days, from whatever it is set
// to. What is no day of the week leaves it right for the date.
void Rtc::take_weekday()
{
    const unsigned set = decode(reg(Register::DayOfWeek));
    const unsigned by_date = from_seconds(to_seconds(stored_time())).weekday;
    state_.weekday_ahead = set >= 1 && set <= kWeek ? static_cast<std::uint8_t>((set + kWeek - by_date) % kWeek) : 0;
}

// The clock goes on from the registers, at the divider's phase.
void Rtc::take_time()
{
    const base::Nanoseconds now = clock_.now();
    take_weekday();
    state_.seconds = to_seconds(stored_time()) - divider(now) / kFrequency;
    state_.running = true;
    const std::int64_t offset = to_seconds(stored_time()) - options_.base_seconds - now / base::kSecond;
    // A second either way is the phase, not the guest's doing.
    if (std::abs(offset - state_.told_offset) > 1) {
        state_.told_offset = offset;
        if (options_.time_set) {
            options_.time_set(offset);
        }
    }
}

void Rtc::run_if_allowed()
{
    const bool run = divider_running() && (reg(Register::B) & b::kSet) == 0;
    if (run && !state_.running) {
        take_time();
    }
}

void Rtc::write_a(std::uint8_t value)
{
    const bool was_running = divider_running();
    const bool will_run = (value & a::kDividerReset) != a::kDividerReset;
    if (was_running && !will_run && state_.running) {
        freeze_time();
    }
    if (((reg(Register::A) ^ value) & a::kRate) != 0) {
        state_.owed_periodic = 0; // of a period that is no more
    }
    reg(Register::A) = value & static_cast<std::uint8_t>(~a::kUpdateInProgress);
    if (!was_running && will_run) {
        // "Divider Stages": the first update comes half a second after the reset is lifted.
        state_.origin = clock_.now() - base::kSecond / 2;
        state_.seen = clock_.now();
    }
    run_if_allowed();
}

void Rtc::write_b(std::uint8_t value)
{
    if ((value & b::kSet) != 0) {
        if (state_.running) {
            freeze_time();
        }
        value &= static_cast<std::uint8_t>(~b::kUpdateEnded); // "SET ... clears UIE"
    }
    reg(Register::B) = value;
    run_if_allowed();
}

void Rtc::write_time(std::uint8_t index, std::uint8_t value)
{
    if (!state_.running) {
        state_.cmos[index] = value;
        return;
    }
    freeze_time();
    state_.cmos[index] = value;
    take_time();
}

void Rtc::write_register(std::uint8_t index, std::uint8_t value)
{
    update();
    if (is_time(index)) {
        write_time(index, value);
    } else {
        switch (static_cast<Register>(index)) {
        case Register::A:
            write_a(value);
            break;
        case Register::B:
            write_b(value);
            break;
        case Register::C:
        case Register::D:
            break; // read-only
        default:
            state_.cmos[index] = value;
        }
    }
    update();
}

std::uint8_t Rtc::read_register(std::uint8_t index)
{
    update();
    if (is_time(index) && state_.running) {
        store_time(from_seconds(seconds()));
        return state_.cmos[index];
    }
    switch (static_cast<Register>(index)) {
    case Register::A:
        return static_cast<std::uint8_t>(reg(Register::A) | (update_in_progress() ? a::kUpdateInProgress : 0));
    case Register::C: {
        const std::uint8_t flags = std::exchange(reg(Register::C), std::uint8_t{0});
        update();
        reinject();
        return flags;
    }
    default:
        return state_.cmos[index];
    }
}

void Rtc::set_cmos(std::uint8_t index, std::uint8_t value)
{
    if (index > static_cast<std::uint8_t>(Register::D) && !is_time(index)) {
        state_.cmos[index] = value;
    }
}

std::int64_t Rtc::next_alarm(std::int64_t from) const
{
    const std::uint8_t second = reg(Register::SecondsAlarm);
    const std::uint8_t minute = reg(Register::MinutesAlarm);
    const std::uint8_t hour = reg(Register::HoursAlarm);
    const auto any = [](std::uint8_t value) { return (value & kDontCare) == kDontCare; };
    constexpr std::int64_t kDay = 86'400;
    const std::int64_t today = ((from + 1) % kDay + kDay) % kDay;
    for (std::int64_t hours = 0; hours <= 24; ++hours) {
        const std::int64_t hour_start = today / 3600 * 3600 + hours * 3600;
        if (!any(hour) && decode_hours(hour) != static_cast<unsigned>(hour_start / 3600 % 24)) {
            continue;
        }
        for (unsigned m = any(minute) ? 0 : decode(minute); m < 60; m += any(minute) ? 1 : 60) {
            for (unsigned s = any(second) ? 0 : decode(second); s < 60; s += any(second) ? 1 : 60) {
                const std::int64_t at = hour_start + m * 60 + s;
                if (at >= today) {
                    return at - today + 1;
                }
            }
        }
    }
    return -1;
}

void Rtc::missed(std::int64_t edges)
{
    if (options_.missed == chipset::MissedTicks::Collapse) {
        state_.lost_periodic += static_cast<std::uint64_t>(edges);
        return;
    }
    const std::int64_t owed = state_.owed_periodic + edges;
    state_.owed_periodic = std::min(owed, kFrequency / period());
    state_.lost_periodic += static_cast<std::uint64_t>(owed - state_.owed_periodic);
}

void Rtc::reinject()
{
    if ((reg(Register::B) & b::kPeriodic) == 0 || period() == 0) {
        state_.owed_periodic = 0;
    }
    if (state_.owed_periodic > 0 && state_.reinjected < kReinjections) {
        --state_.owed_periodic;
        ++state_.reinjected;
        reg(Register::C) |= c::kPeriodic;
        update();
    }
}

void Rtc::collect_flags(base::Nanoseconds now)
{
    const std::int64_t from = divider(state_.seen);
    const std::int64_t to = divider(now);
    state_.seen = std::max(state_.seen, now);
    std::uint8_t& flags = reg(Register::C);
    if (const std::int64_t each = period(); each != 0 && to / each > from / each) {
        const std::int64_t edges = to / each - from / each;
        const bool pending = (flags & c::kPeriodic) != 0;
        if ((reg(Register::B) & b::kPeriodic) != 0) {
            missed(edges - (pending ? 0 : 1));
        }
        state_.reinjected = 0;
        flags |= c::kPeriodic;
    }
    const std::int64_t updates = to / kFrequency - from / kFrequency;
    if (state_.running && updates > 0) {
        flags |= c::kUpdateEnded;
        if (const std::int64_t alarm = next_alarm(state_.seconds + from / kFrequency); alarm > 0 && alarm <= updates) {
            flags |= c::kAlarm;
        }
    }
}

// Wakes for enabled interrupts only; the other flags are worked out when register C is read. A flag that is set
// needs no wake until register C has been read.
void Rtc::arm(base::Nanoseconds now)
{
    const auto wanted = static_cast<std::uint8_t>(reg(Register::B) & b::kEnables & ~reg(Register::C));
    const std::int64_t count = divider(now);
    base::Nanoseconds deadline = kLatest;
    if (const std::int64_t each = period(); each != 0 && (wanted & b::kPeriodic) != 0) {
        deadline = time_of(state_.origin, (count / each + 1) * each);
    }
    if (state_.running) {
        const std::int64_t second = count / kFrequency;
        if ((wanted & b::kUpdateEnded) != 0) {
            deadline = std::min(deadline, time_of(state_.origin, (second + 1) * kFrequency));
        }
        if ((wanted & b::kAlarm) != 0) {
            if (const std::int64_t alarm = next_alarm(state_.seconds + second); alarm > 0) {
                deadline = std::min(deadline, time_of(state_.origin, (second + alarm) * kFrequency));
            }
        }
    }
    if (deadline < kLatest) {
        timer_.arm(deadline);
    } else {
        timer_.disarm();
    }
}

void Rtc::update()
{
    const base::Nanoseconds now = clock_.now();
    collect_flags(now);
    std::uint8_t& flags = reg(Register::C);
    flags &= static_cast<std::uint8_t>(~c::kInterrupt);
    if ((flags & reg(Register::B) & b::kEnables) != 0) {
        flags |= c::kInterrupt;
    }
    irq8_.set_level((flags & c::kInterrupt) != 0);
    arm(now);
}

void Rtc::skip(std::int64_t by)
{
    update();
    by = std::clamp(by, -kFarthest, kFarthest);
    if (!state_.running || by == 0) {
        return; // a clock that the guest holds shows what the guest has written
    }
    const std::int64_t alarm = next_alarm(seconds());
    if (alarm > 0 && alarm <= by) {
        reg(Register::C) |= c::kAlarm;
    }
    state_.seconds = std::clamp(state_.seconds + by, -kFarthest, kFarthest);
    // What the guest has set its clock to is still as far from the host's.
    options_.base_seconds = std::clamp(options_.base_seconds + by, -kFarthest, kFarthest);
    update();
}

void Rtc::reset()
{
    update();
    reg(Register::B) &= static_cast<std::uint8_t>(~(b::kEnables | b::kSquareWave));
    reg(Register::C) = 0;
    state_.owed_periodic = 0;
    state_.index = 0;
    state_.extended_index = 0;
    state_.nmi_masked = false;
    update();
}

void Rtc::load(const State& state)
{
    state_ = state;
    state_.index %= kBankSize;
    state_.extended_index %= kBankSize;
    state_.weekday_ahead %= kWeek;
    state_.seconds = std::clamp(state_.seconds, -kFarthest, kFarthest);
    state_.told_offset = std::clamp(state_.told_offset, -4 * kFarthest, 4 * kFarthest);
    state_.owed_periodic = std::clamp<std::int64_t>(state_.owed_periodic, 0, kFrequency);
    state_.origin = std::clamp(state_.origin, -base::kSecond, clock_.now());
    state_.seen = std::clamp(state_.seen, state_.origin, clock_.now());
    irq8_.restore_level((reg(Register::C) & c::kInterrupt) != 0);
    update();
}

bus::ReadResult Rtc::Ports::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    State& state = rtc_.state_;
    if (offset == 0) {
        return extended_ ? state.extended_index : bus::all_ones(width); // port 0x70 is write-only
    }
    return std::uint64_t{extended_ ? state.cmos[kBankSize + state.extended_index] : rtc_.read_register(state.index)};
}

bus::AccessStatus Rtc::Ports::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const auto byte = static_cast<std::uint8_t>(value);
    State& state = rtc_.state_;
    if (offset == 0) {
        (extended_ ? state.extended_index : state.index) = byte % kBankSize;
        state.nmi_masked = extended_ ? state.nmi_masked : (byte & kNmiMask) != 0;
    } else if (extended_) {
        state.cmos[kBankSize + state.extended_index] = byte;
    } else {
        rtc_.write_register(state.index, byte);
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::rtc
