// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/domain_config.hpp"

#include "config/secrets.hpp"

#include <algorithm>

namespace windsor::config {
namespace {

// The evaluated keys, led by what every listing shows even where it is a default.
std::vector<std::pair<std::string, Value>> listed(const DomainConfig& config)
{
    std::vector<std::pair<std::string, Value>> entries;
    entries.emplace_back("name", config.name);
    if (!config.uuid.empty()) {
        entries.emplace_back("uuid", config.uuid);
    }
    entries.emplace_back("memory", static_cast<std::int64_t>(config.memory_mb));
    entries.emplace_back("maxmem", static_cast<std::int64_t>(config.maxmem_mb));
    entries.emplace_back("vcpus", config.max_vcpus);
    for (const auto& entry : config.evaluated) {
        if (std::ranges::none_of(entries, [&](const auto& other) { return other.first == entry.first; })) {
            entries.push_back(entry);
        }
    }
    return entries;
}

} // namespace

std::string_view action_name(LifeAction action)
{
    return word_for(kActionWords, static_cast<unsigned>(std::to_underlying(action)));
}

std::string_view engine_name(EngineChoice engine)
{
    return word_for(kEngineWords, static_cast<unsigned>(std::to_underlying(engine)));
}

base::Error at_key(const DomainConfig& config, std::string_view key, const base::Error& error)
{
    const auto place = std::ranges::find(config.places, key, &std::pair<std::string, Location>::first);
    return place == config.places.end() ? error : base::Error{render(place->second, error.message())};
}

nlohmann::ordered_json to_json(const DomainConfig& config)
{
    auto object = nlohmann::ordered_json::object();
    for (const auto& [key, value] : listed(config)) {
        object[valid_utf8(key)] = to_json(without_secrets(key, value)); // a saved state may name any key
    }
    return object;
}

} // namespace windsor::config
