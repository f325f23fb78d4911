// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/host_config.hpp"

#include "config/console_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/build.hpp"
#include "config/file.hpp"
#include "config/sxp.hpp"
#include "config/vif_wiring.hpp"

namespace windsor::config {
namespace {

using Status = HostKeyInfo::Status;

constexpr std::string_view kNoDaemon = "there is no daemon to configure";
constexpr std::string_view kNoNetwork = "a network card is on a bridge, or behind NAT";
constexpr std::string_view kDefaultBridge = "the bridge of network cards that name none";
constexpr std::string_view kScriptsBridge =
    "a bridge=NAME in it is that of network cards that name none; no script is run";
constexpr std::string_view kDefaultScript =
    "if it is another than vif-bridge, vif.default.bridge has no effect; no script is run";
constexpr std::string_view kNoRelocation = "there is no relocation server; 'migrate-receive' waits for one domain";
constexpr std::string_view kOtherTls = "'migration_tls' names the certificates";
constexpr std::string_view kNoRemus = "domains are not kept in step with a second host";
constexpr std::string_view kHostSchedules = "the host schedules virtual processors; bind them with vcpu-pin";
constexpr std::string_view kNoVncTls =
    "consoles are not encrypted yet, and would be open to whoever listens; reach them on 127.0.0.1, through ssh";
constexpr std::string_view kNoDom0 = "there is no domain 0; the host's memory and processors are its own";

// clang-format off
constexpr std::array kXendKeys{
    HostKeyInfo{"console-limit", Status::Accepted, "consoles are not buffered by a daemon"},
    HostKeyInfo{"device-create-timeout", Status::Accepted, kNoDaemon},
    HostKeyInfo{"device-destroy-timeout", Status::Accepted, kNoDaemon},
    HostKeyInfo{"dom0-cpus", Status::Accepted, kNoDom0},
    HostKeyInfo{"dom0-min-mem", Status::Accepted, kNoDom0},
    HostKeyInfo{"enable-dom0-ballooning", Status::Accepted, kNoDom0},
    HostKeyInfo{"enable-dump", Status::Accepted, "core dumps of domains are not written yet"},
    HostKeyInfo{"engine", Status::Implemented, "the engine of domains that name none"},
    HostKeyInfo{"external-migration-tool", Status::Accepted, "a domain's state is whole without one"},
    HostKeyInfo{"keymap", Status::Implemented, "the keyboard layout of domains that name none"},
    HostKeyInfo{"logfile", Status::Accepted, "each domain has a log of its own"},
    HostKeyInfo{"loglevel", Status::Accepted, "each domain has a log of its own"},
    HostKeyInfo{"migration_tls", Status::Implemented,
                "the directory of certificates and keys for domains that move over TCP"},
    HostKeyInfo{"network-script", Status::Implemented, kScriptsBridge},
    HostKeyInfo{"pci-passthrough-strict-check", Status::Accepted, "pass-through of host devices is not provided yet"},
    HostKeyInfo{"qemu-dm-logrotate-count", Status::Accepted, "there is no separate device model"},
    HostKeyInfo{"resource-label-change-script", Status::Accepted, "there is no Xen hypervisor underneath"},
    HostKeyInfo{"total_available_memory", Status::Accepted, kNoDom0},
    HostKeyInfo{"vif-script", Status::Implemented, kScriptsBridge},
    HostKeyInfo{"vnc-listen", Status::Implemented, "the address that consoles listen on"},
    HostKeyInfo{"vnc-tls", Status::Refused, kNoVncTls},
    HostKeyInfo{"vnc-x509-cert-dir", Status::Accepted, kNoVncTls},
    HostKeyInfo{"vnc-x509-verify", Status::Refused, kNoVncTls},
    HostKeyInfo{"vncpasswd", Status::Implemented, "the password of consoles"},
    HostKeyInfo{"xend-address", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-domains-path", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-http-server", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-port", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-relocation-address", Status::Accepted, kNoRelocation},
    HostKeyInfo{"xend-relocation-hosts-allow", Status::Accepted, kNoRelocation},
    HostKeyInfo{"xend-relocation-port", Status::Accepted, kNoRelocation},
    HostKeyInfo{"xend-relocation-server", Status::Accepted, kNoRelocation},
    HostKeyInfo{"xend-relocation-server-ssl-cert-file", Status::Accepted, kOtherTls},
    HostKeyInfo{"xend-relocation-server-ssl-key-file", Status::Accepted, kOtherTls},
    HostKeyInfo{"xend-relocation-ssl", Status::Accepted, kOtherTls},
    HostKeyInfo{"xend-relocation-ssl-port", Status::Accepted, kOtherTls},
    HostKeyInfo{"xend-relocation-ssl-server", Status::Accepted, kOtherTls},
    HostKeyInfo{"xend-tcp-xmlrpc-server", Status::Refused,
                "a control service that anyone on the network could use is not offered"},
    HostKeyInfo{"xend-tcp-xmlrpc-server-address", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-tcp-xmlrpc-server-port", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-tcp-xmlrpc-server-ssl-cert-file", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-tcp-xmlrpc-server-ssl-key-file", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-udev-event-server", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-unix-path", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-unix-server", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xend-unix-xmlrpc-server", Status::Accepted, kNoDaemon},
    HostKeyInfo{"xsm_module_name", Status::Accepted, "there is no Xen hypervisor underneath"},
};

constexpr std::array kXlKeys{
    HostKeyInfo{"autoballoon", Status::Accepted, kNoDom0},
    HostKeyInfo{"blkdev_start", Status::Accepted, kNoDaemon},
    HostKeyInfo{"bootloader_restrict", Status::Accepted, "there is no host-side boot loader"},
    HostKeyInfo{"claim_mode", Status::Accepted, kNoDom0},
    HostKeyInfo{"colo.default.proxyscript", Status::Accepted, kNoRemus},
    HostKeyInfo{"dom0.cpumask", Status::Accepted, kNoDom0},
    HostKeyInfo{"engine", Status::Implemented, "the engine of domains that name none"},
    HostKeyInfo{"keymap", Status::Implemented, "the keyboard layout of domains that name none"},
    HostKeyInfo{"lockfile", Status::Accepted, kNoDaemon},
    HostKeyInfo{"max_grant_frames", Status::Accepted, "there is no Xen hypervisor underneath"},
    HostKeyInfo{"max_grant_version", Status::Accepted, "there is no Xen hypervisor underneath"},
    HostKeyInfo{"max_maptrack_frames", Status::Accepted, "there is no Xen hypervisor underneath"},
    HostKeyInfo{"migration_tls", Status::Implemented,
                "the directory of certificates and keys for domains that move over TCP"},
    HostKeyInfo{"output_format", Status::Accepted, "the name of the command decides: xm or xl"},
    HostKeyInfo{"remus.default.netbufscript", Status::Accepted, kNoRemus},
    HostKeyInfo{"run_hotplug_scripts", Status::Accepted, kNoNetwork},
    HostKeyInfo{"sched", Status::Accepted, "the host's scheduler treats domains like any process"},
    HostKeyInfo{"vif.default.backend", Status::Accepted, kNoNetwork},
    HostKeyInfo{"vif.default.bridge", Status::Implemented, kDefaultBridge},
    HostKeyInfo{"vif.default.gatewaydev", Status::Accepted, kNoNetwork},
    HostKeyInfo{"vif.default.script", Status::Implemented, kDefaultScript},
    HostKeyInfo{"vifscript", Status::Implemented, kDefaultScript},
    HostKeyInfo{"vm.cpumask", Status::Accepted, kHostSchedules},
    HostKeyInfo{"vm.hvm.cpumask", Status::Accepted, kHostSchedules},
    HostKeyInfo{"vm.pv.cpumask", Status::Accepted, kHostSchedules},
    HostKeyInfo{"vnc-listen", Status::Implemented, "the address that consoles listen on"},
    HostKeyInfo{"vnclisten", Status::Implemented, "the address that consoles listen on"},
    HostKeyInfo{"vncpasswd", Status::Implemented, "the password of consoles"},
};
// clang-format on

constexpr std::size_t kLongestInterface = 15; // IFNAMSIZ

// The bridge that xend's scripts are told by "network-bridge bridge=xenbr1" and "vif-bridge bridge=xenbr1"; empty for
// other scripts, and where no bridge is named.
std::string bridge_of_script(std::string_view words)
{
    constexpr std::string_view kBridge = "bridge=";
    std::string bridge;
    bool first = true;
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find_first_of(" \t"));
        words.remove_prefix(std::min(words.size(), word.size() + 1));
        if (word.empty()) {
            continue;
        }
        if (std::exchange(first, false) && !word.ends_with("-bridge")) {
            return "";
        }
        if (word.starts_with(kBridge)) {
            bridge = word.substr(kBridge.size());
        }
    }
    return bridge;
}

bool is_bridge_script(std::string_view script)
{
    return script.empty() || script.ends_with("vif-bridge");
}

// What both forms share once a setting has been read.
class HostReader {
public:
    HostReader(HostConfig& into, std::span<const HostKeyInfo> keys) : into_{into}, keys_{keys} {}

