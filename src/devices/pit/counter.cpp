// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pit/counter.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::pit {

namespace {

constexpr std::int64_t kBinaryModulus = 0x10000;
constexpr std::int64_t kBcdModulus = 10'000;
constexpr Tick kLatest = Tick{1} << 52; // more than a century; keeps sums of ticks from overflowing

// A count register's digits as a number; digits above nine count as they stand.
std::int64_t from_bcd(std::uint16_t value)
{
    return (value >> 12) * 1000 + ((value >> 8) & 15) * 100 + ((value >> 4) & 15) * 10 + (value & 15);
}

std::uint16_t to_bcd(std::int64_t value)
{
    return static_cast<std::uint16_t>((value / 1000 % 10) << 12 | (value / 100 % 10) << 8 | (value / 10 % 10) << 4 |
                                      value % 10);
}

} // namespace

std::int64_t Counter::elapsed(Tick now) const
{
    // A count is loaded by the pulse after its write, so `since` may lie one tick ahead.
    return state_.elapsed + (state_.counting ? std::max<Tick>(now - state_.since, 0) : 0);
}

// A count of 1 is illegal in modes 2 and 3; it is taken as the shortest legal one.
std::int64_t Counter::cycle() const
{
    return std::max<std::int64_t>(state_.period, 2);
}

std::int64_t Counter::high_part() const
{
    return state_.mode == Mode::RateGenerator ? cycle() - 1 : (cycle() + 1) / 2;
}

void Counter::write_control(Tick now, std::uint8_t control)
{
    const unsigned mode = (control >> control::kModeShift) & 7u;
    advance(now);
    // Modes 6 and 7 are modes 2 and 3: bit 2 is "don't care" there.
    state_ = State{.mode = static_cast<Mode>(mode > 5 ? mode - 4 : mode),
                   .access = static_cast<AccessMode>((control >> control::kAccessShift) & 3),
                   .bcd = (control & control::kBcd) != 0,
                   .gate = state_.gate,
                   .programmed = true,
                   .period = state_.period,
                   .pending = state_.pending,
                   .since = now,
                   .seen = state_.seen,
                   .rises = state_.rises};
}

void Counter::write_count(Tick now, std::uint8_t byte)
{
    advance(now);
    std::uint16_t value = 0;
    switch (state_.access) {
    case AccessMode::Latch: // cannot be set
    case AccessMode::Low:
        value = byte;
        break;
    case AccessMode::High:
        value = static_cast<std::uint16_t>(byte << 8);
        break;
    case AccessMode::LowThenHigh:
        if (!state_.write_high) {
            state_.write_high = true;
            state_.low_byte = byte;
            if (state_.mode == Mode::InterruptOnTerminalCount) {
                // "Writing the first byte disables counting. OUT is set low immediately."
                state_.elapsed = elapsed(now);
                state_.counting = false;
                state_.loaded = false;
            }
            return;
        }
        state_.write_high = false;
        value = static_cast<std::uint16_t>(byte << 8 | state_.low_byte);
        break;
    }
    const std::int64_t modulus = state_.bcd ? kBcdModulus : kBinaryModulus;
    const std::int64_t number = state_.bcd ? from_bcd(value) : value;
    new_count(now, number == 0 ? modulus : number);
}

void Counter::new_count(Tick now, std::int64_t period)
{
    state_.pending = period;
    state_.has_pending = true;
    if (gate_triggers()) {
        return; // the next trigger loads it
    }
    if (periodic() && state_.loaded) {
        // The present period (mode 3: half-period) is finished first.
        if (state_.counting) {
            state_.elapsed = elapsed(now) % cycle();
            state_.since = std::max(state_.since, now);
        }
        return;
    }
    start(now + 1);
    if (!state_.gate) {
        state_.counting = false;
    }
}

// Loads the pending count into the counting element at tick `at`.
void Counter::start(Tick at)
{
    if (state_.has_pending) {
        state_.period = state_.pending;
        state_.has_pending = false;
    }
    state_.elapsed = 0;
    state_.since = at;
    state_.counting = true;
    state_.loaded = true;
}

// When a pending count replaces the present one in modes 2 and 3: at the end of the period, in mode 3 of the half.
std::optional<Tick> Counter::reload_tick() const
{
    if (!periodic() || !state_.loaded || !state_.has_pending || !state_.counting) {
        return std::nullopt;
    }
    const bool high = state_.mode == Mode::SquareWave && state_.elapsed < high_part();
    return state_.since + (high ? high_part() : cycle()) - state_.elapsed;
}

void Counter::reload(Tick at)
{
    const bool high_ends = state_.mode == Mode::SquareWave && state_.elapsed < high_part();
    start(at);
    if (high_ends) {
        state_.elapsed = high_part(); // the new count begins with its low half
    }
}

void Counter::advance(Tick now)
{
    if (now <= state_.seen) {
        return;
    }
    if (const auto at = reload_tick(); at && *at <= now) {
        state_.rises += rises(state_.seen, *at);
        reload(*at);
        state_.seen = std::max(state_.seen, *at);
    }
    state_.rises += rises(state_.seen, now);
    state_.seen = now;
}

std::int64_t Counter::take_rises()
{
    return std::exchange(state_.rises, 0);
}

