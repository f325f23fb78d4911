// SPDX-License-Identifier: GPL-2.0-or-later
// The names and their order are those of xend 3 and 4.0: XendDomainInfo.getConfigSxpr() and XendConfig.to_sxp(). Rows
// of the table say where their keys stand; keys that xend does not have follow those that it has.
#include "config/xend_form.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <utility>

#include <fmt/format.h>

namespace windsor::config {
namespace {

using Nodes = std::vector<SxpNode>;

constexpr std::string_view kOrder[] = {
    // of the domain
    "on_crash", "uuid", "bootloader_args", "vcpus", "name", "on_poweroff", "on_reboot", "cpus", "bootloader", "maxmem",
    "memory", "shadow_memory", "features", "on_xend_start", "on_xend_stop",
    // of the image
    "kernel", "device_model", "boot", "acpi", "apic", "pae", "serial", "stdvga", "usb", "usbdevice", "localtime",
    "rtc_timeoffset", "timer_mode", "tsc_mode", "hpet", "hap", "vpt_align", "viridian", "isa", "guest_os_type",
    "soundhw", "videoram", "xen_platform_pci", "nographic", "sdl", "vnc",
    // of the console
    "vncunused", "vncdisplay", "vnclisten", "vncpasswd", "keymap"};

std::string_view xend_name(const KeyInfo& key)
{
    return key.xend.name.empty() ? key.name : key.xend.name;
}

// The table's rows that xend's listing shows, in xend's order.
const std::vector<const KeyInfo*>& listed_keys()
{
    static const auto kListed = [] {
        std::vector<const KeyInfo*> keys;
        for (const KeyInfo& key : all_keys()) {
            if (key.xend.place != XendPlace::None) {
                keys.push_back(&key);
            }
        }
        std::ranges::sort(keys, {}, [](const KeyInfo* key) {
            return std::pair{std::ranges::find(kOrder, xend_name(*key)), key->name};
        });
        return keys;
    }();
    return kListed;
}

void add(Nodes& nodes, std::string name, std::string value)
{
    nodes.push_back(SxpNode::entry(std::move(name), std::move(value)));
}

// A key's value as the file has it; nothing if the file does not have the key.
std::optional<std::string> given(std::string_view key, const DomainConfig& config)
{
    const auto found = std::ranges::find(config.evaluated, key, &std::pair<std::string, Value>::first);
    if (found == config.evaluated.end()) {
        return std::nullopt;
    }
    const Value& value = found->second;
    return value.string() != nullptr    ? *value.string()
           : value.boolean() != nullptr ? (*value.boolean() ? "1" : "0")
           : value.is_none()            ? ""
                                        : to_text(value);
}

std::optional<std::string> text_of(const KeyInfo& key, const DomainConfig& config)
{
    if (key.xend.when == XendWhen::AsGiven) {
        return given(key.name, config);
    }
    return std::holds_alternative<std::monostate>(key.member) ? given(key.name, config).value_or(default_text(key))
                                                              : member_text(key.member, config);
}

// "(name (one two))"
SxpNode list_entry(std::string name, const std::vector<std::string>& texts)
{
    Nodes items;
    std::ranges::transform(texts, std::back_inserter(items), SxpNode::of);
    return SxpNode::list({SxpNode::of(std::move(name)), SxpNode::list(std::move(items))});
}

Nodes nodes_of(const KeyInfo& key, const DomainConfig& config, const std::optional<XendState>& state)
{
    if (key.xend.print != nullptr) {
        return key.xend.print(config, state);
    }
    std::string name{xend_name(key)};
    if (const auto* texts = std::get_if<Field<std::vector<std::string>>>(&key.member)) {
        return {list_entry(std::move(name), texts->in(config))};
    }
    const auto text = text_of(key, config);
    return text ? Nodes{SxpNode::entry(std::move(name), *text)} : Nodes{};
}

Nodes image(const DomainConfig& config, const std::optional<XendState>& state)
{
    Nodes hvm{SxpNode::of("hvm")};
    add_xend_entries(hvm, XendPlace::Image, config, state);
    add_xend_entries(hvm, XendPlace::Console, config, state);
    if (state) {
        hvm.push_back(SxpNode::list({SxpNode::of("notes"), SxpNode::entry("SUSPEND_CANCEL", "1")}));
    }
    return hvm;
}

void add_state(Nodes& domain, const XendState& state)
{
    // xend's DOM_STATE_*: 2 is running; a domain that has ended and is preserved counts as halted.
    const bool ended = state.letters.find_first_of("sc") != std::string::npos;
    add(domain, "status", ended ? "0" : state.letters.find('p') != std::string::npos ? "1" : "2");
    add(domain, "state", state.letters);
}

} // namespace

SxpNode xend_device(std::vector<SxpNode> entries)
{
    return SxpNode::list({SxpNode::of("device"), SxpNode::list(std::move(entries))});
}

void add_xend_entries(std::vector<SxpNode>& nodes, XendPlace place, const DomainConfig& config,
                      const std::optional<XendState>& state)
{
    for (const KeyInfo* key : listed_keys()) {
        if (key->xend.place == place) {
            std::ranges::move(nodes_of(*key, config, state), std::back_inserter(nodes));
        }
    }
}

SxpNode xend_form(const DomainConfig& config, const std::optional<XendState>& state)
{
    Nodes domain{SxpNode::of(state ? "domain" : "vm")};
    if (state) {
        add(domain, "domid", fmt::format("{}", state->id));
    }
    add_xend_entries(domain, XendPlace::Domain, config, state);
    if (state) {
        add(domain, "start_time", fmt::format("{:.2f}", state->start_time));
        add(domain, "cpu_time", fmt::format("{:.9f}", state->cpu_seconds));
        add(domain, "online_vcpus", fmt::format("{}", config.vcpus));
    }
    domain.push_back(SxpNode::list({SxpNode::of("image"), SxpNode::list(image(config, state))}));
    if (state) {
        add_state(domain, *state);
    }
    add_xend_entries(domain, XendPlace::Vif, config, state);
    if (state && !state->console.empty()) {
        domain.push_back(xend_device({SxpNode::of("console"), SxpNode::entry("protocol", "vt100"),
                                      SxpNode::entry("location", state->console), SxpNode::entry("backend", "0")}));
    }
    add_xend_entries(domain, XendPlace::Vbd, config, state);
    add_xend_entries(domain, XendPlace::Vfb, config, state);
    return SxpNode::list(std::move(domain));
}

} // namespace windsor::config
