// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's configuration as evaluated, in a saved state.
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "config/keys.hpp"
#include "state/archive.hpp"

namespace windsor::config {

// The version of the domain's record in a saved state, of which a configuration is the largest part. A key that comes
// new to it raises the version, and its row says `.saved = {.since = …}`.
constexpr std::uint32_t kDomainRecordVersion = 3;

// The keys as evaluated are JSON there; where they stood in the file is not kept.
struct SavedConfig {
    struct Key {
        std::string name{};
        std::string json{};
    };

    DomainConfig config{};
    std::vector<Key> evaluated{};
};

SavedConfig save(const DomainConfig& config);
// Fails if it is no configuration that Windsor could have saved.
base::Result<DomainConfig> restore(SavedConfig saved);

template <typename Archive> void describe(Archive& archive, DriveTexts& told)
{
    archive.field("model", told.model);
    archive.field("firmware", told.firmware);
    archive.field("serial", told.serial);
}

template <typename Archive> void describe(Archive& archive, DiskConfig& disk)
{
    archive.field("path", disk.path);
    archive.choice("backend", disk.backend, DiskBackend::Physical);
    archive.choice("format", disk.format, DiskFormat::Raw);
    archive.field("vdev", disk.vdev);
    archive.choice("kind", disk.kind, DiskKind::Cdrom);
    archive.choice("access", disk.access, DiskAccess::SharedWrite);
    archive.field("script", disk.script);
    archive.field("size", disk.size);
    archive.field("text", disk.text);
    // Without them a drive tells what it told in the first versions of Windsor.
    if (archive.is_of(3)) {
        archive.field("told", disk.told);
    }
}

template <typename Archive> void describe(Archive& archive, VifConfig& vif)
{
    archive.field("mac", vif.mac);
    archive.field("bridge", vif.bridge);
    archive.field("model", vif.model);
    archive.field("type", vif.type);
    archive.field("ip", vif.ip);
    archive.field("script", vif.script);
    archive.field("vifname", vif.vifname);
    archive.field("rate", vif.rate);
    archive.field("backend", vif.backend);
    archive.field("text", vif.text);
}

template <typename Archive> void describe(Archive& archive, CpuidBit& bit)
{
    archive.field("leaf", bit.leaf);
    archive.field("subleaf", bit.subleaf);
    archive.field("reg", bit.reg);
    archive.field("bit", bit.bit);
    archive.field("value", bit.value);
}

inline std::string_view saved_name(const KeyInfo& key)
{
    return key.saved.name.empty() ? key.name : key.saved.name;
}

// The keys that are saved, in the order of their fields; null: the group of those whose members are in GraphicsConfig.
std::span<const KeyInfo* const> saved_keys();
std::span<const KeyInfo* const> saved_graphics_keys();

// A key's member, one function for each type.
template <typename Archive> class MemberArchiver {
public:
    MemberArchiver(Archive& archive, const KeyInfo& key, DomainConfig& config)
        : archive_{archive}, key_{key}, config_{config}, name_{saved_name(key)}
    {
    }

    // In records that are older than the key, the member stays what it is in a fresh DomainConfig.
    void run()
    {
        if (archive_.is_of(key_.saved.since)) {
            std::visit(*this, key_.member);
        }
    }

    void operator()(std::monostate) {}
    template <typename T> void operator()(const Field<T>& field) { archive_.field(name_, field.in(config_)); }
    void operator()(const Field<Switch>& field)
    {
        Switch& member = field.in(config_);
        if (key_.saved.as != SavedAs::OnlyIfOn) {
            archive_.choice(name_, member, Switch::On);
            return;
        }
        bool on = member == Switch::On;
        archive_.optional(name_, on);
        member = on ? Switch::On : member;
    }
    void operator()(const Choice& choice)
    {
        auto value = static_cast<Value>(choice.get(config_).value_or(0));
        archive_.choice(name_, value, static_cast<Value>(last_value(choice.words)));
        choice.set(config_, std::to_underlying(value));
    }

private:
    enum class Value : unsigned {};

    Archive& archive_;
    const KeyInfo& key_;
    DomainConfig& config_;
    std::string_view name_;
};

// The group of fields that GraphicsConfig is in a saved state.
struct SavedGraphics {
    DomainConfig& config;
};

template <typename Archive> void describe(Archive& archive, SavedGraphics& graphics)
{
    for (const KeyInfo* key : saved_graphics_keys()) {
        MemberArchiver{archive, *key, graphics.config}.run();
    }
}

// The first version of the record had one serial port, with a terminal or without.
template <typename Archive> void describe_one_serial_port(Archive& archive, DomainConfig& config)
{
    enum class Kind : unsigned { Nobody, Terminal };
    Kind kind = Kind::Nobody;
    archive.choice("serial", kind, Kind::Terminal);
    config.serial = kind == Kind::Terminal ? std::vector<std::string>{"pty"} : std::vector<std::string>{};
}

template <typename Archive> void describe(Archive& archive, DomainConfig& config)
{
    if (!archive.is_of(2)) {
        describe_one_serial_port(archive, config);
    }
    for (const KeyInfo* key : saved_keys()) {
        if (key != nullptr) {
            MemberArchiver{archive, *key, config}.run();
        } else {
            SavedGraphics graphics{config};
            archive.field("graphics", graphics);
        }
    }
    // Without them the guest is told what the first versions of Windsor told it.
    if (archive.is_of(3)) {
        archive.field("smbios_texts", config.smbios_texts);
        archive.field("smbios_structures", config.smbios_structures);
        archive.field("acpi_tables", config.acpi_tables);
    }
}

template <typename Archive> void describe(Archive& archive, SavedConfig::Key& key)
{
    archive.field("name", key.name);
    archive.field("json", key.json);
}

template <typename Archive> void describe(Archive& archive, SavedConfig& saved)
{
    archive.field("config", saved.config);
    archive.field("evaluated", saved.evaluated);
}

} // namespace windsor::config

// Of the parts alone, as tests pack them.
template <> inline constexpr std::uint32_t windsor::state::kVersion<windsor::config::SavedConfig> =
    windsor::config::kDomainRecordVersion;
template <> inline constexpr std::uint32_t windsor::state::kVersion<windsor::config::DomainConfig> =
    windsor::config::kDomainRecordVersion;
