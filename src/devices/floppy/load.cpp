// SPDX-License-Identifier: GPL-2.0-or-later
// What a saved state may say that no controller can hold.
#include "devices/floppy/controller.hpp"

#include <algorithm>

namespace windsor::devices::floppy {

namespace {

void bound(std::optional<base::Nanoseconds>& deadline, base::Nanoseconds latest)
{
    if (deadline) {
        deadline = std::min(*deadline, latest);
    }
}

} // namespace

void Controller::put_right_registers(State& state)
{
    state.tdr &= kTapeSelect;
    state.dsr &= dsr::kPowerDown | dsr::kPrecompensation;
    state.rate &= dsr::kRate;
    state.config &= config::kAll;
    state.perpendicular &= parameter::kPerpendicularDrives | parameter::kGapWgate;
    state.drives = {}; // drives have it
    state.transfer.head &= 1;
    state.transfer.left = std::min<std::uint16_t>(state.transfer.left, kMostSectors);
}

void Controller::put_right_phase(State& state, base::Nanoseconds latest)
{
    const CommandRow* const row = find_command(state.command[0]);
    const bool transfers = row != nullptr && is_transfer(row->code) && state.due;
    bool possible = true;
    switch (state.phase) {
    case Phase::Idle: break;
    case Phase::Searching:
    case Phase::Failing: possible = transfers; break;
    case Phase::Host: possible = transfers && state.transfer.position < block_bytes(row->code); break;
    case Phase::Media: possible = false; break; // nothing is saved in it
    case Phase::Result:
        possible = state.result_bytes <= kLongestResult && state.result_position < state.result_bytes;
        break;
    }
    if (!possible) {
        state.phase = Phase::Idle;
    }
    const bool begun = state.phase == Phase::Idle && row != nullptr;
    state.command_bytes = begun ? state.command_bytes % row->bytes : std::uint8_t{0};
    if (state.phase == Phase::Idle || state.phase == Phase::Result) {
        state.due.reset();
    }
    bound(state.due, latest);
}

void Controller::put_right_seeks(State& state, base::Nanoseconds latest)
{
    state.reset_statuses = std::min<std::uint8_t>(state.reset_statuses, kDriveNumbers);
    bound(state.polled_at, latest);
    for (unsigned number = 0; number < kDriveNumbers; ++number) {
        Seek& seek = state.seeks[number];
        bound(seek.until, latest);
        seek.pulses = std::clamp<std::int16_t>(seek.pulses, -kMostPulses, kMostPulses);
        if (!seek.until) {
            seek = {};
        }
        for (std::uint8_t* const status : {&seek.status, &state.sought[number]}) {
            const unsigned bits = *status & ~unsigned{parameter::kDrive};
            *status = static_cast<std::uint8_t>(bits == 0 ? 0 : bits | number);
        }
    }
}

void Controller::load(const State& state)
{
    cancel_request();
    state_ = state;
    for (unsigned number = 0; number < kDrives; ++number) {
        if (drives_[number] != nullptr) {
            drives_[number]->load(state.drives[number]);
        }
    }
    const base::Nanoseconds latest = clock_.now() + kLongestWait;
    put_right_registers(state_);
    put_right_phase(state_, latest);
    put_right_seeks(state_, latest);
    if (stopped()) {
        forget(state_);
    }
    irq_.restore_level(line());
    arm();
}

} // namespace windsor::devices::floppy
