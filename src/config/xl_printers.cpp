// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/xl_printers.hpp"

#include "config/secrets.hpp"
#include "config/xl_form.hpp"

namespace windsor::config {
namespace {

using Object = nlohmann::ordered_json;

void add_text(Object& object, const char* key, const std::string& value)
{
    if (!value.empty()) {
        object[key] = valid_utf8(value);
    }
}

Object disk(const DiskConfig& config)
{
    Object object = Object::object();
    add_text(object, "pdev_path", config.path);
    add_text(object, "vdev", config.vdev);
    object["backend"] = config.backend == DiskBackend::Physical ? "phy" : "qdisk";
    object["format"] = config.path.empty() ? "empty" : "raw";
    add_text(object, "script", config.script);
    if (config.kind == DiskKind::Cdrom) {
        object["removable"] = 1;
    }
    if (config.access != DiskAccess::ReadOnly) {
        object["readwrite"] = 1;
    }
    if (config.kind == DiskKind::Cdrom) {
        object["is_cdrom"] = 1;
    }
    return object;
}

Object nic(const VifConfig& config, std::size_t number)
{
    Object object{{"devid", number}};
    add_text(object, "model", config.model);
    add_text(object, "mac", config.mac);
    add_text(object, "ip", config.ip);
    add_text(object, "bridge", config.bridge);
    add_text(object, "ifname", config.vifname);
    add_text(object, "script", config.script);
    object["nictype"] = config.type == "vif" ? "vif" : "vif_ioemu";
    return object;
}

} // namespace

Object xl_disks(const KeyInfo&, const DomainConfig& config)
{
    Object disks;
    for (const DiskConfig& each : config.disks) {
        if (!is_floppy(each)) {
            disks.push_back(disk(each));
        }
    }
    return disks;
}

Object xl_kibibytes(const KeyInfo& key, const DomainConfig& config)
{
    return std::get<Field<std::uint64_t>>(key.member).in(config) * 1024;
}

Object xl_nics(const KeyInfo&, const DomainConfig& config)
{
    Object nics;
    for (const VifConfig& each : config.vifs) {
        nics.push_back(nic(each, nics.size()));
    }
    return nics;
}

// The numbers of those that are on.
Object xl_processors(const KeyInfo&, const DomainConfig& config)
{
    Object processors = Object::array();
    for (int i = 0; i < config.vcpus; ++i) {
        processors.push_back(i);
    }
    return processors;
}

// libxl says no more of a console that is not there.
// In libxl's words for them.
Object xl_vga(const KeyInfo&, const DomainConfig& config)
{
    switch (config.card) {
    case GraphicsCard::Cirrus: return "cirrus";
    case GraphicsCard::None: return "none";
    default: return "std";
    }
}

Object xl_vnc(const KeyInfo&, const DomainConfig& config)
{
    const GraphicsConfig& graphics = config.graphics;
    Object object{{"enable", defbool(graphics.vnc)}};
    if (graphics.vnc == Switch::Off) {
        return object;
    }
    add_text(object, "listen", graphics.listen.value_or(""));
    if (graphics.has_password()) {
        object["passwd"] = kHidden;
    }
    if (graphics.display) {
        object["display"] = *graphics.display;
    }
    object["findunused"] = defbool(graphics.unused);
    return object;
}

} // namespace windsor::config
