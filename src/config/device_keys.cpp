// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/device_keys.hpp"

#include <algorithm>

#include "config/device_text.hpp"
#include "config/devices.hpp"

namespace windsor::config {
namespace {

void add_disk(const std::string& text, const Location& where, Reading& reading)
{
    std::vector<std::string> notes;
    auto disk = parse_disk(text, notes);
    if (!disk) {
        complain(where, "{}", disk.error());
    }
    for (auto& note : notes) {
        reading.warn(where, std::move(note));
    }
    auto& disks = reading.config.disks;
    if (std::ranges::find(disks, disk->vdev, &DiskConfig::vdev) != disks.end()) {
        complain(where, "the drive {} is given twice", disk->vdev);
    }
    disk->where = where;
    disks.push_back(std::move(*disk));
}

// What of a card's text does nothing.
void warn_of_vif(const VifConfig& vif, const Location& where, Reading& reading)
{
    const auto warn = [&](std::string_view option) {
        reading.warn(where, fmt::format("'{}' of a network card has no effect yet", option));
    };
    if (!vif.script.empty() && !vif.script.ends_with("vif-bridge")) {
        warn("script");
    }
    if (!vif.ip.empty()) {
        warn("ip");
    }
    if (!vif.backend.empty() && vif.backend != "0" && lowered(vif.backend) != "domain-0") {
        warn("backend");
    }
}

void add_vif(const std::string& text, const Location& where, Reading& reading)
{
    constexpr std::size_t kMost = 8; // machine::kMostNetworkCards
    std::vector<std::string> notes;
    auto vif = parse_vif(text, notes);
    if (!vif) {
        complain(where, "{}", vif.error());
    }
    for (auto& note : notes) {
        reading.warn(where, std::move(note));
    }
    warn_of_vif(*vif, where, reading);
    auto& vifs = reading.config.vifs;
    if (vifs.size() >= kMost) {
        complain(where, "a domain has {} network cards at the most", kMost);
    }
    if (!vif->mac.empty() && std::ranges::find(vifs, vif->mac, &VifConfig::mac) != vifs.end()) {
        complain(where, "the MAC address {} is given twice", vif->mac);
    }
    vif->where = where;
    vifs.push_back(std::move(*vif));
}

} // namespace

void read_disks(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const auto& items = *setting.value.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!items[i].string()->empty()) {
            add_disk(*items[i].string(), setting.item_at(i), reading);
        }
    }
}

void read_floppy(const KeyInfo& key, const Setting& setting, Reading& reading)
{
    std::string path = text_of(setting);
    if (path.empty()) {
        return;
    }
    DiskConfig disk;
    disk.vdev = key.name;
    disk.text = path;
    disk.where = setting.value_at;
    for (const auto& [prefix, backend] : {std::pair{"file:", DiskBackend::File}, {"phy:", DiskBackend::Physical}}) {
        if (path.starts_with(prefix)) {
            path = path.substr(std::string_view{prefix}.size());
            disk.backend = backend;
        }
    }
    disk.path = std::move(path);
    reading.config.disks.push_back(std::move(disk));
}

void settle_cdrom(Reading& reading)
{
    const auto medium = reading.text("cdrom").value_or("");
    if (medium.empty()) {
        return;
    }
    const bool prefixed = medium.starts_with("phy:") || medium.starts_with("file:");
    const char* prefix = prefixed ? "" : medium.starts_with("/dev/") ? "phy:" : "file:";
    add_disk(prefix + medium + ",hdc:cdrom,r", reading.find("cdrom")->value_at, reading);
}

void read_vifs(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const auto& items = *setting.value.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
        add_vif(*items[i].string(), setting.item_at(i), reading);
    }
}

} // namespace windsor::config
