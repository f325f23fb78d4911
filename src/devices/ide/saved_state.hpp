// SPDX-License-Identifier: GPL-2.0-or-later
// Channels and drives in a saved state. Nothing of it is asked for while a medium works.
#pragma once

#include "devices/ide/cdrom.hpp"
#include "devices/ide/channel.hpp"
#include "devices/ide/hard_disk.hpp"

namespace windsor::devices::ide {

template <typename Archive> void describe(Archive& archive, BusMaster::State& bus_master)
{
    archive.field("command", bus_master.command);
    archive.field("status", bus_master.status);
    archive.field("table", bus_master.table);
    archive.field("next_descriptor", bus_master.next_descriptor);
    archive.field("address", bus_master.address);
    archive.field("bytes", bus_master.bytes);
    archive.field("last", bus_master.last);
}

template <typename Archive> void describe(Archive& archive, Channel::State& channel)
{
    archive.field("control", channel.control);
    archive.field("selected", channel.selected);
}

template <typename Archive> void describe(Archive& archive, Drive::TwoDeep& register_pair)
{
    archive.field("now", register_pair.now);
    archive.field("previous", register_pair.previous);
}

template <typename Archive> void describe(Archive& archive, Drive::Common& drive)
{
    archive.field("features", drive.features);
    archive.field("sector_count", drive.sector_count);
    archive.field("lba_low", drive.lba_low);
    archive.field("lba_mid", drive.lba_mid);
    archive.field("lba_high", drive.lba_high);
    archive.field("device", drive.device);
    archive.field("error", drive.error);
    archive.field("status", drive.status);
    archive.field("interrupt", drive.interrupt);
    archive.choice("phase", drive.phase, Drive::Phase::DmaOut);
    archive.field("asleep", drive.asleep);
    archive.choice("power", drive.power, PowerMode::Active);
    archive.field("pio_mode", drive.pio_mode);
    archive.field("multiword_mode", drive.multiword_mode);
    archive.field("ultra_mode", drive.ultra_mode);
    archive.field("buffer", drive.buffer);
    archive.field("position", drive.position);
    archive.field("block_end", drive.block_end);
}

template <typename Archive> void describe(Archive& archive, HardDisk::Geometry& geometry)
{
    archive.field("heads", geometry.heads);
    archive.field("sectors", geometry.sectors);
}

template <typename Archive> void describe(Archive& archive, HardDisk::Transfer& transfer)
{
    archive.choice("operation", transfer.operation, HardDisk::Operation::Flush);
    archive.field("dma", transfer.dma);
    archive.field("extended", transfer.extended);
    archive.field("through", transfer.through);
    archive.field("lba", transfer.lba);
    archive.field("remaining", transfer.remaining);
    archive.field("block", transfer.block);
}

template <typename Archive> void describe(Archive& archive, HardDisk::State& disk)
{
    archive.field("common", disk.common);
    archive.field("geometry", disk.geometry);
    archive.field("multiple", disk.multiple);
    archive.field("write_cache", disk.write_cache);
    archive.field("read_ahead", disk.read_ahead);
    archive.field("smart", disk.smart);
    archive.field("transfer", disk.transfer);
}

template <typename Archive> void describe(Archive& archive, SectorParts& parts)
{
    archive.field("sync", parts.sync);
    archive.field("header", parts.header);
    archive.field("user", parts.user);
    archive.field("check", parts.check);
}

template <typename Archive> void describe(Archive& archive, CdRom::Reading& reading)
{
    archive.field("lba", reading.lba);
    archive.field("remaining", reading.remaining);
    archive.field("parts", reading.parts);
}

template <typename Archive> void describe(Archive& archive, Sense& sense)
{
    archive.choice("key", sense.key, SenseKey::UnitAttention);
    archive.field("code", sense.code);
    archive.field("qualifier", sense.qualifier);
}

template <typename Archive> void describe(Archive& archive, CdRom::State& cdrom)
{
    archive.field("common", cdrom.common);
    archive.choice("expecting", cdrom.expecting, CdRom::Expecting::Parameters);
    archive.field("in_packet", cdrom.in_packet);
    archive.field("dma", cdrom.dma);
    archive.field("limit", cdrom.limit);
    archive.field("packet", cdrom.packet);
    archive.field("reading", cdrom.reading);
    archive.field("sense", cdrom.sense);
    archive.field("reset_attention", cdrom.reset_attention);
    archive.field("medium_attention", cdrom.medium_attention);
    archive.choice("event", cdrom.event, CdRom::MediaEvent::MediaRemoval);
    archive.field("tray_open", cdrom.tray_open);
    archive.field("locked", cdrom.locked);
    archive.field("error_recovery", cdrom.error_recovery);
}

} // namespace windsor::devices::ide