void Counter::set_gate(Tick now, bool level)
{
    if (level == state_.gate) {
        return;
    }
    advance(now);
    state_.gate = level;
    if (gate_triggers()) {
        if (level && state_.programmed && (state_.loaded || state_.has_pending)) {
            state_.triggered = true;
            start(now + 1);
        }
        return;
    }
    if (!state_.loaded) {
        return;
    }
    if (!level) {
        // Modes 2 and 3: "GATE low sets OUT high immediately"; modes 0 and 4: counting pauses.
        state_.elapsed = periodic() ? 0 : elapsed(now);
        state_.counting = false;
    } else if (periodic()) {
        start(now + 1);
    } else {
        state_.since = now;
        state_.counting = true;
    }
}

bool Counter::out(Tick now) const
{
    const std::int64_t passed = elapsed(now);
    switch (state_.mode) {
    case Mode::InterruptOnTerminalCount:
        return state_.loaded && passed >= state_.period;
    case Mode::HardwareOneShot:
        return !state_.triggered || passed >= state_.period;
    case Mode::RateGenerator:
    case Mode::SquareWave:
        return !state_.counting || passed % cycle() < high_part();
    case Mode::SoftwareStrobe:
        return !state_.loaded || passed != state_.period;
    case Mode::HardwareStrobe:
        return !state_.triggered || passed != state_.period;
    }
    return true;
}

std::optional<Tick> Counter::next_rise(Tick now) const
{
    if (const auto at = reload_tick(); at && state_.mode == Mode::SquareWave) {
        Counter reloaded{*this};
        reloaded.reload(*at);
        // A half that ends low ends with a rise.
        return reloaded.state_.elapsed == 0 && *at > now ? *at : reloaded.unhindered_rise(std::max(now, *at));
    }
    return unhindered_rise(now);
}

// The same, if no count is pending.
std::optional<Tick> Counter::unhindered_rise(Tick now) const
{
    if (!state_.counting) {
        return std::nullopt;
    }
    const std::int64_t passed = elapsed(now);
    const Tick origin = state_.since - state_.elapsed; // the tick at which `elapsed` is nought
    switch (state_.mode) {
    case Mode::InterruptOnTerminalCount:
    case Mode::HardwareOneShot:
        return passed < state_.period ? std::optional{origin + state_.period} : std::nullopt;
    case Mode::SoftwareStrobe:
    case Mode::HardwareStrobe:
        return passed <= state_.period ? std::optional{origin + state_.period + 1} : std::nullopt;
    case Mode::RateGenerator:
    case Mode::SquareWave:
        return origin + (passed / cycle() + 1) * cycle();
    }
    return std::nullopt;
}

std::int64_t Counter::rises(Tick after, Tick now) const
{
    const auto first = unhindered_rise(after);
    if (!first || *first > now) {
        return 0;
    }
    return periodic() ? 1 + (now - *first) / cycle() : 1;
}

std::uint16_t Counter::count(Tick now) const
{
    const std::int64_t passed = elapsed(now);
    const std::int64_t modulus = state_.bcd ? kBcdModulus : kBinaryModulus;
    std::int64_t left = 0;
    if (state_.mode == Mode::SquareWave) {
        // "Decremented by two on succeeding CLK pulses"; an odd count starts from the even number below.
        const std::int64_t position = passed % cycle();
        const std::int64_t in_half = position < high_part() ? position : position - high_part();
        left = (cycle() & ~std::int64_t{1}) - 2 * in_half;
    } else if (state_.mode == Mode::RateGenerator) {
        left = cycle() - passed % cycle();
    } else {
        // These wrap to the highest count and go on.
        left = ((state_.period - passed) % modulus + modulus) % modulus;
    }
    left %= modulus;
    return state_.bcd ? to_bcd(left) : static_cast<std::uint16_t>(left);
}

void Counter::latch_count(Tick now)
{
    advance(now);
    if (state_.count_bytes_latched == 0) {
        state_.latched_count = count(now);
        state_.count_bytes_latched = state_.access == AccessMode::LowThenHigh ? 2 : 1;
    }
}

void Counter::latch_status(Tick now)
{
    advance(now);
    if (state_.status_latched) {
        return;
    }
    const bool null_count = !state_.loaded || state_.has_pending || now < state_.since;
    state_.latched_status =
        static_cast<std::uint8_t>((out(now) ? status::kOut : 0) | (null_count ? status::kNullCount : 0) |
                                  static_cast<unsigned>(state_.access) << control::kAccessShift |
                                  static_cast<unsigned>(state_.mode) << control::kModeShift | (state_.bcd ? 1u : 0u));
    state_.status_latched = true;
}

std::uint8_t Counter::read(Tick now)
{
    advance(now);
    if (state_.status_latched) {
        state_.status_latched = false;
        return state_.latched_status;
    }
    const bool latched = state_.count_bytes_latched > 0;
    const std::uint16_t value = latched ? state_.latched_count : count(now);
    bool high = state_.access == AccessMode::High;
    if (state_.access == AccessMode::LowThenHigh) {
        high = state_.read_high;
        state_.read_high = !state_.read_high;
    }
    if (latched) {
        --state_.count_bytes_latched;
    }
    return static_cast<std::uint8_t>(high ? value >> 8 : value & 0xff);
}

void Counter::load(const State& state)
{
    state_ = state;
    state_.period = std::clamp<std::int64_t>(state_.period, 1, kBinaryModulus);
    state_.pending = std::clamp<std::int64_t>(state_.pending, 1, kBinaryModulus);
    state_.elapsed = std::clamp<std::int64_t>(state_.elapsed, 0, kLatest);
    // The tick at which `elapsed` was nought is one that can be, too: a pending count may be loaded there.
    state_.since = std::clamp<Tick>(state_.since, state_.elapsed - kLatest, kLatest);
    state_.seen = std::clamp<Tick>(state_.seen, 0, kLatest);
}

} // namespace windsor::devices::pit
