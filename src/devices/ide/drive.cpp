// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/drive.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace windsor::devices::ide {

Drive::~Drive()
{
    cancel_request();
}

std::uint8_t Drive::read_register(Register reg, bool high_order) const
{
    const auto pick = [high_order](const TwoDeep& value) { return high_order ? value.previous : value.now; };
    switch (reg) {
    case Register::ErrorFeatures:
        return common_.error;
    case Register::SectorCount:
        return pick(common_.sector_count);
    case Register::LbaLow:
        return pick(common_.lba_low);
    case Register::LbaMid:
        return pick(common_.lba_mid);
    case Register::LbaHigh:
        return pick(common_.lba_high);
    case Register::Device:
        return static_cast<std::uint8_t>(common_.device | 0xA0); // bits 7 and 5 read as one (ATA-5 7.6)
    case Register::StatusCommand:
        return common_.status;
    case Register::Data:
        break;
    }
    return 0xFF;
}

void Drive::write_register(Register reg, std::uint8_t value)
{
    switch (reg) {
    case Register::ErrorFeatures:
        common_.features.push(value);
        break;
    case Register::SectorCount:
        common_.sector_count.push(value);
        break;
    case Register::LbaLow:
        common_.lba_low.push(value);
        break;
    case Register::LbaMid:
        common_.lba_mid.push(value);
        break;
    case Register::LbaHigh:
        common_.lba_high.push(value);
        break;
    case Register::Device:
        common_.device = value;
        break;
    case Register::Data:
    case Register::StatusCommand:
        break;
    }
}

void Drive::write_command(std::uint8_t command)
{
    set_interrupt(false);
    const bool is_reset = has_device_reset() && command == static_cast<std::uint8_t>(Command::DeviceReset);
    if (!is_reset && ((common_.status & (status::kBsy | status::kDrq)) != 0 || common_.asleep)) {
        return;
    }
    common_.error = 0;
    execute(command);
}

std::uint16_t Drive::read_data()
{
    if (common_.phase != Phase::PioIn) {
        return 0xFFFF;
    }
    const std::size_t at = common_.position;
    unsigned value = common_.buffer[at];
    if (at + 1 < common_.block_end) {
        value |= static_cast<unsigned>(common_.buffer[at + 1]) << 8;
    }
    moved(2);
    return static_cast<std::uint16_t>(value);
}

void Drive::write_data(std::uint16_t value)
{
    if (common_.phase != Phase::PioOut) {
        return;
    }
    const std::size_t at = common_.position;
    common_.buffer[at] = static_cast<std::uint8_t>(value);
    if (at + 1 < common_.block_end) {
        common_.buffer[at + 1] = static_cast<std::uint8_t>(value >> 8);
    }
    moved(2);
}

void Drive::moved(std::size_t bytes)
{
    common_.position = std::min(common_.position + bytes, common_.block_end);
    if (common_.position == common_.block_end) {
        block_moved();
    }
}

std::size_t Drive::words_left(Phase direction) const
{
    return common_.phase == direction ? (common_.block_end - common_.position) & ~std::size_t{1} : 0;
}

// Word by word where a block has ended, or ends with half a word.
void Drive::read_data_run(std::span<std::uint8_t> into)
{
    while (into.size() >= 2) {
        std::size_t count = std::min(into.size(), words_left(Phase::PioIn));
        if (count != 0) {
            std::memcpy(into.data(), common_.buffer.data() + common_.position, count);
            moved(count);
        } else {
            const std::uint16_t value = read_data();
            count = sizeof value;
            std::memcpy(into.data(), &value, count);
        }
        into = into.subspan(count);
    }
}

void Drive::write_data_run(std::span<const std::uint8_t> from)
{
    while (from.size() >= 2) {
        std::size_t count = std::min(from.size(), words_left(Phase::PioOut));
        if (count != 0) {
            std::memcpy(common_.buffer.data() + common_.position, from.data(), count);
            moved(count);
        } else {
            std::uint16_t value = 0;
            count = sizeof value;
            std::memcpy(&value, from.data(), count);
            write_data(value);
        }
        from = from.subspan(count);
    }
}

void Drive::hold_in_reset()
{
    cancel_request();
    common_.phase = Phase::Idle;
    set_interrupt(false);
    common_.status = status::kBsy;
}

void Drive::reset(ResetKind kind)
{
    cancel_request();
    common_.buffer.clear();
    common_.position = 0;
    common_.block_end = 0;
    common_.phase = Phase::Idle;
    common_.asleep = false;
    common_.power = PowerMode::Active;
    if (kind == ResetKind::Hardware) {
        common_.pio_mode = kHighestPioMode;
        common_.multiword_mode.reset();
        common_.ultra_mode.reset();
    }
    on_reset(kind);
    set_interrupt(false);
    common_.features.set(0);
    common_.error = error::kDiagnosticPassed;
    common_.device = static_cast<std::uint8_t>(kind == ResetKind::Device ? common_.device & device_bits::kDev : 0);
    set_signature();
}

void Drive::diagnose(bool interrupts)
{
    reset(ResetKind::Software);
    set_interrupt(interrupts);
}

void Drive::set_interrupt(bool level)
{
    if (common_.interrupt != level) {
        common_.interrupt = level;
        if (host_ != nullptr) {
            host_->interrupt_changed();
        }
    }
}

void Drive::set_busy()
{
    common_.phase = Phase::Busy;
    common_.status = status::kBsy | status::kDrdy | status::kDsc;
}

void Drive::finish(std::uint8_t bits)
{
    common_.phase = Phase::Idle;
    common_.status = static_cast<std::uint8_t>(status::kDrdy | status::kDsc | bits);
    set_interrupt(true);
}

