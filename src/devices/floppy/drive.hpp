// SPDX-License-Identifier: GPL-2.0-or-later
// A floppy disk drive: heads over a disk. It knows nothing of commands.
#pragma once

#include "backend/media.hpp"
#include "backend/removable_drive.hpp"
#include "devices/floppy/medium.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace windsor::devices::floppy {

constexpr unsigned kLastCylinder = 83; // that the heads reach

// What the ID field of a sector says.
struct SectorId {
    std::uint8_t cylinder{0};
    std::uint8_t head{0};
    std::uint8_t sector{0};
    std::uint8_t size{0};

    bool operator==(const SectorId&) const = default;
};

// How the controller reads.
struct Reading {
    unsigned head{0};
    Rate rate{Rate::Kbps500};
    bool mfm{true};
};

class FloppyDrive final : public backend::RemovableDrive {
public:
    struct State {
        std::uint8_t cylinder{0}; // under the heads
        bool changed{true};       // the disk change line, while there is a disk
        // Since a medium that was put in later does not show what the drive was made for; 0: as it is.
        DriveKind kind{};
    };

    // What has come under the head: the sector's place on the medium, or the bits of ST1 and ST2 that say why none has.
    struct Search {
        std::uint64_t offset{0};
        std::uint8_t st1{0};
        std::uint8_t st2{0};

        bool found() const { return st1 == 0; }
    };

    // A medium, if there is one, is of a format that the drive takes.
    FloppyDrive(std::string name, DriveKind kind, std::shared_ptr<backend::BlockMedia> medium);

    const std::string& name() const override { return name_; }
    bool locked() const override { return false; }
    bool tray_open() const override { return false; }
    base::Status change(std::shared_ptr<backend::BlockMedia> medium, backend::LockedMedium locked) override;
    // Takes the medium out for good; the drive takes no other.
    void release();

    const std::shared_ptr<backend::BlockMedia>& medium() const { return medium_; }
    bool at_track0() const { return state_.cylinder == 0; }
    bool write_protected() const { return medium_ == nullptr || medium_->read_only(); }
    bool disk_change() const { return state_.changed || medium_ == nullptr; }
    unsigned cylinder() const { return state_.cylinder; }

    // So many pulses of the step line, towards track 0 if negative.
    void step(int pulses);

    Search find(const Reading& how, const SectorId& id) const;
    // The ID of the sector that is `turned` sectors behind the index hole.
    std::optional<SectorId> id_at(const Reading& how, std::uint64_t turned) const;

    DriveKind kind() const { return kind_; }
    State state() const;
    void load(const State& state);

private:
    // Whether there are ID fields that can be read so.
    bool readable(const Reading& how) const;
    // What the ID fields of this track say; 40-cylinder disks have one under every other position of the heads.
    unsigned recorded_cylinder() const;

    std::string name_;
    DriveKind kind_;
    std::shared_ptr<backend::BlockMedia> medium_;
    const Format* format_{nullptr}; // of the medium
    bool released_{false};
    State state_; // but for the kind
};

} // namespace windsor::devices::floppy
