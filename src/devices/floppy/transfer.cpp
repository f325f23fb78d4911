// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/floppy/controller.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::floppy {

bool Controller::is_transfer(Command command)
{
    switch (command) {
    case Command::ReadData:
    case Command::ReadDeletedData:
    case Command::WriteData:
    case Command::WriteDeletedData:
    case Command::ReadTrack:
    case Command::Verify:
    case Command::FormatTrack:
    case Command::ReadId: return true;
    default: return false;
    }
}

bool Controller::writes(Command command)
{
    return command == Command::WriteData || command == Command::WriteDeletedData || command == Command::FormatTrack;
}

std::size_t Controller::block_bytes(Command command)
{
    return command == Command::FormatTrack ? kFormatIdBytes : kSectorBytes;
}

Reading Controller::reading() const
{
    return {.head = state_.transfer.head,
            .rate = static_cast<Rate>(state_.rate),
            .mfm = (state_.command[0] & opcode::kMfm) != 0};
}

void Controller::read_write()
{
    begin_transfer(0);
}

void Controller::read_track()
{
    begin_transfer(state_.command[6]);
}

void Controller::verify()
{
    const bool counts = (state_.command[1] & parameter::kEnableCount) != 0;
    const std::uint16_t count = state_.command[8] != 0 ? state_.command[8] : kMostSectors;
    begin_transfer(counts ? count : std::uint16_t{0});
}

void Controller::read_id()
{
    state_.transfer = {};
    state_.transfer.head = (state_.command[1] & parameter::kHead) != 0 ? 1 : 0;
    search(kSectorTime);
}

void Controller::format_track()
{
    state_.transfer = {};
    state_.transfer.head = (state_.command[1] & parameter::kHead) != 0 ? 1 : 0;
    state_.transfer.left = state_.command[3];
    state_.last_sector = state_.command[3];
    search(kSectorTime);
}

void Controller::begin_transfer(std::uint16_t left)
{
    const auto& command = state_.command;
    state_.transfer = {};
    Transfer& transfer = state_.transfer;
    transfer.id = {.cylinder = command[2], .head = command[3], .sector = command[4], .size = command[5]};
    transfer.head = (command[1] & parameter::kHead) != 0 ? 1 : 0;
    transfer.left = left;
    state_.last_sector = command[6];
    base::Nanoseconds time = kSectorTime;
    if ((state_.config & config::kImpliedSeek) != 0) {
        const int pulses = command[2] - state_.cylinders[drive_number()];
        state_.cylinders[drive_number()] = command[2];
        if (FloppyDrive* const at = drive(drive_number())) {
            at->step(pulses);
        }
        transfer.sought = true;
        time += seek_time(pulses);
    }
    search(time);
}

void Controller::search(base::Nanoseconds time)
{
    state_.phase = Phase::Searching;
    state_.due = clock_.now() + time;
    arm();
}

void Controller::fail(std::uint8_t st1, std::uint8_t st2)
{
    state_.transfer.st1 |= st1;
    state_.transfer.st2 |= st2;
    state_.phase = Phase::Failing;
    state_.due = clock_.now() + kSearchTime;
    arm();
}

// The result phase, with its interrupt.
void Controller::finish(std::uint8_t status)
{
    const Transfer& transfer = state_.transfer;
    const unsigned head = transfer.head != 0 ? st0::kHead : 0u;
    const unsigned sought = transfer.sought ? st0::kSeekEnd : 0u;
    const auto st0 = static_cast<std::uint8_t>(status | sought | head | drive_number());
    state_.due.reset();
    reply(std::array{st0, transfer.st1, transfer.st2, transfer.id.cylinder, transfer.id.head, transfer.id.sector,
                     transfer.id.size});
    set_interrupt(true);
    arm();
}

void Controller::reach_sector()
{
    const FloppyDrive* const at = drive(drive_number());
    if (at == nullptr || at->medium() == nullptr) {
        fail(st1::kMissingAddressMark);
        return;
    }
    if (writes(current()) && at->write_protected()) {
        state_.transfer.st1 |= st1::kNotWriteable;
        finish(st0::kAbnormal);
        return;
    }
    switch (current()) {
    case Command::ReadId: reach_id(); break;
    case Command::ReadTrack: reach_track_sector(); break;
    case Command::FormatTrack: take_block(); break;
    default: reach_wanted_sector(); break;
    }
}

