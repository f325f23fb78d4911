// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/controller.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::floppy {

Controller::Controller(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq, chipset::IsaDma* dma,
                       Drives drives)
    : clock_{clock}, irq_{irq}, dma_{dma}, drives_{std::move(drives)},
      timer_{timers.make([this](base::Nanoseconds now) { advance(now); })}
{
}

Controller::~Controller()
{
    cancel_request();
}

bus::ReadResult Controller::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    advance(clock_.now());
    switch (static_cast<Register>(offset)) {
    case Register::StatusA: return std::uint64_t{status_a()};
    case Register::StatusB: return std::uint64_t{status_b()};
    case Register::DigitalOutput: return std::uint64_t{state_.dor};
    case Register::TapeDrive: return std::uint64_t{state_.tdr} | kTapeUndriven;
    case Register::MainStatusDataRate: return std::uint64_t{main_status()};
    case Register::Data: return std::uint64_t{read_data()};
    }
    return bus::AccessStatus::NoRegister;
}

bus::AccessStatus Controller::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    advance(clock_.now());
    const auto byte = static_cast<std::uint8_t>(value);
    switch (static_cast<Register>(offset)) {
    case Register::StatusA:
    case Register::StatusB: break;
    case Register::DigitalOutput: write_dor(byte); break;
    case Register::TapeDrive: state_.tdr = byte & kTapeSelect; break;
    case Register::MainStatusDataRate: write_dsr(byte); break;
    case Register::Data: write_data(byte); break;
    default: return bus::AccessStatus::NoRegister;
    }
    return bus::AccessStatus::Ok;
}

bus::ReadResult Controller::DigitalInput::read(std::uint64_t, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    controller_.advance(controller_.clock_.now());
    const FloppyDrive* const drive = controller_.drive(controller_.state_.dor & dor::kDrive);
    const bool change = drive != nullptr && drive->disk_change();
    return std::uint64_t{change ? dir::kDiskChange : 0u} | dir::kUndriven;
}

// The configuration control register: the rate alone.
bus::AccessStatus Controller::DigitalInput::write(std::uint64_t, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    controller_.state_.rate = static_cast<std::uint8_t>(value) & dsr::kRate;
    return bus::AccessStatus::Ok;
}

// In reset, or powered down: nothing moves.
bool Controller::stopped() const
{
    return (state_.dor & dor::kNoReset) == 0 || (state_.dsr & dsr::kPowerDown) != 0;
}

std::uint8_t Controller::status_a() const
{
    const unsigned number = state_.dor & dor::kDrive;
    const FloppyDrive* const drive = number < kDrives ? drives_[number].get() : nullptr;
    unsigned value = sra::kNotIndex;
    value |= state_.interrupt ? sra::kInterruptPending : 0u;
    value |= drives_[1] == nullptr ? sra::kNoSecondDrive : 0u;
    value |= drive == nullptr || !drive->at_track0() ? sra::kNotTrack0 : 0u;
    value |= state_.transfer.head != 0 ? sra::kHead1 : 0u;
    value |= drive == nullptr || !drive->write_protected() ? sra::kNotProtected : 0u;
    return static_cast<std::uint8_t>(value);
}

std::uint8_t Controller::status_b() const
{
    const unsigned motors = state_.dor >> dor::kMotorShift & 3u;
    const unsigned select = (state_.dor & 1u) != 0 ? srb::kDriveSelect0 : 0u;
    return static_cast<std::uint8_t>(srb::kAlwaysSet | select | motors);
}

std::uint8_t Controller::main_status() const
{
    if (stopped()) {
        return 0;
    }
    unsigned value = 0;
    for (unsigned number = 0; number < kDriveNumbers; ++number) {
        value |= state_.seeks[number].until ? 1u << number : 0u;
    }
    const bool non_dma = state_.phase != Phase::Idle && state_.phase != Phase::Result && by_fifo();
    value |= non_dma ? msr::kNonDma : 0u;
    switch (state_.phase) {
    case Phase::Idle: value |= msr::kRqm | (state_.command_bytes != 0 ? msr::kCommandBusy : 0u); break;
    case Phase::Searching:
    case Phase::Failing:
    case Phase::Media: value |= msr::kCommandBusy; break;
    case Phase::Host: value |= msr::kRqm | msr::kCommandBusy | (writes(current()) ? 0u : msr::kDio); break;
    case Phase::Result: value |= msr::kRqm | msr::kDio | msr::kCommandBusy; break;
    }
    return static_cast<std::uint8_t>(value);
}

void Controller::write_dor(std::uint8_t value)
{
    const std::uint8_t before = std::exchange(state_.dor, value);
    if ((value & dor::kNoReset) == 0) {
        if ((before & dor::kNoReset) != 0) {
            software_reset();
        }
    } else if ((before & dor::kNoReset) == 0) {
        leave_reset();
    }
    irq_.set_level(line());
}

void Controller::write_dsr(std::uint8_t value)
{
    state_.rate = value & dsr::kRate;
    state_.dsr = value & (dsr::kPowerDown | dsr::kPrecompensation);
    if ((value & dsr::kReset) != 0) {
        software_reset();
        if ((state_.dor & dor::kNoReset) != 0) {
            leave_reset();
        }
    } else if ((value & dsr::kPowerDown) != 0) {
        stop();
    }
}

