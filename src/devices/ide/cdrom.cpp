// SPDX-License-Identifier: GPL-2.0-or-later
// The packet protocol: ATA/ATAPI-7 volume 1, 6.24 and volume 2, 9.8 and 9.9.
#include "devices/ide/cdrom.hpp"

#include "devices/ide/identify.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr std::uint32_t kPieceBlocks = 64;
constexpr std::uint32_t kMostBlockBytes = 0xFFFE;
constexpr std::array<std::uint8_t, 2> kDefaultErrorRecovery{0x00, 0x05}; // five retries

} // namespace

CdRom::CdRom(Config config) : Drive{config.name}, config_{std::move(config)}, media_{std::move(config_.media)}
{
    reset(ResetKind::Hardware);
}

CdRom::State CdRom::state() const
{
    return {.common = common_,
            .expecting = expecting_,
            .in_packet = in_packet_,
            .dma = dma_,
            .limit = limit_,
            .packet = packet_,
            .reading = reading_,
            .sense = sense_,
            .reset_attention = reset_attention_,
            .medium_attention = medium_attention_,
            .event = event_,
            .tray_open = tray_open_,
            .locked = locked_,
            .error_recovery = error_recovery_};
}

void CdRom::load(const State& state)
{
    load_common(state.common);
    expecting_ = state.expecting;
    in_packet_ = state.in_packet;
    dma_ = state.dma;
    limit_ = std::max<std::uint32_t>(state.limit & kMostBlockBytes, 2);
    packet_ = state.packet;
    reading_ = state.reading;
    sense_ = state.sense;
    reset_attention_ = state.reset_attention;
    medium_attention_ = state.medium_attention;
    event_ = state.event;
    tray_open_ = state.tray_open;
    locked_ = state.locked;
    error_recovery_ = state.error_recovery;
}

std::uint32_t CdRom::blocks() const
{
    return media_ == nullptr
               ? 0
               : static_cast<std::uint32_t>(std::min<std::uint64_t>(media_->size_bytes() / kCdBlockBytes, 0x7FFFFFFF));
}

base::Status CdRom::refuse_locked()
{
    event_ = MediaEvent::EjectRequest;
    return base::fail("{}: the guest has locked the tray; unmount the disc in the guest, or force it out", name());
}

base::Status CdRom::insert(std::shared_ptr<backend::BlockMedia> media, TrayForce force)
{
    if (locked_ && has_medium() && force == TrayForce::Ask) {
        return refuse_locked();
    }
    media_ = std::move(media);
    tray_open_ = false;
    medium_changed();
    return {};
}

base::Status CdRom::eject(TrayForce force)
{
    if (locked_ && has_medium() && force == TrayForce::Ask) {
        return refuse_locked();
    }
    if (media_ != nullptr) {
        media_.reset();
        locked_ = false;
        medium_changed();
    }
    return {};
}

void CdRom::medium_changed()
{
    event_ = has_medium() ? MediaEvent::NewMedia : MediaEvent::MediaRemoval;
    medium_attention_ = has_medium();
}

void CdRom::set_signature()
{
    common_.sector_count.set(1);
    common_.lba_low.set(1);
    common_.lba_mid.set(kPacketSignatureMid);
    common_.lba_high.set(kPacketSignatureHigh);
    common_.status = 0; // DRDY stays clear until the first packet (ATA/ATAPI-7 volume 1, 5.14)
}

void CdRom::on_reset(ResetKind kind)
{
    expecting_ = Expecting::Nothing;
    in_packet_ = false;
    reading_ = {};
    sense_ = sense::kNone;
    if (kind != ResetKind::Software) {
        locked_ = false;
    }
    if (kind == ResetKind::Hardware) {
        reset_attention_ = true;
        medium_attention_ = false;
        error_recovery_ = kDefaultErrorRecovery;
    }
}

