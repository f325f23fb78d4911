// SPDX-License-Identifier: GPL-2.0-or-later
// Transfers between the medium and the host. Long ones go in pieces, each one request to the medium.
#include "devices/ide/hard_disk.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr std::uint32_t kPieceSectors = 256;
constexpr HardDisk::Geometry kDefaultGeometry{.heads = 16, .sectors = 63};
constexpr std::uint64_t kLba48Limit = std::uint64_t{1} << 48;

std::uint8_t byte(std::uint64_t value, unsigned index)
{
    return static_cast<std::uint8_t>(value >> (8 * index));
}

} // namespace

HardDisk::HardDisk(Config config)
    : Drive{config.name}, config_{std::move(config)},
      sectors_{std::min(config_.media->size_bytes() / kSectorBytes, kLba48Limit)}
{
    reset(ResetKind::Hardware);
}

HardDisk::State HardDisk::state() const
{
    return {.common = common_,
            .geometry = geometry_,
            .multiple = multiple_,
            .write_cache = write_cache_,
            .read_ahead = read_ahead_,
            .smart = smart_,
            .transfer = transfer_};
}

void HardDisk::load(const State& state)
{
    load_common(state.common);
    const bool possible = state.geometry.heads != 0 && state.geometry.sectors != 0;
    geometry_ = possible ? state.geometry : kDefaultGeometry;
    multiple_ = std::min(state.multiple, kMaxMultiple);
    write_cache_ = state.write_cache;
    read_ahead_ = state.read_ahead;
    smart_ = state.smart;
    transfer_ = state.transfer;
    transfer_.block = std::clamp<std::uint32_t>(transfer_.block, 1, kMaxMultiple);
}

void HardDisk::set_signature()
{
    common_.sector_count.set(1);
    common_.lba_low.set(1);
    common_.lba_mid.set(0);
    common_.lba_high.set(0);
    common_.status = status::kDrdy | status::kDsc;
}

void HardDisk::on_reset(ResetKind kind)
{
    transfer_ = {};
    if (kind == ResetKind::Hardware) {
        geometry_ = kDefaultGeometry;
        multiple_ = 0;
        write_cache_ = true;
        read_ahead_ = true;
        smart_ = true;
    }
}

void HardDisk::execute(std::uint8_t code)
{
    const auto command = static_cast<Command>(code);
    if (const auto kind = transfer_kind(command)) {
        common_.power = PowerMode::Active;
        start_transfer(*kind);
    } else if (!execute_power(command)) {
        execute_other(command);
    }
}

std::optional<HardDisk::TransferKind> HardDisk::transfer_kind(Command command)
{
    using enum Operation;
    switch (command) {
    case Command::ReadSectors:
    case Command::ReadSectorsNoRetry:
        return TransferKind{Read, false, false, false, false};
    case Command::ReadSectorsExt:
        return TransferKind{Read, false, true, false, false};
    case Command::ReadMultiple:
        return TransferKind{Read, false, false, true, false};
    case Command::ReadMultipleExt:
        return TransferKind{Read, false, true, true, false};
    case Command::ReadDma:
    case Command::ReadDmaNoRetry:
        return TransferKind{Read, true, false, false, false};
    case Command::ReadDmaExt:
        return TransferKind{Read, true, true, false, false};
    case Command::WriteSectors:
    case Command::WriteSectorsNoRetry:
    case Command::WriteVerify:
        return TransferKind{Write, false, false, false, false};
    case Command::WriteSectorsExt:
        return TransferKind{Write, false, true, false, false};
    case Command::WriteMultiple:
        return TransferKind{Write, false, false, true, false};
    case Command::WriteMultipleExt:
        return TransferKind{Write, false, true, true, false};
    case Command::WriteMultipleFuaExt:
        return TransferKind{Write, false, true, true, true};
    case Command::WriteDma:
    case Command::WriteDmaNoRetry:
        return TransferKind{Write, true, false, false, false};
    case Command::WriteDmaExt:
        return TransferKind{Write, true, true, false, false};
    case Command::WriteDmaFuaExt:
        return TransferKind{Write, true, true, false, true};
    case Command::ReadVerify:
    case Command::ReadVerifyNoRetry:
        return TransferKind{Verify, false, false, false, false};
    case Command::ReadVerifyExt:
        return TransferKind{Verify, false, true, false, false};
    default:
        return std::nullopt;
    }
}

