// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/media.hpp"

#include "config/device_text.hpp"
#include "config/devices.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace windsor::config {
namespace {

// Linux's numbers of such devices: the major number in bits 8 and up, and the minor one.
struct NumberedDrive {
    std::string_view name;
    unsigned number;
};
constexpr std::array<NumberedDrive, 6> kDrives{{
    {"hda", 3 << 8 | 0},
    {"hdb", 3 << 8 | 64},
    {"hdc", 22 << 8 | 0},
    {"hdd", 22 << 8 | 64},
    {"fda", 2 << 8 | 0},
    {"fdb", 2 << 8 | 1},
}};
constexpr unsigned kIdeDrives = 4;

bool is_drive(std::string_view name)
{
    return std::ranges::find(kDrives, name, &NumberedDrive::name) != kDrives.end();
}

std::optional<unsigned> number_in(std::string_view text)
{
    const bool hexadecimal = text.starts_with("0x");
    text.remove_prefix(hexadecimal ? 2 : 0);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

// libxl's "d2" and "d2p0": the disk of that number, and its partition 0, which is the whole.
std::optional<unsigned> disk_number_in(std::string_view text)
{
    if (!text.starts_with('d')) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    text.remove_suffix(text.ends_with("p0") ? 2 : 0);
    return text.starts_with("0x") ? std::nullopt : number_in(text);
}

std::string target_of(const DiskConfig& disk)
{
    const std::string_view prefix = disk.backend == DiskBackend::Physical ? "phy:" : "file:";
    return disk.path.empty() ? std::string{} : fmt::format("{}{}", prefix, disk.path);
}

// What disk=, fda= or fdb= would have to say for such a drive.
std::string text_for(const DiskConfig& disk)
{
    if (is_floppy(disk)) {
        return target_of(disk);
    }
    if (disk.path.find(',') != std::string::npos) { // only a target by its name may have one
        return fmt::format("vdev={}, access=ro, devtype=cdrom, target={}", disk.vdev, disk.path);
    }
    return fmt::format("{},{}:cdrom,r", target_of(disk), disk.vdev);
}

// False if the list does not have it. What comes out of a saved state is UTF-8, whatever the text was.
bool replace_in(Value& list, const std::string& before, const std::string& now)
{
    Value::List items = list.items() != nullptr ? *list.items() : Value::List{};
    const auto found = std::ranges::find_if(items, [&](const Value& item) {
        return item.string() != nullptr && (*item.string() == before || *item.string() == valid_utf8(before));
    });
    if (found == items.end()) {
        return false;
    }
    *found = Value{now};
    list = std::move(items);
    return true;
}

// In the key of which the disk came: one of those in disk=, or the only one of another key.
void change_evaluated(DomainConfig& config, const DiskConfig& disk, const std::string& before)
{
    const auto value_of = [&](std::string_view key) {
        const auto found = std::ranges::find(config.evaluated, key, &std::pair<std::string, Value>::first);
        return found != config.evaluated.end() ? &found->second : nullptr;
    };
    if (Value* const list = value_of("disk"); list != nullptr && replace_in(*list, before, disk.text)) {
        return;
    }
    if (Value* const one = value_of(is_floppy(disk) ? disk.vdev : disk.vdev == "hdc" ? "cdrom" : "")) {
        *one = target_of(disk);
    }
}

} // namespace

std::expected<std::string, std::string> parse_drive(std::string_view text)
{
    std::string_view name = text;
    for (const std::string_view prefix : {"ioemu:", "tap2:", "/dev/"}) {
        name.remove_prefix(name.starts_with(prefix) ? prefix.size() : 0);
    }
    for (const std::string_view suffix : {":cdrom", ":disk"}) {
        name.remove_suffix(name.ends_with(suffix) ? suffix.size() : 0);
    }
    if (is_drive(name)) {
        return std::string{name};
    }
    if (name.size() == 4 && name.starts_with("xvd") && name[3] >= 'a' && name[3] <= 'd') {
        return fmt::format("hd{}", name[3]);
    }
    if (const auto disk = disk_number_in(name); disk && *disk < kIdeDrives) {
        return std::string{kDrives.at(*disk).name};
    }
    if (const auto number = number_in(name)) {
        if (const auto* const found = std::ranges::find(kDrives, *number, &NumberedDrive::number);
            found != kDrives.end()) {
            return std::string{found->name};
        }
    }
    return failure("'{}' is no drive; there are hda, hdb, hdc and hdd, and the floppy drives fda and fdb",
                   text.substr(0, kLongestShown));
}

unsigned drive_number(std::string_view drive)
{
    const auto* const found = std::ranges::find(kDrives, drive, &NumberedDrive::name);
    return found != kDrives.end() ? found->number : 0;
}

std::expected<Medium, std::string> parse_medium(std::string_view text)
{
    text = trimmed(text);
    constexpr std::string_view kRaw = ",raw";
    text.remove_suffix(text.ends_with(kRaw) ? kRaw.size() : 0);
    if (text.empty() || text.find('\0') != std::string_view::npos) {
        return failure("the medium's name is empty; name an image or a device");
    }
    auto disk = parse_target(text);
    if (!disk) {
        return std::unexpected{disk.error()};
    }
    if (disk->path.empty()) {
        return failure("'{}' names no image; write a path, file:/path or phy:/dev/node", text.substr(0, kLongestShown));
    }
    return Medium{.path = std::move(disk->path), .backend = disk->backend};
}

const DiskConfig* find_drive(const DomainConfig& config, std::string_view drive)
{
    const auto found = std::ranges::find(config.disks, drive, &DiskConfig::vdev);
    return found != config.disks.end() ? &*found : nullptr;
}

bool is_removable(const DiskConfig& disk)
{
    return disk.kind == DiskKind::Cdrom || is_floppy(disk);
}

Medium medium_of(const DiskConfig& disk)
{
    return {.path = disk.path, .backend = disk.backend, .access = disk.access};
}

void change_medium(DomainConfig& config, std::string_view drive, const Medium& medium)
{
    const auto disk = std::ranges::find(config.disks, drive, &DiskConfig::vdev);
    if (disk == config.disks.end()) {
        return;
    }
    disk->path = medium.path;
    disk->backend = medium.backend;
    disk->access = disk->kind == DiskKind::Cdrom ? DiskAccess::ReadOnly : medium.access;
    disk->size.reset(); // which the configuration said of another
    const std::string before = std::exchange(disk->text, text_for(*disk));
    change_evaluated(config, *disk, before);
}

} // namespace windsor::config
