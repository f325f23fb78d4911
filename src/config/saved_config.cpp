// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/saved_config.hpp"

#include "base/json_bounds.hpp"
#include "config/serial_key.hpp"
#include "config/smbios_key.hpp"
#include "display/key_script.hpp"

#include <algorithm>
#include <concepts>
#include <tuple>
#include <utility>

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

// The order of the fields in the first version of the record; those of later ones follow. Whoever reads finds them by
// their names. But fingerprints of running domains are of these bytes (domain/saved_domain.hpp), so the order stays.
using Order = std::span<const std::string_view>;
constexpr std::string_view kGraphics = "graphics";
constexpr std::string_view kOrder[] = {
    "name",           "uuid",       "memory_mb",   "maxmem_mb", "vcpus",    "max_vcpus",   "boot",     "disks",
    "vifs",           kGraphics,    "acpi",        "apic",      "pae",      "msr_relaxed", "cpuid",    "localtime",
    "rtc_timeoffset", "timer_mode", "on_poweroff", "on_reboot", "on_crash", "verify",      "nomigrate"};
constexpr std::string_view kGraphicsOrder[] = {"vnc",      "display", "unused", "listen",
                                               "password", "keymap",  "viewer", "sdl"};

std::size_t place_in(Order order, std::string_view field)
{
    return static_cast<std::size_t>(std::ranges::find(order, field) - order.begin());
}

enum class Owner { Domain, Graphics };

struct OwnerOf {
    template <typename T> Owner operator()(const Field<T>& field) const
    {
        return field.in_graphics() ? Owner::Graphics : Owner::Domain;
    }
    Owner operator()(const auto&) const { return Owner::Domain; }
};

bool is_saved(const KeyInfo& key)
{
    return !std::holds_alternative<std::monostate>(key.member) && key.saved.as != SavedAs::Never;
}

using Keys = std::vector<const KeyInfo*>;

// By version, then by the order of the first one, then by name.
Keys saved_rows(Owner owner, Order order)
{
    Keys keys;
    for (const KeyInfo& key : all_keys()) {
        if (is_saved(key) && std::visit(OwnerOf{}, key.member) == owner) {
            keys.push_back(&key);
        }
    }
    std::ranges::sort(keys, {}, [&](const KeyInfo* key) {
        return std::tuple{key->saved.since, place_in(order, saved_name(*key)), key->name};
    });
    return keys;
}

// Whether a number is one that the key's row allows; other members are not looked at.
struct InRange {
    const KeyInfo& key;
    const DomainConfig& config;

    template <std::integral T> bool operator()(const Field<T>& field) const { return allows(field.in(config)); }
    bool operator()(const Field<std::optional<int>>& field) const
    {
        return !field.in(config) || allows(*field.in(config));
    }
    bool operator()(const auto&) const { return true; }

    template <std::integral T> bool allows(T number) const
    {
        return std::cmp_greater_equal(number, key.least) && std::cmp_less_equal(number, key.most);
    }
};

bool sensible(const DomainConfig& config)
{
    const auto is_drive = [](const DiskConfig& disk) {
        const bool floppy = is_floppy(disk);
        return disk.vdev.size() == 3 && (floppy || disk.vdev.starts_with("hd")) && disk.vdev[2] >= 'a' &&
               disk.vdev[2] <= (floppy ? 'b' : 'd') &&
               (disk.kind == DiskKind::Cdrom ? !floppy : floppy || !disk.path.empty());
    };
    const auto tells_sense = [](const DiskConfig& disk) { return is_sensible(disk.told); };
    const auto is_bit = [](const CpuidBit& bit) { return bit.reg < 4 && bit.bit < 32; };
    const auto is_usb = [](const std::string& name) {
        return std::ranges::find(kUsbDevices, name) != kUsbDevices.end();
    };
    const bool usb_fits = config.usb_devices.size() <= (config.usb == Switch::On ? kUsbPorts : 0);
    const bool sound_fits = config.sound_card.empty() || config.sound_card == kSoundCard;
    const auto in_range = [&](const KeyInfo& key) { return std::visit(InRange{key, config}, key.member); };
    return serial_ends(config).has_value() && std::ranges::all_of(all_keys(), in_range) &&
           config.vcpus <= config.max_vcpus && usb_fits && sound_fits &&
           std::ranges::all_of(config.usb_devices, is_usb) && std::ranges::all_of(config.disks, is_drive) &&
           std::ranges::all_of(config.cpuid, is_bit) && std::ranges::all_of(config.disks, tells_sense) &&
           has_sensible_texts(config) && display::parse_key_script(config.shutdown_keys).has_value();
}

} // namespace

std::span<const KeyInfo* const> saved_keys()
{
    static const Keys kSaved = [] {
        Keys keys = saved_rows(Owner::Domain, kOrder);
        keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(place_in(kOrder, kGraphics)), nullptr);
        return keys;
    }();
    return kSaved;
}

std::span<const KeyInfo* const> saved_graphics_keys()
{
    static const Keys kSaved = saved_rows(Owner::Graphics, kGraphicsOrder);
    return kSaved;
}

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
    config.evaluated.clear(); // of one that has never been in a file
    for (const SavedConfig::Key& key : saved.evaluated) {
        config.evaluated.emplace_back(key.name, from_json(base::parse_json<Json>(key.json, {.depth = kDeepest}), 0));
    }
    return config;
}

} // namespace windsor::config
