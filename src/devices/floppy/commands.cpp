// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/controller.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace windsor::devices::floppy {

// Datasheet table 5-1. What is not in it, such as PART ID, SAVE and the SCAN commands of relatives, is invalid.
const Controller::CommandRow* Controller::find_command(std::uint8_t code)
{
    using enum Command;
    static constexpr std::array<CommandRow, 19> kRows{{
        {0x1f, ReadData, 9, &Controller::read_write},
        {0x1f, ReadDeletedData, 9, &Controller::read_write},
        {0x3f, WriteData, 9, &Controller::read_write},
        {0x3f, WriteDeletedData, 9, &Controller::read_write},
        {0x9f, ReadTrack, 9, &Controller::read_track},
        {0x1f, Verify, 9, &Controller::verify},
        {0xbf, FormatTrack, 6, &Controller::format_track},
        {0xbf, ReadId, 2, &Controller::read_id},
        {0xff, Recalibrate, 2, &Controller::recalibrate},
        {0xff, SenseInterruptStatus, 1, &Controller::sense_interrupt_status},
        {0xff, Specify, 3, &Controller::specify},
        {0xff, SenseDriveStatus, 2, &Controller::sense_drive_status},
        {0xff, Seek, 3, &Controller::seek},
        {0xbf, RelativeSeek, 3, &Controller::relative_seek},
        {0xff, Configure, 4, &Controller::configure},
        {0xff, Dumpreg, 1, &Controller::dumpreg},
        {0xff, Version, 1, &Controller::version},
        {0xff, PerpendicularMode, 2, &Controller::perpendicular_mode},
        {0x7f, Unlock, 1, &Controller::lock},
    }};
    const auto* const row = std::ranges::find_if(
        kRows, [code](const CommandRow& each) { return (code & each.mask) == static_cast<std::uint8_t>(each.code); });
    return row == kRows.end() ? nullptr : row;
}

// Of a phase other than Idle and Result.
Command Controller::current() const
{
    const CommandRow* const row = find_command(state_.command[0]);
    return row != nullptr ? row->code : Command::ReadId;
}

// The interrupts of seeks that ended in the meantime come now.
void Controller::idle()
{
    state_.phase = Phase::Idle;
    state_.command_bytes = 0;
    if (std::ranges::any_of(state_.sought, [](std::uint8_t status) { return status != 0; })) {
        set_interrupt(true);
    }
}

void Controller::reply(std::span<const std::uint8_t> bytes)
{
    std::ranges::copy(bytes, state_.result.begin());
    state_.result_bytes = static_cast<std::uint8_t>(bytes.size());
    state_.result_position = 0;
    state_.command_bytes = 0;
    state_.phase = Phase::Result;
}

void Controller::invalid()
{
    reply(std::array{st0::kInvalid});
}

void Controller::specify()
{
    state_.specified = {state_.command[1], state_.command[2]};
    idle();
}

void Controller::sense_drive_status()
{
    const FloppyDrive* const at = drive(drive_number());
    unsigned value = st3::kAlwaysSet | (state_.command[1] & (parameter::kDrive | parameter::kHead));
    value |= at != nullptr && at->at_track0() ? st3::kTrack0 : 0u;
    value |= at != nullptr && at->write_protected() ? st3::kWriteProtected : 0u;
    reply(std::array{static_cast<std::uint8_t>(value)});
}

void Controller::sense_interrupt_status()
{
    if (state_.reset_statuses != 0) {
        const unsigned number = kDriveNumbers - state_.reset_statuses--;
        set_interrupt(false);
        reply(std::array{static_cast<std::uint8_t>(st0::kPolled | number), state_.cylinders[number]});
        return;
    }
    const auto ended = std::ranges::find_if(state_.sought, [](std::uint8_t status) { return status != 0; });
    if (ended == state_.sought.end()) {
        invalid();
        return;
    }
    const auto number = static_cast<std::size_t>(ended - state_.sought.begin());
    set_interrupt(false);
    reply(std::array{std::exchange(*ended, std::uint8_t{0}), state_.cylinders[number]});
}

// Datasheet 5.2.7; times are those at 500 kbit/s and scale with the rate.
base::Nanoseconds Controller::seek_time(int pulses) const
{
    constexpr std::array<base::Nanoseconds, 4> kStep{1000 * base::kMicrosecond, 1667 * base::kMicrosecond,
                                                     2000 * base::kMicrosecond, 500 * base::kMicrosecond};
    const base::Nanoseconds step = kStep[state_.rate] * (16 - (state_.specified[0] >> 4));
    return std::clamp(step * std::abs(pulses), kShortestSeek, kLongestSeek);
}

void Controller::begin_seek(int pulses, std::uint8_t cylinder, std::uint8_t status)
{
    const unsigned number = drive_number();
    state_.sought[number] = 0;
    state_.seeks[number] = {.until = clock_.now() + seek_time(pulses),
                            .pulses = static_cast<std::int16_t>(pulses),
                            .cylinder = cylinder,
                            .status = static_cast<std::uint8_t>(status | st0::kSeekEnd | number)};
    idle();
    arm();
}

// Where there is no drive, no track 0 is found.
void Controller::recalibrate()
{
    const FloppyDrive* const at = drive(drive_number());
    const int away = at != nullptr ? static_cast<int>(at->cylinder()) : kMostPulses;
    const bool found = away <= kRecalibratePulses;
    begin_seek(-std::min<int>(away, kRecalibratePulses), 0,
               found ? std::uint8_t{0} : std::uint8_t{st0::kAbnormal | st0::kEquipmentCheck});
}

void Controller::seek()
{
    const std::uint8_t to = state_.command[2];
    begin_seek(to - state_.cylinders[drive_number()], to, state_.command[1] & parameter::kHead);
}

void Controller::relative_seek()
{
    const int pulses = (state_.command[0] & opcode::kStepIn) != 0 ? state_.command[2] : -state_.command[2];
    begin_seek(pulses, static_cast<std::uint8_t>(state_.cylinders[drive_number()] + pulses),
               state_.command[1] & parameter::kHead);
}

void Controller::dumpreg()
{
    const auto& pcn = state_.cylinders;
    const unsigned locked = state_.lock ? 0x80u : 0u;
    reply(std::array{pcn[0], pcn[1], pcn[2], pcn[3], state_.specified[0], state_.specified[1], state_.last_sector,
                     static_cast<std::uint8_t>(locked | state_.perpendicular), state_.config,
                     state_.precompensation_track});
}

void Controller::version()
{
    reply(std::array{kVersion});
}

void Controller::perpendicular_mode()
{
    const std::uint8_t value = state_.command[1];
    const std::uint8_t drives = (value & parameter::kOverwrite) != 0 ? value : state_.perpendicular;
    state_.perpendicular =
        static_cast<std::uint8_t>((drives & parameter::kPerpendicularDrives) | (value & parameter::kGapWgate));
    idle();
}

void Controller::configure()
{
    state_.config = state_.command[2] & config::kAll;
    state_.precompensation_track = state_.command[3];
    if ((state_.config & config::kNoPolling) != 0 && state_.reset_statuses != 0) {
        state_.reset_statuses = 0;
        state_.polled_at.reset();
        set_interrupt(false);
        arm();
    }
    idle();
}

void Controller::lock()
{
    state_.lock = (state_.command[0] & opcode::kLock) != 0;
    reply(std::array{static_cast<std::uint8_t>(state_.lock ? 0x10 : 0)});
}

} // namespace windsor::devices::floppy