void CdRom::execute(std::uint8_t code)
{
    in_packet_ = false;
    const auto command = static_cast<Command>(code);
    switch (command) {
    case Command::Packet:
        begin_packet();
        return;
    case Command::IdentifyPacketDevice:
        identify();
        return;
    case Command::DeviceReset:
        reset(ResetKind::Device);
        return;
    case Command::SetFeatures:
        set_features();
        return;
    case Command::IdentifyDevice:
    case Command::ReadSectors:
        // Tells software that looks for hard disks what it has found (ATA/ATAPI-7 volume 1, 6.16.5.2).
        set_signature();
        abort_command();
        return;
    default:
        if (!execute_power(command)) {
            abort_command();
        }
        return;
    }
}

void CdRom::identify()
{
    IdentifyWords words;
    words.set(0, 0x85C0); // ATAPI CD-ROM, removable, DRQ within 50 us, 12-byte packets
    words.set_common(common_, config_.serial, config_.firmware, config_.model);
    words.set(49, 0x0F00); // DMA, LBA, IORDY
    words.set(71, 30);     // microseconds from PACKET to bus release, and from SERVICE to BSY
    words.set(72, 30);
    words.set(82, 0x4218); // NOP, DEVICE RESET, PACKET, power management
    words.set(83, 0x4000);
    words.set(84, 0x4000);
    words.set(85, 0x4218);
    words.set(86, 0x0000);
    words.set(87, 0x4000);
    common_.buffer = words.bytes();
    common_.position = 0;
    begin_block(Phase::PioIn, common_.buffer.size(), true);
}

void CdRom::set_features()
{
    switch (static_cast<Feature>(common_.features.now)) {
    case Feature::SetTransferMode:
        if (set_transfer_mode(common_.sector_count.now)) {
            finish();
            return;
        }
        break;
    case Feature::KeepSettings:
    case Feature::RevertToDefaults:
        finish();
        return;
    default:
        break;
    }
    abort_command();
}

void CdRom::begin_packet()
{
    if ((common_.features.now & kPacketOverlap) != 0) {
        abort_command();
        return;
    }
    common_.power = PowerMode::Active;
    in_packet_ = true;
    dma_ = (common_.features.now & kPacketDma) != 0;
    const std::uint32_t count = common_.lba_mid.now | std::uint32_t{common_.lba_high.now} << 8;
    limit_ = count == 0 ? kMostBlockBytes : std::max<std::uint32_t>(count & kMostBlockBytes, 2);
    reading_ = {};
    expecting_ = Expecting::Packet;
    common_.sector_count.set(reason::kCommand);
    common_.buffer.assign(kPacketBytes, 0);
    common_.position = 0;
    begin_block(Phase::PioOut, kPacketBytes, false);
}

void CdRom::run_packet()
{
    std::copy_n(common_.buffer.begin(), kPacketBytes, packet_.begin());
    expecting_ = Expecting::Nothing;
    common_.buffer.clear();
    set_busy();
    const Handler* const handler = find_handler(packet_[0]);
    if (handler == nullptr) {
        check(sense::kInvalidCommand);
        return;
    }
    if (!handler->ignores_attention) {
        if (std::exchange(reset_attention_, false)) {
            check(sense::kPowerOn);
            return;
        }
        if (std::exchange(medium_attention_, false)) {
            check(sense::kMediumChanged);
            return;
        }
    }
    if (handler->code != Packet::RequestSense) {
        sense_ = sense::kNone;
    }
    if (handler->needs_medium && !has_medium()) {
        check(tray_open_ ? sense::kNoMediumTrayOpen : sense::kNoMedium);
        return;
    }
    (this->*handler->run)();
}

void CdRom::complete()
{
    in_packet_ = false;
    common_.sector_count.set(reason::kCommand | reason::kToHost);
    finish();
}

