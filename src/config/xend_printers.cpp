// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/xend_printers.hpp"

#include "config/secrets.hpp"

#include <utility>

namespace windsor::config {
namespace {

void add(SxpNodes& nodes, std::string name, std::string value)
{
    nodes.push_back(SxpNode::entry(std::move(name), std::move(value)));
}

SxpNode vif_device(const VifConfig& vif)
{
    SxpNodes entries{SxpNode::of("vif")};
    const std::pair<const char*, const std::string&> texts[] = {
        {"bridge", vif.bridge}, {"mac", vif.mac},       {"model", vif.model},     {"type", vif.type},
        {"ip", vif.ip},         {"script", vif.script}, {"vifname", vif.vifname}, {"rate", vif.rate}};
    for (const auto& [name, value] : texts) {
        if (!value.empty()) {
            add(entries, name, value);
        }
    }
    add(entries, "backend", vif.backend.empty() ? "0" : vif.backend);
    return xend_device(std::move(entries));
}

SxpNode vbd_device(const DiskConfig& disk, const char* bootable)
{
    constexpr const char* kModes[] = {"r", "w", "w!"};
    SxpNodes entries{SxpNode::of("vbd"), SxpNode::entry("bootable", bootable)};
    add(entries, "dev", disk.vdev + (disk.kind == DiskKind::Cdrom ? ":cdrom" : ":disk"));
    const char* prefix = disk.backend == DiskBackend::Physical ? "phy:" : "file:";
    add(entries, "uname", disk.path.empty() ? "" : prefix + disk.path);
    add(entries, "mode", kModes[static_cast<std::size_t>(disk.access)]);
    add(entries, "backend", "0");
    return xend_device(std::move(entries));
}

} // namespace

// No processor is bound to processors of the host: one empty list for each.
SxpNodes xend_cpus(const DomainConfig& config, const std::optional<XendState>&)
{
    SxpNodes processors(static_cast<std::size_t>(config.max_vcpus), SxpNode::list({}));
    return {SxpNode::list({SxpNode::of("cpus"), SxpNode::list(std::move(processors))})};
}

SxpNodes xend_disks(const DomainConfig& config, const std::optional<XendState>&)
{
    SxpNodes devices;
    for (const DiskConfig& disk : config.disks) {
        if (!is_floppy(disk)) {
            devices.push_back(vbd_device(disk, devices.empty() ? "1" : "0"));
        }
    }
    return devices;
}

// xend hides it as well.
SxpNodes xend_password(const DomainConfig& config, const std::optional<XendState>&)
{
    return config.graphics.has_password() ? SxpNodes{SxpNode::entry("vncpasswd", std::string{kHidden})} : SxpNodes{};
}

SxpNodes xend_screen(const DomainConfig& config, const std::optional<XendState>& state)
{
    if (config.graphics.vnc == Switch::Off) {
        return {};
    }
    SxpNodes vfb{SxpNode::of("vfb"), SxpNode::entry("vnc", "1")};
    add_xend_entries(vfb, XendPlace::Console, config, state);
    add(vfb, "type", "vnc");
    if (state && !state->vnc.empty()) {
        add(vfb, "location", state->vnc);
    }
    return {xend_device(std::move(vfb))};
}

SxpNodes xend_stdvga(const DomainConfig& config, const std::optional<XendState>&)
{
    return {SxpNode::entry("stdvga", config.card == GraphicsCard::StandardVga ? "1" : "0")};
}

// One is a word in xend's listing.
SxpNodes xend_usb_devices(const DomainConfig& config, const std::optional<XendState>&)
{
    SxpNodes words;
    std::ranges::transform(config.usb_devices, std::back_inserter(words), SxpNode::of);
    if (words.empty()) {
        return {};
    }
    SxpNode value = words.size() == 1 ? std::move(words.front()) : SxpNode::list(std::move(words));
    return {SxpNode::list({SxpNode::of("usbdevice"), std::move(value)})};
}

SxpNodes xend_vifs(const DomainConfig& config, const std::optional<XendState>&)
{
    SxpNodes devices;
    for (const VifConfig& vif : config.vifs) {
        devices.push_back(vif_device(vif));
    }
    return devices;
}

} // namespace windsor::config
