// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/drive.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::floppy {

namespace {

constexpr unsigned kDoubleStepped = 40; // cylinders of a disk for drives with half as many

} // namespace

FloppyDrive::FloppyDrive(std::string name, DriveKind kind, std::shared_ptr<backend::BlockMedia> medium)
    : name_{std::move(name)}, kind_{kind}, medium_{std::move(medium)}
{
    if (medium_ != nullptr) {
        format_ = format_of(medium_->size_bytes()).value_or(nullptr);
    }
}

base::Status FloppyDrive::change(std::shared_ptr<backend::BlockMedia> medium, backend::LockedMedium)
{
    if (released_) {
        return base::fail("the machine is about to end, and {} takes no disk any more", name_);
    }
    const Format* format = nullptr;
    if (medium != nullptr) {
        const auto found = format_of(medium->size_bytes());
        if (!found) {
            return base::fail("{}: {}", name_, found.error().message());
        }
        format = *found;
        if (!takes(kind_, *format)) {
            return base::fail("{} is a drive of {}, which does not take a disk of {}", name_, name_of(kind_),
                              format->name);
        }
    }
    medium_ = std::move(medium);
    format_ = format;
    state_.changed = true;
    return {};
}

void FloppyDrive::release()
{
    medium_ = nullptr;
    released_ = true;
}

void FloppyDrive::step(int pulses)
{
    if (pulses == 0) {
        return;
    }
    const int to = std::clamp(state_.cylinder + pulses, 0, static_cast<int>(kLastCylinder));
    state_.cylinder = static_cast<std::uint8_t>(to);
    if (medium_ != nullptr) {
        state_.changed = false;
    }
}

unsigned FloppyDrive::recorded_cylinder() const
{
    return format_->cylinders == kDoubleStepped ? state_.cylinder / 2u : state_.cylinder;
}

bool FloppyDrive::readable(const Reading& how) const
{
    return medium_ != nullptr && format_ != nullptr && how.mfm && how.rate == format_->rate &&
           how.head < format_->heads && recorded_cylinder() < format_->cylinders;
}

FloppyDrive::Search FloppyDrive::find(const Reading& how, const SectorId& id) const
{
    if (!readable(how)) {
        return {.st1 = st1::kMissingAddressMark};
    }
    // Who does not know of double steps is served as well: the heads of such a disk's own drive would be there.
    const bool own_drive = format_->cylinders == kDoubleStepped && state_.cylinder < kDoubleStepped;
    if (id.cylinder != recorded_cylinder() && !(own_drive && id.cylinder == state_.cylinder)) {
        return {.st1 = st1::kNoData, .st2 = st2::kWrongCylinder};
    }
    if (id.head != how.head || id.size != kSectorSizeCode || id.sector == 0 || id.sector > format_->sectors) {
        return {.st1 = st1::kNoData};
    }
    const std::uint64_t track = std::uint64_t{id.cylinder} * format_->heads + how.head;
    return {.offset = (track * format_->sectors + id.sector - 1u) * kSectorBytes};
}

std::optional<SectorId> FloppyDrive::id_at(const Reading& how, std::uint64_t turned) const
{
    if (!readable(how)) {
        return std::nullopt;
    }
    return SectorId{.cylinder = static_cast<std::uint8_t>(recorded_cylinder()),
                    .head = static_cast<std::uint8_t>(how.head),
                    .sector = static_cast<std::uint8_t>(turned % format_->sectors + 1),
                    .size = kSectorSizeCode};
}

FloppyDrive::State FloppyDrive::state() const
{
    State state = state_;
    state.kind = kind_;
    return state;
}

void FloppyDrive::load(const State& state)
{
    state_ = state;
    state_.cylinder = std::min(state_.cylinder, static_cast<std::uint8_t>(kLastCylinder));
    if (!name_of(state.kind).empty() && (format_ == nullptr || takes(state.kind, *format_))) {
        kind_ = state.kind;
    }
}

} // namespace windsor::devices::floppy
