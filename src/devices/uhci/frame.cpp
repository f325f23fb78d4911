// SPDX-License-Identifier: GPL-2.0-or-later
// What the controller does in a frame: it follows the links of the schedule (UHCI 3.4) and runs transfers.
#include "devices/uhci/uhci.hpp"

#include <algorithm>

namespace windsor::devices::uhci {

using chipset::usb::Handshake;
using chipset::usb::Toggle;
using chipset::usb::Token;

namespace {

std::uint32_t dword(std::span<const std::uint8_t> bytes, std::size_t index)
{
    const auto from = bytes.subspan(4 * index, 4);
    return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
}

bool is_token(std::uint8_t pid)
{
    return pid == static_cast<std::uint8_t>(Token::In) || pid == static_cast<std::uint8_t>(Token::Out) ||
           pid == static_cast<std::uint8_t>(Token::Setup);
}

// The most that an OUT transfer can carry.
constexpr std::size_t kLongestTransfer = td::kLongestLength + 1;

} // namespace

// 11,936 to 12,063 bits at 12 MHz.
base::Nanoseconds Uhci::frame_length() const
{
    return base::Nanoseconds{kShortestFrameBits + registers_.start_of_frame} * base::kMicrosecond / 12;
}

void Uhci::arm()
{
    if (!running()) {
        timer_.disarm();
        return;
    }
    const unsigned frames = quiet_ < kFramesUntilQuiet ? 1 : kQuietFrames;
    timer_.arm(registers_.frame_start + frames * frame_length());
}

void Uhci::settle()
{
    machine_lock_is_held();
    if (!running()) {
        return;
    }
    const base::Nanoseconds length = frame_length();
    std::int64_t due = (clock_.now() - registers_.frame_start) / length;
    if (due <= 0) {
        return;
    }
    if (due > kMostFramesAtOnce) {
        const std::int64_t lost = due - kMostFramesAtOnce;
        registers_.frame = static_cast<std::uint16_t>((registers_.frame + lost) & kFrameNumberBits);
        registers_.frame_start += lost * length;
        due = kMostFramesAtOnce;
    }
    for (; due > 0 && running(); --due) {
        run_frame();
        registers_.frame = (registers_.frame + 1) & kFrameNumberBits;
        registers_.frame_start += length;
    }
    arm();
}

// The interrupts of a frame come at its end, 2.1.2.
void Uhci::run_frame()
{
    if (!bus_master()) {
        quiet_ = std::min(quiet_ + 1, kFramesUntilQuiet);
        return;
    }
    news_ = false;
    events_ = 0;
    std::array<std::uint8_t, 4> entry{};
    const std::uint32_t at = registers_.frame_list + 4U * (registers_.frame % kFrameListEntries);
    if (!memory_.read(base::GuestPhysical{at}, entry)) {
        system_error();
    } else {
        Frame frame;
        walk(frame, dword(entry, 0));
    }
    quiet_ = news_ ? 0 : std::min(quiet_ + 1, kFramesUntilQuiet);
    if ((events_ & interrupt::kError) != 0) {
        registers_.status |= status::kError;
    }
    if (const std::uint16_t causes = events_ & (interrupt::kComplete | interrupt::kShortPacket); causes != 0) {
        registers_.status |= status::kInterrupt;
        registers_.causes |= causes;
    }
    update();
}

void Uhci::walk(Frame& frame, std::uint32_t link)
{
    std::optional<Queue> queue;
    queues_.clear();
    while ((link & link::kTerminate) == 0 && ++frame.records <= kMostRecords && frame.byte_times < kFrameByteTimes) {
        if ((link & link::kQueue) != 0) {
            if (seen(link & link::kAddress)) {
                return; // round and round without anything to do
            }
            queue = read_queue(link);
            if (!queue) {
                return;
            }
            if ((queue->element & link::kTerminate) == 0) {
                link = queue->element;
            } else {
                link = queue->link;
                queue.reset();
            }
            continue;
        }
        std::optional<Transfer> transfer = read_transfer(link);
        if (!transfer) {
            return;
        }
        const Next next = look_at(frame, *transfer, queue.has_value());
        if (next == Next::Halt || !running()) {
            return;
        }
        link = transfer->link;
        if (queue) {
            if (next == Next::Advance) {
                queues_.clear();
                queue->element = transfer->link;
                if (!write_dword(queue->at + 4, queue->element)) {
                    return;
                }
            }
            const bool deeper = next == Next::Advance && (link & link::kDepthFirst) != 0 && (link & link::kQueue) == 0;
            if (!deeper || (link & link::kTerminate) != 0) {
                link = queue->link;
                queue.reset();
            }
        }
    }
}

// Whether the frame has come to the queue before, and nothing was done since then.
bool Uhci::seen(std::uint32_t queue)
{
    if (std::ranges::find(queues_, queue) != queues_.end()) {
        return true;
    }
    queues_.push_back(queue);
    return false;
}

std::optional<Uhci::Queue> Uhci::read_queue(std::uint32_t link)
{
    std::array<std::uint8_t, 8> bytes{};
    const std::uint32_t at = link & link::kAddress;
    if (!memory_.read(base::GuestPhysical{at}, bytes)) {
        system_error();
        return std::nullopt;
    }
    return Queue{.at = at, .link = dword(bytes, 0), .element = dword(bytes, 1)};
}

std::optional<Uhci::Transfer> Uhci::read_transfer(std::uint32_t link)
{
    std::array<std::uint8_t, 16> bytes{};
    const std::uint32_t at = link & link::kAddress;
    if (!memory_.read(base::GuestPhysical{at}, bytes)) {
        system_error();
        return std::nullopt;
    }
    return Transfer{.at = at,
                    .link = dword(bytes, 0),
                    .status = dword(bytes, 1),
                    .token = dword(bytes, 2),
                    .buffer = dword(bytes, 3)};
}

bool Uhci::write_dword(std::uint32_t at, std::uint32_t value)
{
    const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
                                            static_cast<std::uint8_t>(value >> 16),
                                            static_cast<std::uint8_t>(value >> 24)};
    if (!memory_.write(base::GuestPhysical{at}, bytes)) {
        system_error();
        return false;
    }
    return true;
}