std::uint32_t HardDisk::sectors_asked(bool extended) const
{
    if (extended) {
        const std::uint32_t count = common_.sector_count.now | std::uint32_t{common_.sector_count.previous} << 8;
        return count == 0 ? 65536 : count;
    }
    return common_.sector_count.now == 0 ? 256 : common_.sector_count.now;
}

// ATA/ATAPI-5 6.2 for cylinder, head and sector; none if they name no sector.
std::optional<std::uint64_t> HardDisk::address(bool extended) const
{
    const std::uint32_t low =
        common_.lba_low.now | std::uint32_t{common_.lba_mid.now} << 8 | std::uint32_t{common_.lba_high.now} << 16;
    if (extended) {
        const std::uint64_t high = common_.lba_low.previous | std::uint64_t{common_.lba_mid.previous} << 8 |
                                   std::uint64_t{common_.lba_high.previous} << 16;
        return high << 24 | low;
    }
    const std::uint32_t head = common_.device & device_bits::kHead;
    if ((common_.device & device_bits::kLba) != 0) {
        return std::uint64_t{head} << 24 | low;
    }
    const std::uint32_t sector = low & 0xFF;
    const std::uint32_t cylinder = low >> 8;
    if (sector == 0 || sector > geometry_.sectors || head >= geometry_.heads) {
        return std::nullopt;
    }
    return (std::uint64_t{cylinder} * geometry_.heads + head) * geometry_.sectors + sector - 1;
}

// Shows the host where a command ended, in the form in which it gave the address.
void HardDisk::store_address(std::uint64_t lba)
{
    auto head = static_cast<std::uint8_t>(common_.device & device_bits::kHead);
    if (transfer_.extended) {
        common_.lba_low = {byte(lba, 0), byte(lba, 3)};
        common_.lba_mid = {byte(lba, 1), byte(lba, 4)};
        common_.lba_high = {byte(lba, 2), byte(lba, 5)};
        return;
    }
    if ((common_.device & device_bits::kLba) != 0) {
        common_.lba_low.now = byte(lba, 0);
        head = static_cast<std::uint8_t>(byte(lba, 3) & device_bits::kHead);
        common_.lba_mid.now = byte(lba, 1);
        common_.lba_high.now = byte(lba, 2);
    } else {
        const std::uint64_t track = lba / geometry_.sectors;
        const std::uint64_t cylinder = track / geometry_.heads;
        common_.lba_low.now = static_cast<std::uint8_t>(lba % geometry_.sectors + 1);
        head = static_cast<std::uint8_t>(track % geometry_.heads);
        common_.lba_mid.now = byte(cylinder, 0);
        common_.lba_high.now = byte(cylinder, 1);
    }
    common_.device = static_cast<std::uint8_t>((common_.device & ~device_bits::kHead) | head);
}

void HardDisk::start_transfer(const TransferKind& kind)
{
    if (kind.multiple && multiple_ == 0) {
        abort_command();
        return;
    }
    if (kind.extended && (common_.device & device_bits::kLba) == 0) {
        abort_command();
        return;
    }
    const auto first = address(kind.extended);
    const std::uint32_t count = sectors_asked(kind.extended);
    if (!first || *first >= sectors_ || count > sectors_ - *first) {
        fail(error::kIdnf);
        return;
    }
    if (kind.operation == Operation::Write && config_.media->read_only()) {
        fail(error::kUnc | error::kAbrt); // bit 6 means write protected here
        return;
    }
    transfer_ = {.operation = kind.operation,
                 .dma = kind.dma,
                 .extended = kind.extended,
                 .through = kind.operation == Operation::Write && (kind.through || !write_cache_),
                 .lba = *first,
                 .remaining = count,
                 .block = kind.multiple ? multiple_ : 1U};
    next_piece();
}

