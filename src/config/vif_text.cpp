// SPDX-License-Identifier: GPL-2.0-or-later
// The strings of vif=.
#include "config/devices.hpp"

#include "config/device_text.hpp"
#include "config/vif_wiring.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

namespace windsor::config {
namespace {

using Outcome = std::expected<void, std::string>;

constexpr std::array<std::string_view, 27> kVifOptions{
    "mac",     "bridge",   "type",       "model",      "ip",     "script",         "vifname",      "rate",    "backend",
    "netdev",  "devid",    "gatewaydev", "forwarddev", "accel",  "policy",         "uuid",         "mtu",     "vlan",
    "tag",     "gateway",  "network",    "hostfwd",    "trusted", "security_label", "relationship", "bootfile",
    "hostaccess"};

using VifField = std::string VifConfig::*;
constexpr std::array<std::pair<std::string_view, VifField>, 7> kVifFields{{{"bridge", &VifConfig::bridge},
                                                                           {"model", &VifConfig::model},
                                                                           {"ip", &VifConfig::ip},
                                                                           {"script", &VifConfig::script},
                                                                           {"vifname", &VifConfig::vifname},
                                                                           {"backend", &VifConfig::backend},
                                                                           {"type", &VifConfig::type}}};

// A number of 32 bits that is not zero, and what stands behind it.
struct Amount {
    std::uint64_t number;
    std::string_view unit;
};

std::optional<Amount> amount_of(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    if (error != std::errc{} || number == 0 || number > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return Amount{number, text.substr(static_cast<std::size_t>(end - text.begin()))};
}

// "10Mb/s" in bytes a second: b stands for bits and B for bytes, K, M and G for powers of 1000.
std::optional<std::uint64_t> bytes_per_second(std::string_view text)
{
    auto amount = amount_of(text);
    if (!amount) {
        return std::nullopt;
    }
    constexpr std::string_view kUnits = "KMG";
    std::uint64_t bytes = amount->number;
    if (const auto unit = kUnits.find(amount->unit.substr(0, 1)); !amount->unit.empty() && unit != kUnits.npos) {
        for (std::size_t i = 0; i <= unit; ++i) {
            bytes *= 1000;
        }
        amount->unit.remove_prefix(1);
    }
    return amount->unit == "B/s"   ? std::optional{bytes}
           : amount->unit == "b/s" ? std::optional{bytes / 8}
                                   : std::nullopt;
}

// "50ms" in microseconds; a number alone counts seconds.
std::optional<std::uint64_t> interval_in_microseconds(std::string_view text)
{
    const auto amount = amount_of(text);
    if (!amount) {
        return std::nullopt;
    }
    const std::uint64_t factor = amount->unit == "s" || amount->unit.empty()   ? 1'000'000
                                 : amount->unit == "ms" || amount->unit == "m" ? 1000
                                 : amount->unit == "us" || amount->unit == "u" ? 1
                                                                               : 0;
    const std::uint64_t interval = amount->number * factor;
    return interval != 0 && interval <= std::numeric_limits<std::uint32_t>::max() ? std::optional{interval}
                                                                                  : std::nullopt;
}

Outcome check_type(std::string_view value)
{
    constexpr std::array<std::string_view, 4> kTypes{"ioemu", "vif", "netfront", "paravirtualised"};
    return std::ranges::find(kTypes, value) != kTypes.end()
               ? Outcome{}
               : failure("'{}' is no type of network card; 'ioemu' and 'vif' are", value.substr(0, kLongestShown));
}

// Of the cards that Xen's device model has, those that guests of its time are installed with.
Outcome check_model(std::string_view value)
{
    constexpr std::array<std::string_view, 2> kModels{"rtl8139", "e1000"};
    return std::ranges::find(kModels, value) != kModels.end()
               ? Outcome{}
               : failure("'{}' is no network card that Windsor has; 'rtl8139' and 'e1000' are",
                         value.substr(0, kLongestShown));
}

Outcome set_option(VifConfig& vif, std::string_view name, std::string_view value, std::vector<std::string>& warnings)
{
    if (name == "mac") {
        auto mac = parse_mac(value);
        if (!mac) {
            return std::unexpected{mac.error()};
        }
        vif.mac = std::move(*mac);
        return {};
    }
    if (name == "rate") {
        if (auto rate = parse_rate(value); !rate) {
            return std::unexpected{rate.error()};
        }
        vif.rate = std::string{value};
        return {};
    }
    if (name == "type") {
        if (auto outcome = check_type(value); !outcome) {
            return outcome;
        }
    }
    if (name == "model") {
        if (auto outcome = check_model(value); !outcome) {
            return outcome;
        }
    }
    if (is_wiring(name)) {
        return {}; // parse_wiring() has them
    }
    const auto field = std::ranges::find(kVifFields, name, &std::pair<std::string_view, VifField>::first);
    if (field != kVifFields.end()) {
        vif.*field->second = std::string{value};
        return {};
    }
    if (std::ranges::find(kVifOptions, name) == kVifOptions.end() && !name.starts_with("colo_")) {
        const auto nearest = nearest_name(name, kVifOptions);
        warnings.push_back(nearest.empty()
                               ? fmt::format("'{}' is no option of a network card", name.substr(0, kLongestShown))
                               : fmt::format("'{}' is no option of a network card; the nearest is '{}'",
                                             name.substr(0, kLongestShown), nearest));
    }
    return {};
}

Outcome set_word(std::string_view word, std::vector<std::string>& warnings)
{
    if (word == "untrusted") {
        warnings.emplace_back("'untrusted' has no effect: it is a hint for the guest's paravirtual driver");
        return {};
    }
    return word == "trusted" ? Outcome{}
                             : failure("'{}' is no option of a network card; options are written NAME=VALUE",
                                       word.substr(0, kLongestShown));
}

} // namespace

// The rate goes through 64 bits as a product with the interval: what does not fit is refused, as xl does.
std::expected<VifRate, std::string> parse_rate(std::string_view text)
{
    constexpr std::uint64_t kDefaultInterval = 50'000; // microseconds
    const auto at = text.find('@');
    const auto bytes = bytes_per_second(text.substr(0, at));
    if (!bytes) {
        return failure("'{}' is no rate of a network card; write it like 10Mb/s (bits) or 2MB/s (bytes)",
                       text.substr(0, kLongestShown));
    }
    const auto interval =
        at == std::string_view::npos ? std::optional{kDefaultInterval} : interval_in_microseconds(text.substr(at + 1));
    if (!interval) {
        return failure("'{}' is no interval of a network card's rate; write it like 50ms, 10us or 1s",
                       text.substr(at + 1).substr(0, kLongestShown));
    }
    if (*bytes > std::numeric_limits<std::uint64_t>::max() / *interval) {
        return failure("the rate '{}' of a network card is too large", text.substr(0, kLongestShown));
    }
    return VifRate{.bytes_per_interval = *bytes * *interval / 1'000'000, .interval_us = *interval};
}

std::expected<VifConfig, std::string> parse_vif(std::string_view text, std::vector<std::string>& warnings)
{
    VifConfig vif;
    vif.text = std::string{text};
    if (text.find('\0') != std::string_view::npos) {
        return failure("a network card's text cannot contain a NUL character");
    }
    while (!text.empty()) {
        const auto field = take_field(text);
        if (field.empty()) {
            continue;
        }
        const auto equals = field.find('=');
        const auto outcome = equals == std::string_view::npos ? set_word(field, warnings)
                                                              : set_option(vif, trimmed(field.substr(0, equals)),
                                                                           trimmed(field.substr(equals + 1)), warnings);
        if (!outcome) {
            return std::unexpected{outcome.error()};
        }
    }
    const auto wiring = parse_wiring(vif.text);
    if (!wiring) {
        return std::unexpected{wiring.error()};
    }
    if (wiring->network == VifNetwork::Bridge && vif.bridge.empty()) {
        return failure("network=bridge needs the bridge's name; add bridge=NAME");
    }
    constexpr std::size_t kLongestName = 15; // of an interface, IFNAMSIZ
    if (vif.vifname.size() > kLongestName) {
        return failure("vifname has {} characters at the most", kLongestName);
    }
    return vif;
}

} // namespace windsor::config