Uhci::Next Uhci::look_at(Frame& frame, Transfer& transfer, bool queued)
{
    if (!transfer.active()) {
        // 3.2.2: an interrupt on completion comes even so. Drivers have one at a frame's end by it.
        if ((transfer.status & td::kInterruptOnComplete) != 0) {
            events_ |= interrupt::kComplete;
        }
        return Next::Leave;
    }
    const std::uint32_t length = transfer.token >> td::kLengthShift;
    if (!is_token(transfer.pid()) || (length > td::kLongestLength && length != td::kNoData)) {
        halt(status::kProcessError); // a "consistency check failure", 2.1.2
        return Next::Halt;
    }
    const std::uint32_t before = transfer.status;
    const bool in = transfer.pid() == static_cast<std::uint8_t>(Token::In);
    const Next next = in ? run_in(frame, transfer, queued) : run_out(frame, transfer);
    if (next == Next::Halt) {
        return next;
    }
    if ((registers_.command & command::kSoftwareDebug) != 0) {
        halt(0); // after each transaction, 2.1.1
    }
    return finish(transfer, before, next);
}

Uhci::Next Uhci::finish(const Transfer& transfer, std::uint32_t before, Next next)
{
    const bool nak_alone = transfer.active() && (transfer.status & td::kNak) != 0;
    news_ = news_ || !nak_alone;
    if (!transfer.active() && (transfer.status & td::kInterruptOnComplete) != 0) {
        events_ |= interrupt::kComplete;
    }
    if (transfer.status != before && !write_dword(transfer.at + 4, transfer.status)) {
        return Next::Halt;
    }
    return next;
}

chipset::usb::Device* Uhci::listener(const Transfer& transfer) const
{
    if ((transfer.status & td::kLowSpeed) != 0) {
        return nullptr; // all devices are full-speed ones, which take no notice of that signalling
    }
    for (const RootPort& port : ports_) {
        if (chipset::usb::Device* const device = port.listener(transfer.address())) {
            return device;
        }
    }
    return nullptr;
}