    std::expected<void, Complaint> set(std::string_view key, const std::string& value, const Location& key_at,
                                       const Location& value_at)
    {
        const auto known = std::ranges::find_if(keys_, [&](const auto& entry) { return entry.name == key; });
        if (known == keys_.end()) {
            warn_unknown(key, key_at);
            return {};
        }
        const bool off = value.empty() || value == "no" || value == "0" || value == "off" || value == "false";
        if (known->status == Status::Refused && !off) {
            return std::unexpected{Complaint{key_at, fmt::format("'{}' is refused: {}", key, known->note)}};
        }
        if (known->status != Status::Implemented) {
            return {}; // host files are written for Xen; a warning with every command would only be noise
        }
        if (value.find('\0') != std::string::npos) {
            return std::unexpected{Complaint{value_at, fmt::format("'{}' cannot contain a NUL character", key)}};
        }
        return apply(key, value, value_at);
    }

private:
    void warn_unknown(std::string_view key, const Location& where)
    {
        std::vector<std::string_view> names;
        for (const auto& entry : keys_) {
            names.push_back(entry.name);
        }
        const auto nearest = nearest_name(key, names);
        const auto shown = key.substr(0, 60);
        into_.warnings.push_back(Warning{
            where, nearest.empty() ? fmt::format("'{}' is no known setting and has no effect", shown)
                                   : fmt::format("'{}' is no known setting and has no effect; the nearest is '{}'",
                                                 shown, nearest)});
    }

