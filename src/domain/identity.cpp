// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/identity.hpp"

#include "base/fnv.hpp"
#include "base/log.hpp"
#include "config/smbios_key.hpp"
#include "domain/processor_model.hpp"
#include "domain/windows_volume.hpp"
#include "firmware/acpi_file.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace windsor::domain {

namespace {

// Family and model as the Intel SDM, volume 2, CPUID, puts them together. A configuration can have any maker.
std::string describe_processor(const vcpu::CpuModel& model)
{
    const vcpu::CpuidLeaf vendor = model.cpuid(0, 0, {}, 0);
    std::string maker;
    for (const std::uint32_t word : {vendor.ebx, vendor.edx, vendor.ecx}) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            const char letter = static_cast<char>(word >> shift & 0x7f);
            maker += letter >= ' ' && letter <= '~' ? letter : '?';
        }
    }
    const std::uint32_t signature = model.signature();
    const std::uint32_t base_family = signature >> 8 & 0xf;
    const std::uint32_t family = base_family == 0xf ? base_family + (signature >> 20 & 0xff) : base_family;
    const bool extended = base_family == 6 || base_family == 0xf;
    const std::uint32_t number = (signature >> 4 & 0xf) + (extended ? (signature >> 16 & 0xf) << 4 : 0);
    return fmt::format("{} family {} model {} stepping {}", maker, family, number, signature & 0xf);
}

std::string graphics_of(config::GraphicsCard card)
{
    switch (card) {
    case config::GraphicsCard::StandardVga: return "standard VGA";
    case config::GraphicsCard::Cirrus: return "Cirrus Logic GD5446";
    case config::GraphicsCard::None: break;
    }
    return {};
}

const config::DiskConfig* first(const config::DomainConfig& config, config::DiskKind kind)
{
    const config::DiskConfig* found = nullptr;
    for (const config::DiskConfig& disk : config.disks) {
        if (!config::is_floppy(disk) && disk.kind == kind && (found == nullptr || disk.vdev < found->vdev)) {
            found = &disk;
        }
    }
    return found;
}

// Out of an older saved state, a configuration does not say it.
config::DriveTexts told_by(const config::DomainConfig& config, const config::DiskConfig& disk)
{
    const bool known = disk.told != config::DriveTexts{};
    return known ? disk.told : first_drive_texts(parse_uuid(config.uuid), disk);
}

std::uint64_t sum_of(const std::vector<std::uint8_t>& bytes)
{
    return base::fnv1a({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// By their sums: other contents are other words.
std::string describe_files(const config::DomainConfig& config)
{
    std::string words;
    if (!config.smbios_structures.empty()) {
        words = fmt::format("SMBIOS structures {:016x}", sum_of(config.smbios_structures));
    }
    for (const auto& table :
         firmware::parse_acpi_tables(config.acpi_tables).value_or(std::vector<firmware::AcpiTable>{})) {
        words +=
            fmt::format("{}ACPI table {} {:016x}", words.empty() ? "" : ", ", table.signature, sum_of(table.bytes));
    }
    return words;
}

} // namespace

Identity identity_of(const config::DomainConfig& config, const std::string& path)
{
    base::Log unheard{base::Log::discard()};
    Identity identity{.name = config.name,
                      .configuration = path,
                      .uuid = config.uuid,
                      .hal = {.acpi = config.acpi == config::Switch::On,
                              .apic = config.apic == config::Switch::On,
                              .processors = static_cast<unsigned>(config.vcpus)},
                      .memory_mb = config.memory_mb,
                      .macs = {},
                      .graphics = graphics_of(config.card),
                      .cdrom = first(config, config::DiskKind::Cdrom) != nullptr ? "IDE CD-ROM drive" : "",
                      .disk = {},
                      .processor = describe_processor(processor_model(config, unheard)),
                      .volume = {},
                      .smbios = firmware::parse_smbios_texts(config.smbios_texts).value_or(firmware::SmbiosTexts{}),
                      .smbios_source = config::wants_host_texts(config) ? SmbiosSource::Host : SmbiosSource::Windsor};
    for (const config::VifConfig& vif : config.vifs) {
        identity.macs.push_back(vif.mac);
    }
    identity.firmware_files = describe_files(config);
    for (const config::DiskConfig& disk : config.disks) {
        if (!config::is_floppy(disk)) {
            identity.drives.push_back({.vdev = disk.vdev, .kind = disk.kind, .told = told_by(config, disk)});
        }
    }
    if (const config::DiskConfig* const disk = first(config, config::DiskKind::Disk)) {
        identity.disk = "IDE disk, serial number " + told_by(config, *disk).serial;
        identity.volume = windows_volume(disk->path).value_or("");
    }
    return identity;
}

config::DriveTexts first_drive_texts(const Uuid& uuid, const config::DiskConfig& disk)
{
    if (disk.kind == config::DiskKind::Cdrom) {
        return {.model = "Windsor DVD-ROM", .firmware = "1.0", .serial = "WC00000000000001"};
    }
    return {.model = "Windsor HARDDISK", .firmware = "1.0", .serial = drive_serial(uuid, disk)};
}

std::string drive_serial(const Uuid& uuid, const config::DiskConfig& disk)
{
    const std::uint64_t bits = base::folded_fnv1a(format_uuid(uuid) + ' ' + disk.vdev);
    return fmt::format("{}{:014X}", disk.kind == config::DiskKind::Cdrom ? "WC" : "WD", bits & 0xff'ffff'ffff'ffff);
}

} // namespace windsor::domain