std::uint8_t Controller::read_data()
{
    if (stopped()) {
        return 0;
    }
    if (state_.phase == Phase::Host && !writes(current())) {
        const std::uint8_t byte = state_.transfer.buffer[state_.transfer.position];
        host_moved();
        return byte;
    }
    if (state_.phase != Phase::Result) {
        return 0;
    }
    if (state_.result_position == 0) {
        set_interrupt(false);
    }
    const std::uint8_t byte = state_.result[state_.result_position];
    if (++state_.result_position >= state_.result_bytes) {
        idle();
    }
    return byte;
}

void Controller::write_data(std::uint8_t value)
{
    if (stopped()) {
        return;
    }
    if (state_.phase == Phase::Host && writes(current())) {
        state_.transfer.buffer[state_.transfer.position] = value;
        host_moved();
        return;
    }
    if (state_.phase != Phase::Idle) {
        return;
    }
    state_.command[state_.command_bytes++] = value;
    const CommandRow* const row = find_command(state_.command[0]);
    if (row == nullptr) {
        invalid();
    } else if (state_.command_bytes == row->bytes) {
        state_.command_bytes = 0;
        (this->*row->run)();
    }
}

// Whatever is under way ends without a result.
void Controller::stop()
{
    cancel_request();
    forget(state_);
    irq_.set_level(line());
    arm();
}

void Controller::forget(State& state)
{
    state.phase = Phase::Idle;
    state.command_bytes = 0;
    state.due.reset();
    state.polled_at.reset();
    state.reset_statuses = 0;
    state.seeks = {};
    state.sought = {};
    state.interrupt = false;
}

// By DOR or DSR. What LOCK protects stays, as do the rate, implied seeks, SPECIFY's parameters and which drives are
// perpendicular.
void Controller::software_reset()
{
    stop();
    state_.cylinders = {};
    state_.perpendicular &= parameter::kPerpendicularDrives;
    state_.config &= static_cast<std::uint8_t>(~config::kNoPolling);
    if (!state_.lock) {
        state_.config = static_cast<std::uint8_t>((state_.config & config::kImpliedSeek) | config::kNoFifo);
        state_.precompensation_track = 0;
    }
}

// Polling finds that all drives have become ready (datasheet 5.2.4); a CONFIGURE that comes first can disable it.
void Controller::leave_reset()
{
    state_.dsr &= dsr::kPrecompensation; // awake
    state_.reset_statuses = kDriveNumbers;
    state_.polled_at = clock_.now() + kPollingTime;
    arm();
}

bool Controller::line() const
{
    constexpr std::uint8_t kOpen = dor::kNoReset | dor::kDmaGate;
    return state_.interrupt && (state_.dor & kOpen) == kOpen;
}

void Controller::set_interrupt(bool level)
{
    state_.interrupt = level;
    irq_.set_level(line());
}

void Controller::advance(base::Nanoseconds now)
{
    const auto due = [now](const std::optional<base::Nanoseconds>& at) { return at && *at <= now; };
    bool any = false;
    if (due(state_.polled_at)) {
        any = true;
        state_.polled_at.reset();
        if (state_.reset_statuses == kDriveNumbers) {
            set_interrupt(true);
        }
    }
    for (unsigned number = 0; number < kDriveNumbers; ++number) {
        if (due(state_.seeks[number].until)) {
            any = true;
            end_seek(number);
        }
    }
    if (due(state_.due)) {
        any = true;
        end_phase();
    }
    if (any) {
        arm();
    }
}

void Controller::end_seek(unsigned number)
{
    const Seek seek = std::exchange(state_.seeks[number], Seek{});
    if (FloppyDrive* const at = drive(number)) {
        at->step(seek.pulses);
    }
    state_.cylinders[number] = seek.cylinder;
    state_.sought[number] = seek.status;
    if (state_.phase == Phase::Idle && state_.command_bytes == 0) {
        set_interrupt(true);
    }
}

void Controller::end_phase()
{
    state_.due.reset();
    if (state_.phase == Phase::Searching) {
        reach_sector();
        return;
    }
    if (state_.phase == Phase::Host) {
        state_.transfer.st1 |= st1::kOverrun;
    }
    finish(st0::kAbnormal);
}

void Controller::arm()
{
    std::optional<base::Nanoseconds> next = state_.due;
    const auto consider = [&next](const std::optional<base::Nanoseconds>& at) {
        if (at && (!next || *at < *next)) {
            next = at;
        }
    };
    consider(state_.polled_at);
    for (const Seek& seek : state_.seeks) {
        consider(seek.until);
    }
    if (next) {
        timer_.arm(*next);
    } else {
        timer_.disarm();
    }
}

void Controller::cancel_request()
{
    if (request_ != nullptr) {
        request_->owner = nullptr;
        request_.reset();
    }
}

void Controller::release()
{
    stop();
    for (const auto& drive : drives_) {
        if (drive != nullptr) {
            drive->release();
        }
    }
}

void Controller::reset()
{
    stop();
    state_ = {};
}

Controller::State Controller::state() const
{
    State state = state_;
    for (unsigned number = 0; number < kDrives; ++number) {
        if (drives_[number] != nullptr) {
            state.drives[number] = drives_[number]->state();
        }
    }
    return state;
}

} // namespace windsor::devices::floppy
