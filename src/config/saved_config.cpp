// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/saved_config.hpp"

#include "base/json_bounds.hpp"

#include <algorithm>

namespace windsor::config {

namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kDeepest = 32;

Value from_json(const Json& json, unsigned depth)
{
    if (depth > kDeepest) {
        return {};
    }
    if (json.is_boolean()) {
        return json.get<bool>();
    }
    if (json.is_number_integer()) {
        return json.get<std::int64_t>();
    }
    if (json.is_number_float()) {
        return json.get<double>();
    }
    if (json.is_string()) {
        return json.get<std::string>();
    }
    if (json.is_array()) {
        Value::List items;
        for (const Json& item : json) {
            items.push_back(from_json(item, depth + 1));
        }
        return items;
    }
    if (json.is_object()) {
        Value::Dict items;
        for (const auto& [key, item] : json.items()) {
            items.emplace_back(key, from_json(item, depth + 1));
        }
        return items;
    }
    return {};
}

bool sensible(const DomainConfig& config)
{
    const auto is_drive = [](const DiskConfig& disk) {
        return disk.vdev.size() == 3 && disk.vdev.starts_with("hd") && disk.vdev[2] >= 'a' && disk.vdev[2] <= 'd' &&
               (disk.kind == DiskKind::Cdrom || !disk.path.empty());
    };
    const auto is_bit = [](const CpuidBit& bit) { return bit.reg < 4 && bit.bit < 32; };
    const int display = config.graphics.display.value_or(0);
    return config.memory_mb != 0 && config.memory_mb <= std::uint64_t{kMostMemory} && config.vcpus >= 1 &&
           config.vcpus <= config.max_vcpus && config.max_vcpus <= kMostVcpus && display >= 0 &&
           display <= kLastVncDisplay && std::ranges::all_of(config.disks, is_drive) &&
           std::ranges::all_of(config.cpuid, is_bit);
}

} // namespace

SavedConfig save(const DomainConfig& config)
{
    SavedConfig saved{.config = config, .evaluated = {}};
    for (const auto& [name, value] : config.evaluated) {
        saved.evaluated.push_back({name, to_json(value).dump()});
    }
    return saved;
}

base::Result<DomainConfig> restore(SavedConfig saved)
{
    if (!sensible(saved.config)) {
        return base::fail("the saved state is damaged: no domain can have the configuration that it holds");
    }
    DomainConfig config = std::move(saved.config);
    for (const SavedConfig::Key& key : saved.evaluated) {
        config.evaluated.emplace_back(key.name, from_json(base::parse_json<Json>(key.json, {.depth = kDeepest}), 0));
    }
    return config;
}

} // namespace windsor::config
