// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as either form of host configuration.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/host_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    windsor::config::HostConfig config;
    (void)windsor::config::read_xend_config(config, text, "fuzz.sxp");
    (void)windsor::config::read_xl_conf(config, text, "fuzz.conf");
    for (const auto& warning : config.warnings) {
        (void)warning.text();
    }
    return 0;
}
