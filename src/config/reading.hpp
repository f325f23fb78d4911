// SPDX-License-Identifier: GPL-2.0-or-later
// From a setting to a member of DomainConfig: what the table of keys alone can say of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/domain_config.hpp"
#include "config/keys.hpp"
#include "config/settings.hpp"

namespace windsor::config {

// Mistakes of the user's are thrown as Complaints while a configuration is read, and caught in build_domain().
template <typename... Args>
[[noreturn]] void complain(const Location& where, fmt::format_string<Args...> format, Args&&... args)
{
    throw Complaint{where, fmt::format(format, std::forward<Args>(args)...)};
}

// A configuration while it is read.
struct Reading {
    const Settings& settings;
    std::string_view default_name; // of the domain
    std::vector<Warning>& warnings;
    DomainConfig& config;

    // The setting of a key; null if it is absent or None.
    const Setting* find(std::string_view key) const;
    // Nothing if the key is absent or None.
    std::optional<std::string> text(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key) const;
    bool is_on(std::string_view key) const;

    void warn(const Location& where, std::string message) { warnings.push_back({where, std::move(message)}); }
};

// The setting's value as a text, also if it is a number.
std::string text_of(const Setting& setting);

// Type, range and words; whether the key is refused; the warning of one without effect.
void check_setting(const KeyInfo& key, const Setting& setting, Reading& reading);

// By the key's own function if it has one, otherwise into its member.
void read_setting(const KeyInfo& key, const Setting& setting, Reading& reading);

} // namespace windsor::config
