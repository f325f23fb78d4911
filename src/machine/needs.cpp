// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/needs.hpp"

#include "base/printable.hpp"
#include "machine/ram.hpp"
#include "machine/spec.hpp"

#include <algorithm>

namespace windsor::machine {

namespace {

std::string words(const NeededDrive& drive)
{
    if (drive.cdrom) {
        return drive.size == 0 ? "an empty CD-ROM drive" : fmt::format("a CD-ROM of {} bytes", drive.size);
    }
    return drive.size == 0 ? "an empty floppy drive" : fmt::format("a disk of {} bytes", drive.size);
}

base::Status check_drive(const NeededDrive& saved, const Needs& own)
{
    const auto found = std::ranges::find(own.drives, saved.slot, &NeededDrive::slot);
    const std::string name = drive_name(saved.slot);
    if (found == own.drives.end()) {
        return base::fail("the saved machine has {} as {}, and this one has none", words(saved), name);
    }
    if (found->cdrom != saved.cdrom || found->size != saved.size) {
        return base::fail("the saved machine has {} as {}, and this one has {}", words(saved), name, words(*found));
    }
    return {};
}

constexpr std::size_t kLongestShown = 80; // characters of what a saved state says

bool has(const std::vector<std::string>& devices, const std::string& device)
{
    return std::ranges::find(devices, device) != devices.end();
}

base::Status check_devices(const std::vector<std::string>& saved, const std::vector<std::string>& own)
{
    for (const std::string& device : saved) {
        if (!has(own, device)) {
            return base::fail("the saved machine has the device {}, and this one has not",
                              base::printable(device.substr(0, kLongestShown)));
        }
    }
    for (const std::string& device : own) {
        if (!has(saved, device)) {
            return base::fail("the saved machine does not have the device {}, and this one has it", device);
        }
    }
    return {};
}

} // namespace

std::string drive_name(unsigned slot)
{
    return slot < kFirstFloppySlot ? fmt::format("hd{}", static_cast<char>('a' + slot))
                                   : fmt::format("fd{}", static_cast<char>('a' + slot - kFirstFloppySlot));
}

base::Status check_features(const vcpu::SavedModel& saved, const vcpu::SavedModel& own)
{
    for (const vcpu::FeatureWord& word : saved.features) {
        const auto same = [&](const vcpu::FeatureWord& other) {
            return other.leaf == word.leaf && other.subleaf == word.subleaf && other.reg == word.reg;
        };
        const auto found = std::ranges::find_if(own.features, same);
        const std::uint32_t missing = word.bits & ~(found != own.features.end() ? found->bits : 0);
        if (missing != 0) {
            return base::fail(
                "the engine lacks processor features that the guest has seen: {}",
                vcpu::words({.leaf = word.leaf, .subleaf = word.subleaf, .reg = word.reg, .bits = missing}));
        }
    }
    return {};
}

base::Status check(const Needs& saved, const Needs& own)
{
    if (saved.memory != own.memory) {
        return base::fail("the saved machine has {} MiB of memory, and this one has {} MiB", saved.memory / kMiB,
                          own.memory / kMiB);
    }
    if (saved.processors != own.processors) {
        return base::fail("the saved machine has {} processors, and this one has {}", saved.processors, own.processors);
    }
    if (saved.acpi != own.acpi || saved.apic != own.apic) {
        return base::fail("the saved machine has acpi={} and apic={}, and this one has acpi={} and apic={}",
                          saved.acpi ? 1 : 0, saved.apic ? 1 : 0, own.acpi ? 1 : 0, own.apic ? 1 : 0);
    }
    if (saved.drives.size() != own.drives.size()) {
        return base::fail("the saved machine has {} drives, and this one has {}", saved.drives.size(),
                          own.drives.size());
    }
    for (const NeededDrive& drive : saved.drives) {
        WINDSOR_TRY(check_drive(drive, own));
    }
    WINDSOR_TRY(check_devices(saved.devices, own.devices));
    return check_features(saved.processor, own.processor);
}

} // namespace windsor::machine
