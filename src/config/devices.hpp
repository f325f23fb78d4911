// SPDX-License-Identifier: GPL-2.0-or-later
// The little languages inside the strings of disk= and vif=.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/domain_config.hpp"

namespace windsor::config {

// Reads one string of disk=, in xm's form ('file:/path,hda,w') or xl's (xl-disk-configuration(5)).
// The error is a sentence without its place. Warnings are appended.
std::expected<DiskConfig, std::string> parse_disk(std::string_view text, std::vector<std::string>& warnings);

// Reads the target alone: a path, 'file:/path', 'phy:/dev/node'. The rest is as in a fresh DiskConfig.
std::expected<DiskConfig, std::string> parse_target(std::string_view text);

// Reads one string of vif=, in xm's form or xl's (xl-network-configuration(5)).
std::expected<VifConfig, std::string> parse_vif(std::string_view text, std::vector<std::string>& warnings);

// A card's limit: so many bytes may go in each interval.
struct VifRate {
    std::uint64_t bytes_per_interval = 0;
    std::uint64_t interval_us = 0;

    bool operator==(const VifRate&) const = default;
};

// Reads the value of rate=, such as 10Mb/s or 2MB/s@20ms; the error is a sentence.
std::expected<VifRate, std::string> parse_rate(std::string_view text);

// A MAC address as six lower-case pairs with colons; the error is a sentence.
std::expected<std::string, std::string> parse_mac(std::string_view text);

// A UUID as 8-4-4-4-12 lower-case digits; the error is a sentence.
std::expected<std::string, std::string> parse_uuid(std::string_view text);

} // namespace windsor::config
