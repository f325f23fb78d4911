// SPDX-License-Identifier: GPL-2.0-or-later
// The floppy controller in a saved state. Nothing of it is asked for while a medium works.
#pragma once

#include "devices/floppy/controller.hpp"
#include "state/archive.hpp"

namespace windsor::devices::floppy {

template <typename Archive> void describe(Archive& archive, FloppyDrive::State& drive)
{
    archive.field("cylinder", drive.cylinder);
    archive.field("changed", drive.changed);
    if (archive.is_of(2)) {
        archive.choice("kind", drive.kind, DriveKind::Inch3Mb288);
    }
}

template <typename Archive> void describe(Archive& archive, SectorId& id)
{
    archive.field("cylinder", id.cylinder);
    archive.field("head", id.head);
    archive.field("sector", id.sector);
    archive.field("size", id.size);
}

template <typename Archive> void describe(Archive& archive, Controller::Seek& seek)
{
    archive.field("until", seek.until);
    archive.field("pulses", seek.pulses);
    archive.field("cylinder", seek.cylinder);
    archive.field("status", seek.status);
}

template <typename Archive> void describe(Archive& archive, Controller::Transfer& transfer)
{
    archive.field("id", transfer.id);
    archive.field("head", transfer.head);
    archive.field("turned", transfer.turned);
    archive.field("left", transfer.left);
    archive.field("st1", transfer.st1);
    archive.field("st2", transfer.st2);
    archive.field("terminal_count", transfer.terminal_count);
    archive.field("sought", transfer.sought);
    archive.field("buffer", transfer.buffer);
    archive.field("position", transfer.position);
}

template <typename Archive> void describe(Archive& archive, Controller::State& controller)
{
    archive.field("dor", controller.dor);
    archive.field("tdr", controller.tdr);
    archive.field("dsr", controller.dsr);
    archive.field("rate", controller.rate);
    archive.field("specified", controller.specified);
    archive.field("config", controller.config);
    archive.field("precompensation_track", controller.precompensation_track);
    archive.field("lock", controller.lock);
    archive.field("perpendicular", controller.perpendicular);
    archive.field("last_sector", controller.last_sector);
    archive.field("cylinders", controller.cylinders);
    archive.choice("phase", controller.phase, Controller::Phase::Result);
    archive.field("command", controller.command);
    archive.field("command_bytes", controller.command_bytes);
    archive.field("result", controller.result);
    archive.field("result_bytes", controller.result_bytes);
    archive.field("result_position", controller.result_position);
    archive.field("interrupt", controller.interrupt);
    archive.field("sought", controller.sought);
    archive.field("reset_statuses", controller.reset_statuses);
    archive.field("polled_at", controller.polled_at);
    archive.field("seeks", controller.seeks);
    archive.field("transfer", controller.transfer);
    archive.field("due", controller.due);
    archive.field("drives", controller.drives);
}

} // namespace windsor::devices::floppy

template <> inline constexpr std::uint32_t windsor::state::kVersion<windsor::devices::floppy::Controller::State> = 2;