    std::expected<void, Complaint> apply(std::string_view key, const std::string& value, const Location& where)
    {
        if (key == "engine") {
            into_.engine = engine_from(value);
            if (!into_.engine) {
                return std::unexpected{
                    Complaint{where, fmt::format("'{}' is no engine; auto, kvm, translate and emulate are",
                                                 value.substr(0, 40))}};
            }
        } else if (key == "vncpasswd") {
            into_.vnc_password = value;
            if (const auto note = password_note(value)) {
                into_.warnings.push_back(Warning{where.secret(), *note});
            }
        } else if (key == "keymap") {
            into_.keymap = value;
            return checked(value.empty() ? std::nullopt : keymap_fault(value), where);
        } else if (key == "migration_tls") {
            into_.migration_tls = value;
        } else if (is_of_network(key)) {
            return apply_network(key, value, where);
        } else {
            into_.vnc_listen = value;
            return checked(value.empty() ? std::nullopt : listen_fault(value), where);
        }
        return {};
    }

    static bool is_of_network(std::string_view key) { return key == "vif.default.bridge" || key.ends_with("script"); }

    std::expected<void, Complaint> apply_network(std::string_view key, const std::string& value, const Location& where)
    {
        if (key == "vif.default.script" || key == "vifscript") {
            into_.vif_script = value;
            return {};
        }
        const std::string bridge = key == "vif.default.bridge" ? value : bridge_of_script(value);
        if (bridge.size() > kLongestInterface) {
            return std::unexpected{
                Complaint{where, fmt::format("a bridge's name has {} characters at the most", kLongestInterface)}};
        }
        if (key == "network-script") {
            into_.network_script_bridge = bridge;
        } else {
            into_.vif_bridge = bridge;
            into_.vif_script = key == "vif-script" ? value.substr(0, value.find(' ')) : into_.vif_script;
        }
        return {};
    }

