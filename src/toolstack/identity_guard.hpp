// SPDX-License-Identifier: GPL-2.0-or-later
// A domain finds at each start the machine that it had at its first.
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/identity.hpp"
#include "domain/paths.hpp"
#include "toolstack/smbios_choice.hpp"

#include <optional>
#include <string>
#include <vector>

namespace windsor::toolstack {

// The path by which a configuration is known again; empty for one that comes through a descriptor, as that of a fresh
// domain does after rename-restart.
std::string lasting_path(const std::string& file);

// Whether a hardware change is wanted that Windows' activation weighs.
enum class HardwareChange : std::uint8_t { Refuse, Accept };

struct Recognized {
    domain::Identity identity;                // to be remembered when the domain has started
    std::optional<domain::Identity> replaces; // what is known of it under another name or path
    std::optional<domain::Identity> known;    // what is known of it
    std::vector<std::string> warnings;        // a sentence each
};

// Gives the configuration the UUID, the MAC addresses and the SMBIOS texts that it does not choose itself, as at the
// first start. `file` is where it comes from, and `host_texts` has the host's own SMBIOS texts. Fails, in one message
// that names each component, old value and new one, if an installed Windows would find hardware that its activation
// weighs to be another. Nothing is written.
base::Result<Recognized> recognize(const domain::Paths& paths, const std::string& file, config::DomainConfig& config,
                                   HardwareChange change, const std::filesystem::path& host_texts = kHostSmbios);

// Of a domain that has started.
base::Status remember(const domain::Paths& paths, const Recognized& recognized);

// Of a domain that has come to this host with its state, as it is, unless its UUID is known here.
base::Status remember_guest(const domain::Paths& paths, const config::DomainConfig& config);

} // namespace windsor::toolstack
