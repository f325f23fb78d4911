// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/build.hpp"

#include "config/guest_kind.hpp"
#include "config/keys.hpp"
#include "config/reading.hpp"
#include "config/vfb_key.hpp"

namespace windsor::config {
namespace {

void read_all(Reading& reading)
{
    for (const auto& setting : reading.settings.entries) {
        if (const auto* key = find_key(setting.key)) {
            reading.config.evaluated.emplace_back(key->name, setting.value);
            reading.config.places.emplace_back(key->name, setting.key_at);
            check_setting(*key, setting, reading);
        }
    }
    for (const auto& setting : reading.settings.entries) {
        const auto* key = find_key(setting.key);
        if (key != nullptr && reading.find(key->name) == &setting) {
            read_setting(*key, setting, reading);
        }
    }
    for (const auto& key : all_keys()) {
        if (key.settle != nullptr) {
            key.settle(reading);
        }
    }
}

} // namespace

std::optional<EngineChoice> engine_from(std::string_view word)
{
    const auto* found = find_word(kEngineWords, word);
    return found == nullptr ? std::nullopt : std::optional{static_cast<EngineChoice>(found->value)};
}

std::expected<DomainConfig, Complaint> build_domain(const Settings& settings, std::string_view default_name,
                                                    std::vector<Warning>& warnings)
{
    const auto merged = with_vfb(settings, warnings);
    if (!merged) {
        return std::unexpected{merged.error()};
    }
    if (auto complaint = guest_complaint(*merged)) {
        return std::unexpected{std::move(*complaint)};
    }
    try {
        DomainConfig config;
        Reading reading{.settings = *merged, .default_name = default_name, .warnings = warnings, .config = config};
        read_all(reading);
        return config;
    } catch (Complaint& complaint) {
        return std::unexpected{std::move(complaint)};
    }
}

} // namespace windsor::config