// The disk turns on between one READ ID and the next.
void Controller::reach_id()
{
    const auto turned = static_cast<std::uint64_t>(std::max<base::Nanoseconds>(clock_.now(), 0) / kSectorTime);
    const auto id = drive(drive_number())->id_at(reading(), turned);
    if (!id) {
        fail(st1::kMissingAddressMark);
        return;
    }
    state_.transfer.id = *id;
    finish(0);
}

// Sectors in the order in which they lie on the track, whatever their ID fields say (datasheet 5.1.3).
void Controller::reach_track_sector()
{
    const FloppyDrive& at = *drive(drive_number());
    const auto id = at.id_at(reading(), state_.transfer.turned);
    if (!id) {
        fail(st1::kMissingAddressMark);
        return;
    }
    if (*id != state_.transfer.id) {
        state_.transfer.st1 |= st1::kNoData;
    }
    request(at.find(reading(), *id).offset);
}

void Controller::reach_wanted_sector()
{
    const FloppyDrive::Search found = drive(drive_number())->find(reading(), state_.transfer.id);
    if (!found.found()) {
        fail(found.st1, found.st2);
        return;
    }
    if (writes(current())) {
        take_block();
        return;
    }
    // No sector has a deleted data address mark (datasheet table 5-5).
    if (current() == Command::ReadDeletedData) {
        state_.transfer.st2 |= st2::kControlMark;
        if (skips()) {
            next_sector();
            return;
        }
    }
    request(found.offset);
}

// What is to be written comes from the host.
void Controller::take_block()
{
    if (by_fifo()) {
        begin_host();
        return;
    }
    Transfer& transfer = state_.transfer;
    const auto block = std::span{transfer.buffer}.first(block_bytes(current()));
    const chipset::IsaDma::Transfer moved = move_by_dma(block);
    transfer.terminal_count = transfer.terminal_count || moved.terminal_count;
    if (moved.bytes < block.size() && !moved.terminal_count) {
        transfer.st1 |= st1::kOverrun;
        finish(st0::kAbnormal);
        return;
    }
    std::ranges::fill(block.subspan(std::min(moved.bytes, block.size())), std::uint8_t{0});
    block_taken();
}

chipset::IsaDma::Transfer Controller::move_by_dma(std::span<std::uint8_t> block)
{
    if (dma_ == nullptr || (state_.dor & dor::kDmaGate) == 0) {
        return {};
    }
    dma_->set_request(kDmaChannel, true);
    const auto moved = writes(current()) ? dma_->read(kDmaChannel, block) : dma_->write(kDmaChannel, block);
    dma_->set_request(kDmaChannel, false);
    return moved;
}

// Images have the sectors of their format and no others: a format command fills those, and what it calls otherwise is
// not there when it is looked for. The medium may have been changed while the host was slow.
void Controller::block_taken()
{
    Transfer& transfer = state_.transfer;
    const bool formats = current() == Command::FormatTrack;
    if (formats) {
        transfer.id = {.cylinder = transfer.buffer[0],
                       .head = transfer.buffer[1],
                       .sector = transfer.buffer[2],
                       .size = transfer.buffer[3]};
        transfer.buffer.fill(state_.command[5]);
    }
    const FloppyDrive* const at = drive(drive_number());
    if (at == nullptr) {
        fail(st1::kMissingAddressMark);
        return;
    }
    const FloppyDrive::Search found = at->find(reading(), transfer.id);
    if (formats && (found.st1 & st1::kNoData) != 0) {
        next_sector();
    } else if (!found.found()) {
        fail(found.st1, found.st2);
    } else if (at->write_protected()) {
        transfer.st1 |= st1::kNotWriteable;
        finish(st0::kAbnormal);
    } else {
        request(found.offset);
    }
}

void Controller::sector_read(bool good)
{
    Transfer& transfer = state_.transfer;
    if (!good) {
        transfer.st1 |= st1::kDataError;
        transfer.st2 |= st2::kDataErrorInData;
        finish(st0::kAbnormal);
        return;
    }
    if (current() == Command::Verify) {
        next_sector();
        return;
    }
    if (by_fifo()) {
        begin_host();
        return;
    }
    const chipset::IsaDma::Transfer moved = move_by_dma(transfer.buffer);
    transfer.terminal_count = moved.terminal_count;
    if (moved.bytes < kSectorBytes && !moved.terminal_count) {
        transfer.st1 |= st1::kOverrun;
        finish(st0::kAbnormal);
        return;
    }
    next_sector();
}

