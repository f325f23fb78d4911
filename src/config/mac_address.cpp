// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/mac_address.hpp"

#include "base/fnv.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace windsor::config {

void resolve_macs(DomainConfig& config)
{
    const std::string& owner = config.uuid.empty() ? config.name : config.uuid;
    for (std::size_t number = 0; number < config.vifs.size(); ++number) {
        for (unsigned attempt = 0; config.vifs[number].mac.empty(); ++attempt) {
            const std::uint64_t bits = base::folded_fnv1a(fmt::format("{} {} {}", owner, number, attempt));
            const std::string mac =
                fmt::format("00:16:3e:{:02x}:{:02x}:{:02x}", bits >> 16 & 0x7f, bits >> 8 & 0xff, bits & 0xff);
            if (std::ranges::find(config.vifs, mac, &VifConfig::mac) == config.vifs.end()) {
                config.vifs[number].mac = mac;
            }
        }
    }
}

} // namespace windsor::config