Uhci::Next Uhci::run_in(Frame& frame, Transfer& transfer, bool queued)
{
    frame.byte_times += kTransactionByteTimes;
    chipset::usb::Device* const device = listener(transfer);
    const chipset::usb::Packet packet = device != nullptr ? device->give(transfer.endpoint()) : chipset::usb::Packet{};
    const std::span<const std::uint8_t> data = packet.bytes();
    if (packet.handshake != Handshake::Ack) {
        return answered(transfer, packet.handshake, 0);
    }
    frame.byte_times += static_cast<unsigned>(data.size());
    if (data.size() > transfer.length()) {
        fail(transfer, td::kBabble);
        return Next::Leave;
    }
    if (packet.toggle != transfer.toggle()) {
        // USB 2.0, 8.6.4: a packet that was here before. It is acknowledged once more and dropped.
        device->acknowledged(transfer.endpoint());
        return Next::Leave;
    }
    if (!data.empty() && !memory_.write(base::GuestPhysical{transfer.buffer}, data)) {
        system_error();
        return Next::Halt;
    }
    device->acknowledged(transfer.endpoint());
    const Next next = answered(transfer, Handshake::Ack, static_cast<unsigned>(data.size()));
    const bool is_short = data.size() < transfer.length() && (transfer.status & td::kShortPacketDetect) != 0;
    if (is_short && queued) {
        events_ |= interrupt::kShortPacket; // 3.2.2: the queue stays where it is
        return Next::Leave;
    }
    return next;
}

Uhci::Next Uhci::run_out(Frame& frame, Transfer& transfer)
{
    std::array<std::uint8_t, kLongestTransfer> buffer{};
    const std::span<std::uint8_t> data =
        std::span{buffer}.first(std::min<std::size_t>(transfer.length(), buffer.size()));
    frame.byte_times += kTransactionByteTimes + static_cast<unsigned>(data.size());
    if (!data.empty() && !memory_.read(base::GuestPhysical{transfer.buffer}, data)) {
        system_error();
        return Next::Halt;
    }
    chipset::usb::Device* const device = listener(transfer);
    Handshake handshake = Handshake::None;
    if (device != nullptr) {
        handshake = device->take(transfer.endpoint(), static_cast<Token>(transfer.pid()), transfer.toggle(), data);
    }
    return answered(transfer, handshake, static_cast<unsigned>(data.size()));
}

// What the handshake makes of the transfer's status, 3.2.2.
Uhci::Next Uhci::answered(Transfer& transfer, Handshake handshake, unsigned length)
{
    switch (handshake) {
    case Handshake::Ack:
        transfer.status &= ~(td::kActive | td::kActualLength | td::kNak);
        transfer.status |= (length - 1) & td::kActualLength;
        return Next::Advance;
    case Handshake::Nak: transfer.status |= td::kNak; return Next::Leave;
    case Handshake::Stall: fail(transfer, 0); return Next::Leave;
    case Handshake::None: break;
    }
    transfer.status |= td::kTimeout;
    if ((transfer.status & td::kIsochronous) != 0) {
        transfer.status &= ~td::kActive; // nothing of it is tried twice
        return Next::Advance;
    }
    const std::uint32_t errors = (transfer.status & td::kErrorCount) >> td::kErrorCountShift;
    if (errors == 0) {
        return Next::Leave; // it may fail without end
    }
    transfer.status = (transfer.status & ~td::kErrorCount) | (errors - 1) << td::kErrorCountShift;
    if (errors == 1) {
        fail(transfer, td::kTimeout);
    }
    return Next::Leave;
}

void Uhci::fail(Transfer& transfer, std::uint32_t why)
{
    constexpr std::uint32_t kNothing = td::kActualLength; // has come: one less than no bytes
    transfer.status = (transfer.status & ~td::kActive) | td::kStalled | kNothing | why;
    events_ |= interrupt::kError;
}

} // namespace windsor::devices::uhci
