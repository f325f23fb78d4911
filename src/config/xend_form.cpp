// SPDX-License-Identifier: GPL-2.0-or-later
// The names and their order are those of xend 3 and 4.0: XendDomainInfo.getConfigSxpr() and XendConfig.to_sxp().
#include "config/xend_form.hpp"

#include "config/secrets.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace windsor::config {
namespace {

using Nodes = std::vector<SxpNode>;

std::string number(Switch value)
{
    return value == Switch::On ? "1" : "0";
}

std::string to_string(int value)
{
    return fmt::format("{}", value);
}

class XendForm {
public:
    XendForm(const DomainConfig& config, const std::optional<XendState>& state) : config_{config}, state_{state} {}

    SxpNode run()
    {
        Nodes domain{SxpNode::of(state_ ? "domain" : "vm")};
        identity(domain);
        resources(domain);
        if (state_) {
            add(domain, "start_time", fmt::format("{:.2f}", state_->start_time));
            add(domain, "cpu_time", fmt::format("{:.9f}", state_->cpu_seconds));
            add(domain, "online_vcpus", to_string(config_.vcpus));
        }
        domain.push_back(SxpNode::list({SxpNode::of("image"), SxpNode::list(image())}));
        if (state_) {
            // xend's DOM_STATE_*: 2 is running; a domain that has ended and is preserved counts as halted.
            const bool ended = state_->letters.find_first_of("sc") != std::string::npos;
            add(domain, "status", ended ? "0" : state_->letters.find('p') != std::string::npos ? "1" : "2");
            add(domain, "state", state_->letters);
        }
        devices(domain);
        return SxpNode::list(std::move(domain));
    }

private:
    static void add(Nodes& nodes, std::string name, std::string value)
    {
        nodes.push_back(SxpNode::entry(std::move(name), std::move(value)));
    }

    const Value* given(std::string_view key) const
    {
        const auto found =
            std::ranges::find_if(config_.evaluated, [&](const auto& entry) { return entry.first == key; });
        return found == config_.evaluated.end() ? nullptr : &found->second;
    }

    // A key's value as the file has it, or the default.
    std::string text(std::string_view key, std::string_view otherwise) const
    {
        const Value* value = given(key);
        if (value == nullptr) {
            return std::string{otherwise};
        }
        return value->string() != nullptr    ? *value->string()
               : value->boolean() != nullptr ? number(*value->boolean() ? Switch::On : Switch::Off)
               : value->is_none()            ? std::string{}
                                             : to_text(*value);
    }

    void identity(Nodes& domain) const
    {
        if (state_) {
            add(domain, "domid", fmt::format("{}", state_->id));
        }
        add(domain, "on_crash", std::string{action_name(config_.on_crash)});
        add(domain, "uuid", config_.uuid);
        add(domain, "bootloader_args", text("bootargs", ""));
        add(domain, "vcpus", to_string(config_.max_vcpus));
        add(domain, "name", config_.name);
        add(domain, "on_poweroff", std::string{action_name(config_.on_poweroff)});
        add(domain, "on_reboot", std::string{action_name(config_.on_reboot)});
    }

    void resources(Nodes& domain) const
    {
        // No processor is bound to processors of the host: one empty list for each.
        Nodes processors(static_cast<std::size_t>(config_.max_vcpus), SxpNode::list({}));
        domain.push_back(SxpNode::list({SxpNode::of("cpus"), SxpNode::list(std::move(processors))}));
        add(domain, "bootloader", text("bootloader", ""));
        add(domain, "maxmem", fmt::format("{}", config_.maxmem_mb));
        add(domain, "memory", fmt::format("{}", config_.memory_mb));
        add(domain, "shadow_memory", text("shadow_memory", "0"));
        add(domain, "features", text("features", ""));
        add(domain, "on_xend_start", text("on_xend_start", "ignore"));
        add(domain, "on_xend_stop", text("on_xend_stop", "ignore"));
    }