    static std::expected<void, Complaint> checked(const std::optional<std::string>& fault, const Location& where)
    {
        if (fault) {
            return std::unexpected{Complaint{where, *fault}};
        }
        return {};
    }

    HostConfig& into_;
    std::span<const HostKeyInfo> keys_;
};

base::Status rendered(const Complaint& complaint)
{
    return base::fail("{}", render(complaint.where, complaint.message));
}

} // namespace

std::span<const HostKeyInfo> xend_keys()
{
    return kXendKeys;
}

base::Status read_xend_config(HostConfig& into, std::string_view text, const std::string& file_name)
{
    const auto source = std::make_shared<const Source>(Source{file_name, std::string{text}});
    const auto nodes = parse_sxp(source);
    if (!nodes) {
        return rendered(nodes.error());
    }
    HostReader reader{into, kXendKeys};
    for (const auto& node : *nodes) {
        if (!node.is_list || node.items.empty() || node.items[0].is_list) {
            return rendered(Complaint{Location{source, node.at}, "a setting is written (NAME VALUE)"});
        }
        const bool has_value = node.items.size() > 1 && !node.items[1].is_list;
        const auto& key = node.items[0];
        const auto value_at = has_value ? node.items[1].at : key.at;
        const auto outcome = reader.set(key.atom, has_value ? node.items[1].atom : std::string{},
                                        Location{source, key.at}, Location{source, value_at});
        if (!outcome) {
            return rendered(outcome.error());
        }
    }
    return {};
}

base::Status read_xl_conf(HostConfig& into, std::string_view text, const std::string& file_name)
{
    const auto source = std::make_shared<const Source>(Source{file_name, std::string{text}});
    const auto settings = parse_plain(source, PlainNames::Dotted);
    if (!settings) {
        return rendered(settings.error());
    }
    HostReader reader{into, kXlKeys};
    for (const auto& setting : settings->entries) {
        const auto value = setting.value.string() != nullptr ? *setting.value.string() : to_text(setting.value);
        if (const auto outcome = reader.set(setting.key, value, setting.key_at, setting.value_at); !outcome) {
            return rendered(outcome.error());
        }
    }
    return {};
}

base::Result<HostConfig> load_host_config(const HostConfigPaths& paths)
{
    HostConfig config;
    if (!paths.xend.empty() && config_file_exists(paths.xend)) {
        const auto text = WINDSOR_TRY(read_config_file(paths.xend, "host configuration"));
        if (const auto status = read_xend_config(config, text, paths.xend); !status) {
            return std::unexpected{status.error()};
        }
    }
    if (!paths.xl.empty() && config_file_exists(paths.xl)) {
        const auto text = WINDSOR_TRY(read_config_file(paths.xl, "host configuration"));
        if (const auto status = read_xl_conf(config, text, paths.xl); !status) {
            return std::unexpected{status.error()};
        }
    }
    return config;
}

void resolve_graphics(DomainConfig& config, const HostConfig& host)
{
    auto& graphics = config.graphics;
    const auto settle = [](std::optional<std::string>& own, const std::optional<std::string>& from_host,
                           std::string_view otherwise) {
        if (!own) {
            own = from_host && !from_host->empty() ? *from_host : std::string{otherwise};
        }
    };
    settle(graphics.listen, host.vnc_listen, "127.0.0.1");
    settle(graphics.password, host.vnc_password, "");
    settle(graphics.keymap, host.keymap, "en-us");
}

void resolve_bridges(DomainConfig& config, const HostConfig& host)
{
    const std::string bridge =
        host.vif_bridge.value_or("").empty() ? host.network_script_bridge.value_or("") : *host.vif_bridge;
    for (VifConfig& vif : config.vifs) {
        const std::string& script = vif.script.empty() ? host.vif_script.value_or("") : vif.script;
        const auto wiring = parse_wiring(vif.text);
        if (vif.bridge.empty() && wiring && wiring->network == VifNetwork::Auto && is_bridge_script(script)) {
            vif.bridge = bridge;
        }
    }
}

EngineChoice resolve_engine(const DomainConfig& config, const HostConfig& host)
{
    return config.engine ? *config.engine : host.engine.value_or(EngineChoice::Auto);
}

} // namespace windsor::config
