// SPDX-License-Identifier: GPL-2.0-or-later
// The names and their order are those of Xen's tools/libs/light/libxl_types.idl.
#include "config/xl_form.hpp"

#include "config/secrets.hpp"

#include <algorithm>

namespace windsor::config {
namespace {

using Object = nlohmann::ordered_json;

// libxl's defbool.
const char* defbool(Switch value)
{
    return value == Switch::On ? "True" : "False";
}

void add_text(Object& object, const char* key, const std::string& value)
{
    if (!value.empty()) {
        object[key] = valid_utf8(value);
    }
}

// libxl_action_on_shutdown has underscores.
std::string action(LifeAction value)
{
    std::string name{action_name(value)};
    std::ranges::replace(name, '-', '_');
    return name;
}

Object vnc(const GraphicsConfig& graphics)
{
    Object object{{"enable", defbool(graphics.vnc)}};
    if (graphics.vnc == Switch::Off) {
        return object;
    }
    add_text(object, "listen", graphics.listen.value_or(""));
    if (!graphics.password.value_or("").empty()) {
        object["passwd"] = kHidden;
    }
    if (graphics.display) {
        object["display"] = *graphics.display;
    }
    object["findunused"] = defbool(graphics.unused);
    return object;
}

Object hvm(const DomainConfig& config)
{
    Object object{{"firmware", "seabios"},
                  {"pae", defbool(config.pae)},
                  {"apic", defbool(config.apic)},
                  {"acpi", defbool(config.acpi)},
                  {"vga", {{"kind", "std"}}},
                  {"vnc", vnc(config.graphics)}};
    add_text(object, "keymap", config.graphics.keymap.value_or(""));
    object["sdl"] = {{"enable", defbool(config.graphics.sdl)}};
    object["boot"] = config.boot;
    if (config.serial == SerialKind::Pty) {
        object["serial"] = "pty";
    }
    return object;
}

Object build_info(const DomainConfig& config)
{
    Object processors = Object::array();
    for (int i = 0; i < config.vcpus; ++i) {
        processors.push_back(i);
    }
    Object object{{"max_vcpus", config.max_vcpus},
                  {"avail_vcpus", std::move(processors)},
                  {"max_memkb", config.maxmem_mb * 1024},
                  {"target_memkb", config.memory_mb * 1024}};
    if (config.rtc_timeoffset != 0) {
        object["rtc_timeoffset"] = config.rtc_timeoffset;
    }
    object["localtime"] = defbool(config.localtime);
    object["type.hvm"] = hvm(config);
    return object;
}

Object disk(const DiskConfig& config)
{
    Object object = Object::object();
    add_text(object, "pdev_path", config.path);
    object["vdev"] = config.vdev;
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

Object nic(const VifConfig& config, int number)
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

Object xl_form(const DomainConfig& config)
{
    Object object{{"c_info", {{"type", "hvm"}, {"name", config.name}}}};
    add_text(object["c_info"], "uuid", config.uuid);
    object["b_info"] = build_info(config);
    for (const DiskConfig& each : config.disks) {
        object["disks"].push_back(disk(each));
    }
    for (const VifConfig& each : config.vifs) {
        object["nics"].push_back(nic(each, static_cast<int>(object["nics"].size())));
    }
    object["on_poweroff"] = action(config.on_poweroff);
    object["on_reboot"] = action(config.on_reboot);
    object["on_crash"] = action(config.on_crash);
    return object;
}

} // namespace windsor::config