    Nodes image() const
    {
        Nodes hvm{SxpNode::of("hvm")};
        const auto& graphics = config_.graphics;
        add(hvm, "kernel", text("kernel", ""));
        add(hvm, "device_model", text("device_model", ""));
        add(hvm, "boot", config_.boot);
        add(hvm, "acpi", number(config_.acpi));
        add(hvm, "apic", number(config_.apic));
        add(hvm, "pae", number(config_.pae));
        add(hvm, "serial", config_.serial == SerialKind::Pty ? "pty" : "none");
        add(hvm, "stdvga", text("stdvga", "1"));
        add(hvm, "usb", text("usb", "0"));
        add_given(hvm, "usbdevice");
        add(hvm, "localtime", number(config_.localtime));
        add(hvm, "rtc_timeoffset", fmt::format("{}", config_.rtc_timeoffset));
        for (const char* key : {"timer_mode", "tsc_mode", "hpet", "hap", "vpt_align", "viridian", "isa",
                                "guest_os_type", "soundhw", "videoram", "xen_platform_pci", "nographic"}) {
            add_given(hvm, key);
        }
        add(hvm, "sdl", number(graphics.sdl));
        add(hvm, "vnc", number(graphics.vnc));
        vnc_entries(hvm);
        if (state_) {
            hvm.push_back(SxpNode::list({SxpNode::of("notes"), SxpNode::entry("SUSPEND_CANCEL", "1")}));
        }
        return hvm;
    }

    void add_given(Nodes& nodes, const char* key) const
    {
        if (given(key) != nullptr) {
            add(nodes, key, text(key, ""));
        }
    }

    void vnc_entries(Nodes& nodes) const
    {
        const auto& graphics = config_.graphics;
        add(nodes, "vncunused", number(graphics.unused));
        if (graphics.display) {
            add(nodes, "vncdisplay", to_string(*graphics.display));
        }
        if (graphics.listen) {
            add(nodes, "vnclisten", *graphics.listen);
        }
        if (graphics.password && !graphics.password->empty()) {
            add(nodes, "vncpasswd", std::string{kHidden}); // xend hides it as well
        }
        if (graphics.keymap) {
            add(nodes, "keymap", *graphics.keymap);
        }
    }

    static void device(Nodes& domain, Nodes entries)
    {
        domain.push_back(SxpNode::list({SxpNode::of("device"), SxpNode::list(std::move(entries))}));
    }

    void devices(Nodes& domain) const
    {
        for (const VifConfig& vif : config_.vifs) {
            device(domain, vif_entries(vif));
        }
        if (state_ && !state_->console.empty()) {
            device(domain, {SxpNode::of("console"), SxpNode::entry("protocol", "vt100"),
                            SxpNode::entry("location", state_->console), SxpNode::entry("backend", "0")});
        }
        for (std::size_t i = 0; i < config_.disks.size(); ++i) {
            device(domain, vbd_entries(config_.disks[i], i == 0 ? "1" : "0"));
        }
        if (config_.graphics.vnc == Switch::On) {
            Nodes vfb{SxpNode::of("vfb"), SxpNode::entry("vnc", "1")};
            vnc_entries(vfb);
            add(vfb, "type", "vnc");
            if (state_ && !state_->vnc.empty()) {
                add(vfb, "location", state_->vnc);
            }
            device(domain, std::move(vfb));
        }
    }

    static Nodes vif_entries(const VifConfig& vif)
    {
        Nodes entries{SxpNode::of("vif")};
        const std::pair<const char*, const std::string&> texts[] = {
            {"bridge", vif.bridge}, {"mac", vif.mac},     {"model", vif.model},     {"type", vif.type},
            {"ip", vif.ip},         {"script", vif.script}, {"vifname", vif.vifname}, {"rate", vif.rate}};
        for (const auto& [name, value] : texts) {
            if (!value.empty()) {
                add(entries, name, value);
            }
        }
        add(entries, "backend", vif.backend.empty() ? "0" : vif.backend);
        return entries;
    }

    static Nodes vbd_entries(const DiskConfig& disk, const char* bootable)
    {
        constexpr const char* kModes[] = {"r", "w", "w!"};
        Nodes entries{SxpNode::of("vbd"), SxpNode::entry("bootable", bootable)};
        add(entries, "dev", disk.vdev + (disk.kind == DiskKind::Cdrom ? ":cdrom" : ":disk"));
        const char* prefix = disk.backend == DiskBackend::Physical ? "phy:" : "file:";
        add(entries, "uname", disk.path.empty() ? "" : prefix + disk.path);
        add(entries, "mode", kModes[static_cast<std::size_t>(disk.access)]);
        add(entries, "backend", "0");
        return entries;
    }

    const DomainConfig& config_;
    const std::optional<XendState>& state_;
};

} // namespace

SxpNode xend_form(const DomainConfig& config, const std::optional<XendState>& state)
{
    return XendForm{config, state}.run();
}

} // namespace windsor::config