void Drive::fail(std::uint8_t error_bits, std::uint8_t extra_status)
{
    common_.error = error_bits;
    finish(static_cast<std::uint8_t>(status::kErr | extra_status));
}

void Drive::begin_block(Phase direction, std::size_t bytes, bool interrupts)
{
    common_.phase = direction;
    common_.block_end = std::min(common_.position + bytes, common_.buffer.size());
    common_.status = status::kDrdy | status::kDsc | status::kDrq;
    if (interrupts) {
        set_interrupt(true);
    }
}

void Drive::begin_dma(DmaDirection direction)
{
    common_.phase = direction == DmaDirection::ToMemory ? Phase::DmaIn : Phase::DmaOut;
    common_.status = status::kDrdy | status::kDsc | status::kDrq;
    run_dma();
}

// After a failed move the drive goes on asking for data, as SFF-8038i 3 has it, until it is reset.
void Drive::run_dma()
{
    if (host_ == nullptr || (common_.phase != Phase::DmaIn && common_.phase != Phase::DmaOut)) {
        return;
    }
    const auto direction = common_.phase == Phase::DmaIn ? DmaDirection::ToMemory : DmaDirection::FromMemory;
    if (host_->dma().move(direction, common_.buffer)) {
        dma_moved();
    }
}

backend::BlockMedia::Done Drive::begin_request()
{
    set_busy();
    request_ = std::make_shared<Request>(this, std::move(common_.buffer));
    common_.buffer.clear();
    return [request = request_](base::Status result) {
        Drive* const owner = request->owner;
        if (owner == nullptr) {
            return;
        }
        request->owner = nullptr;
        owner->common_.buffer = std::move(request->data);
        owner->request_.reset();
        owner->completed_ = std::move(result);
        owner->run_completions();
    };
}

// A medium may answer within the call that asked it. Long transfers would then nest, so that only the
// outermost call goes on.
void Drive::run_completions()
{
    if (running_completions_) {
        return;
    }
    running_completions_ = true;
    while (completed_) {
        const base::Status result = std::move(*completed_);
        completed_.reset();
        media_done(result);
    }
    running_completions_ = false;
}

void Drive::media_read(const std::shared_ptr<backend::BlockMedia>& media, std::uint64_t offset, std::size_t bytes)
{
    common_.buffer.resize(bytes);
    const backend::BlockMedia::Done done = begin_request();
    const auto request = request_;
    const auto kept = media; // an answer within the call may lead to its being taken out
    kept->read(offset, request->data, done);
}

void Drive::media_write(const std::shared_ptr<backend::BlockMedia>& media, std::uint64_t offset)
{
    const backend::BlockMedia::Done done = begin_request();
    const auto request = request_;
    const auto kept = media; // an answer within the call may lead to its being taken out
    kept->write(offset, request->data, done);
}

void Drive::media_flush(const std::shared_ptr<backend::BlockMedia>& media)
{
    const backend::BlockMedia::Done done = begin_request();
    const auto kept = media;
    kept->flush(done);
}

void Drive::cancel_request()
{
    if (request_ != nullptr) {
        request_->owner = nullptr;
        request_.reset();
    }
    completed_.reset();
}

void Drive::load_common(const Common& common)
{
    cancel_request();
    common_ = common;
    const bool by_pio = common_.phase == Phase::PioIn || common_.phase == Phase::PioOut;
    const bool whole = common_.position < common_.block_end && common_.block_end <= common_.buffer.size();
    // Nothing is saved while the medium works: who is busy then is held in reset, and waits for its end.
    if (by_pio && !whole) {
        common_.phase = Phase::Idle;
        common_.status = status::kDrdy | status::kDsc | status::kErr;
        common_.error = error::kAbrt;
    }
}

void Drive::report_fault(bool writing, std::uint64_t offset, const base::Error& error) const
{
    if (fault_handler_) {
        fault_handler_({.drive = name_, .writing = writing, .offset = offset, .message = error.message()});
    }
}

// ATA/ATAPI-7 volume 1, 6.48.7: the upper bits name the kind, the lower ones the mode.
bool Drive::set_transfer_mode(std::uint8_t mode)
{
    const auto number = static_cast<std::uint8_t>(mode & 0x07);
    switch (mode & 0xF8) {
    case 0x00: // default PIO, with or without IORDY
        common_.pio_mode = kHighestPioMode;
        return number <= 1;
    case 0x08:
        common_.pio_mode = std::min(number, kHighestPioMode);
        return number <= kHighestPioMode;
    case 0x20:
        if (number > kHighestMultiwordMode) {
            return false;
        }
        common_.multiword_mode = number;
        common_.ultra_mode.reset();
        return true;
    case 0x40:
        if (number > kHighestUltraMode) {
            return false;
        }
        common_.ultra_mode = number;
        common_.multiword_mode.reset();
        return true;
    default:
        return false;
    }
}

bool Drive::execute_power(Command command)
{
    switch (command) {
    case Command::StandbyImmediate:
    case Command::StandbyImmediateOld:
    case Command::Standby:
    case Command::StandbyOld:
        common_.power = PowerMode::Standby;
        break;
    case Command::IdleImmediate:
    case Command::IdleImmediateOld:
    case Command::Idle:
    case Command::IdleOld:
        common_.power = PowerMode::Idle;
        break;
    case Command::CheckPowerMode:
    case Command::CheckPowerModeOld:
        common_.sector_count.set(static_cast<std::uint8_t>(common_.power));
        break;
    case Command::Sleep:
    case Command::SleepOld:
        common_.asleep = true;
        break;
    default:
        return false;
    }
    finish();
    return true;
}

} // namespace windsor::devices::ide
