// SPDX-License-Identifier: GPL-2.0-or-later
// What serves a domain's shared folders, made before there is a process for it.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/registry.hpp"
#include "network/share_gate.hpp"
#include "share/folder.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::keeper {

struct ShareParts {
    // None: nothing is shared, and the rest is empty.
    std::vector<share::Folder> folders{};
    std::filesystem::path server{}; // Samba's smbd
    std::filesystem::path
        state{};  // a directory that is smbd's alone, with its configuration; whoever makes it removes it
    uid_t user{0};                  // whom root becomes
    base::Fd arrivals{};            // where connections come from the gate
    std::unique_ptr<network::ShareGate> gate{};

    std::filesystem::path configuration() const { return state / "smb.conf"; }

    // `directory` is where the server's own is made. Fails with the place in the configuration if a folder is not there
    // or may not be used, or if there is no server.
    static base::Result<ShareParts> create(const config::DomainConfig& config, domain::DomainId id,
                                           const std::filesystem::path& directory);
};

// A sentence for each shared folder that says where the guest finds it.
std::vector<std::string> share_notes(const config::DomainConfig& config);

// Fails if folders are shared and no card is behind NAT, which is the only way to them.
base::Status check_way_to_shares(const config::DomainConfig& config, std::size_t networks);

} // namespace windsor::keeper
