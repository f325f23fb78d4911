// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/activation.hpp"

#include <array>
#include <bit>

#include <fmt/ranges.h>

namespace windsor::domain {

namespace {

using enum firmware::SmbiosText;

std::string or_none(const std::string& value)
{
    return value.empty() ? std::string{kAbsent} : value;
}

// Of XP's ten, the drive's serial number is in none: the string that it hashes has model and firmware.
std::string disk_model(const Identity& identity)
{
    return or_none(identity.disk.substr(0, identity.disk.find(',')));
}

// What one SMBIOS structure says, in one line.
template <firmware::SmbiosText... kTexts> std::string smbios_of(const Identity& identity)
{
    firmware::SmbiosTexts texts = identity.smbios;
    texts.fill_in(firmware::default_smbios_texts(parse_uuid(identity.uuid)));
    std::string line;
    for (const firmware::SmbiosText text : {kTexts...}) {
        if (const std::string& said = *texts[text]; !said.empty()) {
            line += fmt::format("{}'{}'", line.empty() ? "" : ", ", said);
        }
    }
    return or_none(line);
}

std::string oem_strings(const Identity& identity)
{
    const auto& oem = identity.smbios.oem;
    return oem && !oem->empty() ? fmt::format("'{}'", fmt::join(*oem, "', '")) : std::string{kAbsent};
}

std::string same_for_all(std::string_view value)
{
    return std::string{value};
}

// clang-format off
constexpr std::array kComponents{
    Component{"volume serial number", 1, [](const Identity& i) { return or_none(i.volume); }, "disk"},
    Component{"network card's MAC address", 3,
              [](const Identity& i) { return i.macs.empty() ? std::string{kAbsent} : i.macs.front(); }, "vif"},
    Component{"CD-ROM drive", 1, [](const Identity& i) { return or_none(i.cdrom); }, "disk"},
    Component{"graphics adapter", 1, [](const Identity& i) { return or_none(i.graphics); }, "stdvga and vga"},
    Component{"processor serial number", 1, [](const Identity&) { return same_for_all(kAbsent); }, "cpuid"},
    Component{"hard disk", 1, disk_model, "disk"},
    Component{"SCSI adapter", 1, [](const Identity&) { return same_for_all(kAbsent); }, "disk"},
    Component{"IDE adapter", 1, [](const Identity&) { return same_for_all("Intel 82371SB PIIX3"); }, "disk"},
    Component{"processor model", 1, [](const Identity& i) { return or_none(i.processor); }, "cpuid"},
    Component{"memory range", 1, [](const Identity& i) { return memory_range(i.memory_mb); }, "memory"},
    Component{"system UUID and serial number", 0, [](const Identity& i) { return i.uuid; }, "uuid"},
    Component{"hard disk's serial number", 0, [](const Identity& i) { return or_none(i.disk); }, "uuid and disk"},
    Component{"BIOS by SMBIOS", 0, smbios_of<BiosVendor, BiosVersion, BiosReleaseDate>, "smbios"},
    Component{"system by SMBIOS", 0,
              smbios_of<SystemManufacturer, SystemProductName, SystemVersion, SystemSerialNumber, SystemSkuNumber,
                        SystemFamily>, "smbios"},
    Component{"baseboard by SMBIOS", 0,
              smbios_of<BaseboardManufacturer, BaseboardProductName, BaseboardVersion, BaseboardSerialNumber,
                        BaseboardAssetTag, BaseboardLocationInChassis>, "smbios"},
    Component{"enclosure by SMBIOS", 0,
              smbios_of<EnclosureManufacturer, EnclosureVersion, EnclosureSerialNumber, EnclosureAssetTag>, "smbios"},
    Component{"battery by SMBIOS", 0, smbios_of<BatteryManufacturer, BatteryDeviceName>, "smbios"},
    Component{"OEM strings of SMBIOS", 0, oem_strings, "smbios"},
    Component{"tables from files", 0, [](const Identity& i) { return or_none(i.firmware_files); },
              "smbios_firmware and acpi_firmware"},
};
// clang-format on

constexpr unsigned kAllVotes = 12;
constexpr std::uint64_t kFirstRange = 32;
constexpr std::uint64_t kLastRange = 1024;

} // namespace

std::span<const Component> components()
{
    return kComponents;
}

std::string memory_range(std::uint64_t megabytes)
{
    if (megabytes < kFirstRange) {
        return fmt::format("below {} MiB", kFirstRange);
    }
    if (megabytes >= kLastRange) {
        return fmt::format("{} MiB and more", kLastRange);
    }
    const std::uint64_t from = std::bit_floor(megabytes);
    return fmt::format("{} to {} MiB", from, 2 * from - 1);
}

std::vector<ComponentChange> changes_between(const Identity& before, const Identity& after)
{
    std::vector<ComponentChange> changes;
    for (const Component& component : kComponents) {
        std::string old_value = component.value(before);
        std::string new_value = component.value(after);
        if (old_value != new_value) {
            changes.push_back({&component, std::move(old_value), std::move(new_value)});
        }
    }
    return changes;
}

unsigned votes_kept(const std::vector<ComponentChange>& changes)
{
    unsigned votes = kAllVotes;
    for (const ComponentChange& change : changes) {
        votes -= change.component->votes;
    }
    return votes;
}

} // namespace windsor::domain