void Controller::sector_written(bool good)
{
    if (!good) {
        state_.transfer.st1 |= st1::kDataError;
        finish(st0::kAbnormal);
        return;
    }
    next_sector();
}

void Controller::next_sector()
{
    Transfer& transfer = state_.transfer;
    const bool last = transfer.left <= 1;
    transfer.left = static_cast<std::uint16_t>(last ? 0 : transfer.left - 1);
    const bool counts = (state_.command[1] & parameter::kEnableCount) != 0;
    switch (current()) {
    case Command::FormatTrack:
        if (last) {
            finish(0);
        } else {
            search(kSectorTime);
        }
        return;
    case Command::ReadTrack:
        ++transfer.turned;
        ++transfer.id.sector;
        if (last || transfer.terminal_count) {
            finish(transfer.st1 != 0 ? st0::kAbnormal : std::uint8_t{0});
        } else {
            search(kSectorTime);
        }
        return;
    case Command::ReadDeletedData:
        if (!skips()) {
            finish(0); // what it has read was not deleted; the ID stays that of the sector
            return;
        }
        break;
    case Command::Verify: transfer.terminal_count = counts && last; break;
    default: break;
    }
    if (transfer.terminal_count) {
        count_up();
        finish(0);
    } else if (transfer.id.sector == state_.command[6]) {
        end_of_track();
    } else {
        ++transfer.id.sector;
        search(kSectorTime);
    }
}

// The sector that EOT names has been moved, and more is wanted.
void Controller::end_of_track()
{
    Transfer& transfer = state_.transfer;
    if (multi_track() && transfer.head == 0) {
        transfer.head = 1;
        transfer.id.head ^= 1;
        transfer.id.sector = 1;
        search(kSectorTime);
        return;
    }
    const bool verified = current() == Command::Verify && (state_.command[1] & parameter::kEnableCount) == 0;
    count_up();
    if (verified) {
        finish(0);
        return;
    }
    transfer.st1 |= st1::kEndOfCylinder;
    finish(st0::kAbnormal);
}

// Datasheet table 5-6: where the next command would go on.
void Controller::count_up()
{
    SectorId& id = state_.transfer.id;
    if (id.sector != state_.command[6]) {
        ++id.sector;
        return;
    }
    id.sector = 1;
    if (multi_track()) {
        id.head ^= 1;
    }
    if (!multi_track() || state_.transfer.head != 0) {
        ++id.cylinder;
    }
}

void Controller::begin_host()
{
    state_.transfer.position = 0;
    state_.phase = Phase::Host;
    state_.due = clock_.now() + kServiceTime;
    set_interrupt(true);
    arm();
}

// A byte has gone through the FIFO. The interrupt comes again for each byte, or for what the FIFO holds at its
// threshold (datasheet 4.0, "FIFO").
void Controller::host_moved()
{
    Transfer& transfer = state_.transfer;
    ++transfer.position;
    if (transfer.position >= block_bytes(current())) {
        state_.due.reset();
        set_interrupt(false);
        if (writes(current())) {
            block_taken();
        } else {
            next_sector();
        }
        return;
    }
    const unsigned threshold = (state_.config & config::kThreshold) + 1u;
    const unsigned batch = (state_.config & config::kNoFifo) != 0 ? 1 : std::max(kFifoSize - threshold, 1u);
    if (transfer.position % batch == 0) {
        set_interrupt(false);
        set_interrupt(true);
        state_.due = clock_.now() + kServiceTime;
        arm();
    }
}

void Controller::request(std::uint64_t offset)
{
    state_.phase = Phase::Media;
    state_.due.reset();
    request_ = std::make_shared<Request>(Request{.owner = this, .data = state_.transfer.buffer});
    const auto kept = request_;
    const auto medium = drive(drive_number())->medium(); // an answer within the call may lead to its being taken out
    const backend::BlockMedia::Done done = [kept](const base::Status& result) {
        if (kept->owner != nullptr) {
            std::exchange(kept->owner, nullptr)->request_done(result);
        }
    };
    if (writes(current())) {
        medium->write(offset, kept->data, done);
    } else {
        medium->read(offset, kept->data, done);
    }
}

void Controller::request_done(const base::Status& result)
{
    const auto done = std::exchange(request_, nullptr);
    if (writes(current())) {
        sector_written(result.has_value());
        return;
    }
    state_.transfer.buffer = done->data;
    sector_read(result.has_value());
}

} // namespace windsor::devices::floppy