void CdRom::check(Sense sense)
{
    in_packet_ = false;
    reading_ = {};
    sense_ = sense;
    common_.buffer.clear();
    common_.sector_count.set(reason::kCommand | reason::kToHost);
    fail(static_cast<std::uint8_t>(static_cast<unsigned>(sense.key) << 4 | error::kAbrt));
}

void CdRom::reply(std::vector<std::uint8_t> data, std::size_t allocation)
{
    if (data.size() > allocation) {
        data.resize(allocation);
    }
    if (data.empty()) {
        complete();
        return;
    }
    common_.buffer = std::move(data);
    common_.position = 0;
    if (dma_) {
        common_.sector_count.set(reason::kToHost);
        begin_dma(DmaDirection::ToMemory);
    } else {
        begin_chunk(Phase::PioIn);
    }
}

void CdRom::take_parameters(std::size_t bytes)
{
    if (bytes == 0) {
        complete();
        return;
    }
    expecting_ = Expecting::Parameters;
    common_.buffer.assign(bytes, 0);
    common_.position = 0;
    if (dma_) {
        common_.sector_count.set(0);
        begin_dma(DmaDirection::FromMemory);
    } else {
        begin_chunk(Phase::PioOut);
    }
}

void CdRom::begin_chunk(Phase direction)
{
    const std::size_t left = common_.buffer.size() - common_.position;
    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(limit_, left));
    common_.lba_mid.set(static_cast<std::uint8_t>(bytes));
    common_.lba_high.set(static_cast<std::uint8_t>(bytes >> 8));
    common_.sector_count.set(direction == Phase::PioIn ? reason::kToHost : std::uint8_t{0});
    begin_block(direction, bytes, true);
}

void CdRom::block_moved()
{
    if (!in_packet_) { // the end of IDENTIFY PACKET DEVICE
        common_.phase = Phase::Idle;
        common_.status = status::kDrdy | status::kDsc;
    } else if (common_.position < common_.buffer.size()) {
        begin_chunk(common_.phase);
    } else if (expecting_ == Expecting::Packet) {
        run_packet();
    } else if (expecting_ == Expecting::Parameters) {
        apply_parameters();
    } else {
        dma_moved();
    }
}

void CdRom::dma_moved()
{
    if (expecting_ == Expecting::Parameters) {
        apply_parameters();
    } else if (reading_.remaining != 0) {
        next_piece();
    } else {
        complete();
    }
}

void CdRom::read_blocks(std::uint32_t lba, std::uint32_t count, SectorParts parts)
{
    const std::uint32_t size = blocks();
    if (lba >= size ? count != 0 || lba > size : count > size - lba) {
        check(sense::kOutOfRange);
    } else if (count == 0 || parts.bytes() == 0) {
        complete();
    } else {
        reading_ = {.lba = lba, .remaining = count, .parts = parts};
        next_piece();
    }
}

void CdRom::next_piece()
{
    const std::uint32_t count = std::min(reading_.remaining, kPieceBlocks);
    if (!has_medium() || reading_.lba + count > blocks()) { // the disc was changed between two pieces
        check(sense::kNoMedium);
        return;
    }
    media_read(media_, std::uint64_t{reading_.lba} * kCdBlockBytes, std::size_t{count} * kCdBlockBytes);
}

void CdRom::media_done(const base::Status& result)
{
    if (!result) {
        report_fault(false, std::uint64_t{reading_.lba} * kCdBlockBytes, result.error());
        check(sense::kUnrecoveredRead);
        return;
    }
    const auto count = static_cast<std::uint32_t>(common_.buffer.size() / kCdBlockBytes);
    std::vector<std::uint8_t> data = reading_.parts.bytes() == kCdBlockBytes && reading_.parts.user
                                         ? std::move(common_.buffer)
                                         : encode_sectors(common_.buffer, reading_.lba, reading_.parts);
    reading_.lba += count;
    reading_.remaining -= count;
    const std::size_t bytes = data.size();
    reply(std::move(data), bytes);
}

} // namespace windsor::devices::ide
