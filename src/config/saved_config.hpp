// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's configuration as evaluated, in a saved state.
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"

namespace windsor::config {

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

template <typename Archive> void describe(Archive& archive, GraphicsConfig& graphics)
{
    archive.choice("vnc", graphics.vnc, Switch::On);
    archive.field("display", graphics.display);
    archive.choice("unused", graphics.unused, Switch::On);
    archive.field("listen", graphics.listen);
    archive.field("password", graphics.password);
    archive.field("keymap", graphics.keymap);
    archive.choice("viewer", graphics.viewer, Switch::On);
    archive.choice("sdl", graphics.sdl, Switch::On);
}

template <typename Archive> void describe(Archive& archive, CpuidBit& bit)
{
    archive.field("leaf", bit.leaf);
    archive.field("subleaf", bit.subleaf);
    archive.field("reg", bit.reg);
    archive.field("bit", bit.bit);
    archive.field("value", bit.value);
}

// The engine is none of the guest's business and may be another where it is restored. A saved state may be a
// stranger's: it can ask for translated code to be verified, but not for it to run unverified where that is not usual.
template <typename Archive> void describe(Archive& archive, DomainConfig& config)
{
    archive.field("name", config.name);
    archive.field("uuid", config.uuid);
    archive.field("memory_mb", config.memory_mb);
    archive.field("maxmem_mb", config.maxmem_mb);
    archive.field("vcpus", config.vcpus);
    archive.field("max_vcpus", config.max_vcpus);
    archive.field("boot", config.boot);
    archive.field("disks", config.disks);
    archive.field("vifs", config.vifs);
    archive.field("graphics", config.graphics);
    archive.choice("serial", config.serial, SerialKind::Pty);
    archive.choice("acpi", config.acpi, Switch::On);
    archive.choice("apic", config.apic, Switch::On);
    archive.choice("pae", config.pae, Switch::On);
    archive.choice("msr_relaxed", config.msr_relaxed, Switch::On);
    archive.field("cpuid", config.cpuid);
    archive.choice("localtime", config.localtime, Switch::On);
    archive.field("rtc_timeoffset", config.rtc_timeoffset);
    archive.choice("timer_mode", config.timer_mode, TimerMode::CollapseMissed);
    archive.choice("on_poweroff", config.on_poweroff, LifeAction::RenameRestart);
    archive.choice("on_reboot", config.on_reboot, LifeAction::RenameRestart);
    archive.choice("on_crash", config.on_crash, LifeAction::RenameRestart);
    bool verified = config.verify == Switch::On;
    archive.optional("verify", verified);
    config.verify = verified ? Switch::On : config.verify;
    bool stays = config.nomigrate == Switch::On;
    archive.optional("nomigrate", stays);
    config.nomigrate = stays ? Switch::On : config.nomigrate;
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
