// SPDX-License-Identifier: GPL-2.0-or-later
// The host's configuration: xend-config.sxp in the classic form, xl.conf in the newer one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/domain_config.hpp"

namespace windsor::config {

struct HostConfig {
    std::optional<std::string> vnc_listen;
    std::optional<std::string> vnc_password;
    std::optional<std::string> keymap;
    std::optional<EngineChoice> engine;
    std::optional<std::string> migration_tls; // a directory of certificates and keys
    std::optional<std::string> vif_bridge;    // of network cards that name none
    std::optional<std::string> network_script_bridge; // the same, where that says nothing
    std::optional<std::string> vif_script;    // of network cards that name none
    std::vector<Warning> warnings;
};

struct HostConfigPaths {
    std::string xend = "/etc/xen/xend-config.sxp";
    std::string xl = "/etc/xen/xl.conf";
};

// Reads both files; a missing one is fine. Where both speak, xl.conf has the last word.
base::Result<HostConfig> load_host_config(const HostConfigPaths& paths = {});

// Reads one text in either form into `into`. The error is a rendered diagnostic.
base::Status read_xend_config(HostConfig& into, std::string_view text, const std::string& file_name);
base::Status read_xl_conf(HostConfig& into, std::string_view text, const std::string& file_name);

// Settles the console: the domain's own word, else the host's, else 127.0.0.1, no password and en-us.
void resolve_graphics(DomainConfig& config, const HostConfig& host);

// The bridges of network cards that name none, and whose text does not say otherwise: the host's, if it has one. They
// need not exist.
void resolve_bridges(DomainConfig& config, const HostConfig& host);

// The engine: the domain's own word, else the host's, else auto.
EngineChoice resolve_engine(const DomainConfig& config, const HostConfig& host);

// The settings of xend-config.sxp that are known, sorted, for tests and help.
struct HostKeyInfo {
    std::string_view name;
    enum class Status { Implemented, Accepted, Refused } status;
    std::string_view note;
};
std::span<const HostKeyInfo> xend_keys();

} // namespace windsor::config
