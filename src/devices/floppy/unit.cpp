// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/unit.hpp"

#include "devices/floppy/controller.hpp"
#include "devices/floppy/saved_state.hpp"

#include <optional>

namespace windsor::devices::floppy {

namespace {

std::uint64_t size_of(const AttachedFloppy& floppy)
{
    return floppy.media != nullptr ? floppy.media->size_bytes() : 0;
}

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(const chipset::Site&, const std::array<AttachedFloppy, kDrives>& drives) : attached_{drives} {}
    base::Status wire(chipset::Site& site)
    {
        Controller::Drives drives;
        for (std::size_t number = 0; number < kDrives; ++number) {
            AttachedFloppy& floppy = attached_[number];
            if (!floppy.present) {
                continue;
            }
            if (floppy.media != nullptr) {
                WINDSOR_TRY(check_disk_size(floppy.media->size_bytes()));
            }
            const DriveKind kind = WINDSOR_TRY(drive_for(size_of(floppy)));
            drives[number] = std::make_unique<FloppyDrive>(floppy.name, kind, std::move(floppy.media));
        }
        chipset::Outlets& outlets = site.outlets();
        chipset::IsaDma* const dma = outlets.isa_dma.empty() ? nullptr : outlets.isa_dma.front();
        controller_.emplace(site.clock(), site.timers(), site.irq(0), dma, std::move(drives));
        site.claim_ports(0, kPortCount, *controller_);
        site.claim_ports(1, 1, controller_->digital_input());
        for (unsigned number = 0; number < kDrives; ++number) {
            if (FloppyDrive* const drive = controller_->drive(number)) {
                outlets.removable_drives.push_back(drive);
            }
        }
        return {};
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", *controller_); }
    void release_world() override { controller_->release(); }

private:
    std::array<AttachedFloppy, kDrives> attached_;
    std::optional<Controller> controller_; // made by wire()
};

} // namespace

base::Status check_disk_size(std::uint64_t bytes)
{
    WINDSOR_TRY(format_of(bytes));
    return {};
}

std::uint8_t cmos_type(const AttachedFloppy& floppy)
{
    if (!floppy.present) {
        return 0;
    }
    return static_cast<std::uint8_t>(drive_for(size_of(floppy)).value_or(DriveKind::Inch3Mb144));
}

chipset::Make unit(std::array<AttachedFloppy, 2> drives)
{
    return chipset::make_of<Unit>(std::move(drives));
}

} // namespace windsor::devices::floppy