std::uint32_t HardDisk::piece_sectors() const
{
    return std::min(transfer_.remaining, kPieceSectors);
}

void HardDisk::next_piece()
{
    const std::size_t bytes = std::size_t{piece_sectors()} * kSectorBytes;
    common_.position = 0;
    if (transfer_.operation != Operation::Write) {
        media_read(config_.media, transfer_.lba * kSectorBytes, bytes);
        return;
    }
    const bool first = common_.phase == Phase::Idle;
    common_.buffer.resize(bytes);
    if (transfer_.dma) {
        begin_dma(DmaDirection::FromMemory);
    } else {
        // The first block of a PIO write is asked for without an interrupt (ATA/ATAPI-7 volume 2, 9.7).
        begin_block(Phase::PioOut, transfer_.block * kSectorBytes, !first);
    }
}

void HardDisk::advance(std::uint32_t sectors)
{
    transfer_.lba += sectors;
    transfer_.remaining -= sectors;
}

void HardDisk::block_moved()
{
    const bool reading = common_.phase == Phase::PioIn;
    const bool more = common_.position < common_.buffer.size();
    if (more) {
        begin_block(common_.phase, transfer_.block * kSectorBytes, true);
    } else if (!reading) {
        media_write(config_.media, transfer_.lba * kSectorBytes);
    } else if (transfer_.operation == Operation::None) {
        // The end of IDENTIFY and the like.
        common_.phase = Phase::Idle;
        common_.status = status::kDrdy | status::kDsc;
    } else {
        advance(piece_sectors());
        if (transfer_.remaining != 0) {
            next_piece();
        } else {
            transfer_.operation = Operation::None;
            store_address(transfer_.lba - 1);
            common_.sector_count.set(0);
            common_.phase = Phase::Idle;
            common_.status = status::kDrdy | status::kDsc;
        }
    }
}

void HardDisk::dma_moved()
{
    if (transfer_.operation == Operation::Write) {
        media_write(config_.media, transfer_.lba * kSectorBytes);
        return;
    }
    advance(piece_sectors());
    if (transfer_.remaining != 0) {
        next_piece();
    } else {
        transfer_complete();
    }
}

void HardDisk::media_done(const base::Status& result)
{
    if (!result) {
        transfer_failed(result.error());
        return;
    }
    switch (transfer_.operation) {
    case Operation::Read:
        if (transfer_.dma) {
            begin_dma(DmaDirection::ToMemory);
        } else {
            begin_block(Phase::PioIn, transfer_.block * kSectorBytes, true);
        }
        break;
    case Operation::Write:
    case Operation::Verify:
        advance(piece_sectors());
        if (transfer_.remaining != 0) {
            next_piece();
        } else if (transfer_.through) {
            transfer_.operation = Operation::Flush;
            media_flush(config_.media);
        } else {
            transfer_complete();
        }
        break;
    case Operation::Flush:
        if (transfer_.through) {
            transfer_complete();
        } else {
            transfer_.operation = Operation::None;
            finish();
        }
        break;
    case Operation::None:
        break;
    }
}

void HardDisk::transfer_complete()
{
    transfer_.operation = Operation::None;
    store_address(transfer_.lba - 1);
    common_.sector_count.set(0);
    finish();
}

void HardDisk::transfer_failed(const base::Error& error)
{
    const Operation operation = std::exchange(transfer_.operation, Operation::None);
    const bool writing = operation == Operation::Write || operation == Operation::Flush;
    report_fault(writing, transfer_.lba * kSectorBytes, error);
    common_.buffer.clear();
    if (operation != Operation::Flush) {
        store_address(transfer_.lba);
    }
    // A device fault tells drivers that a write did not reach the medium for another reason than its address.
    fail(writing ? error::kAbrt : error::kUnc, writing ? status::kDf : std::uint8_t{0});
}

} // namespace windsor::devices::ide
