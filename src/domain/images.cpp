// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/images.hpp"

#include "domain/registry.hpp"
#include "machine/spec.hpp"

namespace windsor::domain {

storage::ImageSpec image_spec(const config::DiskConfig& disk, storage::Contents contents)
{
    storage::ImageSpec spec;
    spec.contents = contents;
    spec.target = (disk.backend == config::DiskBackend::Physical ? "phy:" : "file:") + disk.path;
    spec.kind = disk.kind == config::DiskKind::Cdrom ? storage::DiskKind::CdRom
                : config::is_floppy(disk)            ? storage::DiskKind::Floppy
                                                     : storage::DiskKind::HardDisk;
    switch (disk.access) {
    case config::DiskAccess::ReadOnly: spec.access = storage::Access::ReadOnly; break;
    case config::DiskAccess::ReadWrite: spec.access = storage::Access::ReadWrite; break;
    case config::DiskAccess::SharedWrite: spec.access = storage::Access::SharedWrite; break;
    }
    if (spec.kind == storage::DiskKind::CdRom) {
        spec.access = storage::Access::ReadOnly;
    }
    return spec;
}

storage::ProcessNames domain_names(const std::filesystem::path& runtime)
{
    return [runtime](int pid) -> std::string {
        const auto registry = Registry::open(runtime);
        const auto entries = registry ? registry->list() : std::vector<Entry>{};
        for (const Entry& entry : entries.value_or(std::vector<Entry>{})) {
            if (entry.pid == pid) {
                return fmt::format("domain '{}' (process {})", entry.name, pid);
            }
        }
        return {};
    };
}

std::uint8_t slot_of(const config::DiskConfig& disk)
{
    const unsigned first = config::is_floppy(disk) ? machine::kFirstFloppySlot : 0;
    return static_cast<std::uint8_t>(first + static_cast<unsigned>(disk.vdev.back() - 'a'));
}

} // namespace windsor::domain
