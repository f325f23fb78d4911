// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/identity_guard.hpp"

#include "config/mac_address.hpp"
#include "domain/activation.hpp"
#include "domain/uuid.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace windsor::toolstack {

using domain::Identity;

namespace {

void complete(config::DomainConfig& config, const std::optional<Identity>& known)
{
    if (config.uuid.empty()) {
        config.uuid = known ? known->uuid : domain::format_uuid(domain::random_uuid());
    }
    for (std::size_t i = 0; known && i < std::min(config.vifs.size(), known->macs.size()); ++i) {
        const std::string& mac = known->macs[i];
        if (config.vifs[i].mac.empty() &&
            std::ranges::find(config.vifs, mac, &config::VifConfig::mac) == config.vifs.end()) {
            config.vifs[i].mac = mac;
        }
    }
    config::resolve_macs(config);
}

// A drive goes on telling what it told at its first start, but for the serial number that follows from another UUID.
void complete_drives(config::DomainConfig& config, const std::optional<Identity>& known)
{
    const domain::Uuid uuid = domain::parse_uuid(config.uuid);
    for (config::DiskConfig& disk : config.disks) {
        if (config::is_floppy(disk)) {
            continue;
        }
        disk.told = domain::first_drive_texts(uuid, disk);
        const auto of_disk = [&disk](const domain::KnownDrive& drive) {
            return drive.vdev == disk.vdev && drive.kind == disk.kind;
        };
        if (!known) {
            continue;
        }
        if (const auto found = std::ranges::find_if(known->drives, of_disk); found != known->drives.end()) {
            const std::string serial = known->uuid == config.uuid ? found->told.serial : disk.told.serial;
            disk.told = found->told;
            disk.told.serial = serial;
        }
    }
}

// A drive that is taken out may come again.
void keep_other_drives(Identity& now, const Identity& known)
{
    for (const domain::KnownDrive& drive : known.drives) {
        const bool there = std::ranges::any_of(now.drives, [&drive](const domain::KnownDrive& other) {
            return other.vdev == drive.vdev && other.kind == drive.kind;
        });
        if (!there) {
            now.drives.push_back(drive);
        }
    }
}

base::Error refusal(const std::string& name, const std::vector<domain::ComponentChange>& changes)
{
    std::string list;
    for (const domain::ComponentChange& change : changes) {
        list += fmt::format("{}the {} was {} and would be {} ({})", list.empty() ? "" : "; ", change.component->name,
                            change.before, change.after, change.component->keys);
    }
    return base::Error{fmt::format(
        "the Windows of '{}' would find other hardware than before: {}. To stay activated Windows XP needs {} votes, "
        "and {} would be left; put the old values back, or give --accept-hardware-change",
        name, list, domain::kVotesNeeded, domain::votes_kept(changes))};
}

// What the Windows knows that the domain had at the last start: nothing if it is another one, or has come since.
bool same_windows(const Identity& known, const Identity& now)
{
    return !now.volume.empty() && known.volume == now.volume;
}

// Whether what is known by the UUID is another domain's, whose configuration has been copied with it: the first one
// is still there.
bool is_of_the_original(const Identity& known, const std::string& name, const std::string& path)
{
    std::error_code error;
    return !path.empty() && known.name != name && known.configuration != path &&
           std::filesystem::is_regular_file(known.configuration, error);
}

} // namespace

std::string lasting_path(const std::string& file)
{
    std::error_code error;
    const std::string path = std::filesystem::weakly_canonical(std::filesystem::absolute(file, error), error).string();
    const bool lasting = std::filesystem::is_regular_file(path, error) && !path.starts_with("/proc/");
    const bool plain = std::ranges::none_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    return lasting && plain ? path : std::string{};
}

base::Result<Recognized> recognize(const domain::Paths& paths, const std::string& file, config::DomainConfig& config,
                                   HardwareChange change, const std::filesystem::path& host_texts)
{
    const domain::IdentityStore store{paths.data};
    const std::string path = lasting_path(file);
    std::optional<Identity> known = WINDSOR_TRY(store.find(config.name, path, config.uuid));
    if (known && is_of_the_original(*known, config.name, path)) {
        known.reset();
    }
    complete(config, known);
    complete_drives(config, known);
    std::vector<std::string> warnings;
    WINDSOR_TRY(choose_smbios(config, known, change == HardwareChange::Accept ? HostTexts::Anew : HostTexts::Kept,
                              host_texts, warnings));
    Recognized recognized{
        .identity = domain::identity_of(config, path), .replaces = {}, .known = known, .warnings = std::move(warnings)};
    Identity& now = recognized.identity;
    if (!known) {
        return recognized;
    }
    if (path.empty()) {
        now.name = known->name;
        now.configuration = known->configuration;
    } else if (now.name != known->name || path != known->configuration) {
        recognized.replaces = known;
    }
    now.stage = known->stage;
    keep_other_drives(now, *known);
    if (!same_windows(*known, now) || change == HardwareChange::Accept) {
        return recognized;
    }
    if (const auto changes = domain::changes_between(*known, now); !changes.empty()) {
        return std::unexpected{refusal(config.name, changes)};
    }
    now.memory_mb = known->memory_mb;
    if (const auto hal = firmware::change_of_hal(known->hal, now.hal);
        hal.effect != firmware::HalChange::Effect::None) {
        recognized.warnings.push_back(
            fmt::format("acpi, apic or vcpus is not as when '{}' was installed: {}. Put the old value back, or give "
                        "--accept-hardware-change if Windows has been repaired or installed anew.",
                        config.name, hal.sentence));
        now.hal = known->hal;
    }
    return recognized;
}

base::Status remember(const domain::Paths& paths, const Recognized& recognized)
{
    const domain::IdentityStore store{paths.data};
    if (recognized.known && *recognized.known == recognized.identity) {
        return {};
    }
    WINDSOR_TRY(store.write(recognized.identity));
    return recognized.replaces ? store.remove(*recognized.replaces) : base::Status{};
}

base::Status remember_guest(const domain::Paths& paths, const config::DomainConfig& config)
{
    const domain::IdentityStore store{paths.data};
    if (config.uuid.empty() || store.named(config.uuid)) {
        return {};
    }
    return store.write(domain::identity_of(config, ""));
}

} // namespace windsor::toolstack
