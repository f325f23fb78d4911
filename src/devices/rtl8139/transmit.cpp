// SPDX-License-Identifier: GPL-2.0-or-later
// The four transmit buffers of C mode, and the way to the wire.
#include "backend/frame.hpp"
#include "devices/rtl8139/rtl8139.hpp"

namespace windsor::devices::rtl8139 {

void Rtl8139::transmit_waiting()
{
    if (!transmitting() || plus_transmit()) {
        return;
    }
    for (unsigned index = 0; index < kTransmitters; ++index) {
        if ((registers_.transmit_status[index] & tsd::kOwn) == 0) {
            transmit_buffer(index);
        }
    }
}

// TSD, 5.2: a frame is sent when the driver hands its descriptor over by clearing OWN.
void Rtl8139::write_transmit_status(unsigned index, std::uint32_t value, std::uint32_t mask)
{
    std::uint32_t& status = registers_.transmit_status[index];
    status = (status & ~(mask & tsd::kWritable)) | (value & mask & tsd::kWritable);
    if ((mask & tsd::kOwn) == 0 || (value & tsd::kOwn) != 0) {
        return;
    }
    status &= tsd::kWritable;
    if (transmitting() && !plus_transmit()) {
        transmit_buffer(index);
    }
}

void Rtl8139::transmit_buffer(unsigned index)
{
    out_.resize(registers_.transmit_status[index] & tsd::kSize);
    if (!memory_.read(base::GuestPhysical{registers_.transmit_address[index]}, out_)) {
        registers_.transmit_status[index] |= tsd::kOwn | tsd::kUnderrun;
        ++registers_.tallies.transmit_errors;
        ++registers_.tallies.underruns;
        raise(interrupt::kTransmitError);
        system_error();
        return;
    }
    const Sent sent = send(out_);
    registers_.transmit_status[index] |= tsd::kOwn | tsd::kOk | (sent == Sent::NoCarrier ? tsd::kCarrierLost : 0);
    ++registers_.tallies.transmitted;
    raise(interrupt::kTransmitted);
}

Rtl8139::Sent Rtl8139::send(std::span<const std::uint8_t> frame)
{
    if ((registers_.transmit_config & tcr::kNoCrc) != 0) {
        // The driver has made the check. A frame with a wrong one gets nowhere.
        if (frame.size() < kFrameCheck) {
            return Sent::Ok;
        }
        const auto check = frame.last(kFrameCheck);
        frame = frame.first(frame.size() - kFrameCheck);
        const std::uint32_t right = backend::frame_crc(frame);
        for (std::size_t i = 0; i < kFrameCheck; ++i) {
            if (check[i] != static_cast<std::uint8_t>(right >> (8 * i))) {
                return Sent::Ok;
            }
        }
    }
    const bool sendable = frame.size() >= backend::kFrameHeader && frame.size() <= backend::kLongestFrame;
    if (loopback()) {
        if (sendable && !take(frame)) {
            registers_.refused = 0; // nobody keeps it
            look_.disarm();
            miss(interrupt::kFifoOverflow);
        }
        return Sent::Ok;
    }
    if (!carrier()) {
        return Sent::NoCarrier;
    }
    if (sendable) {
        work_ += frame.size() + kFixedWork;
        link_->send(frame);
    }
    return Sent::Ok;
}

} // namespace windsor::devices::rtl8139
