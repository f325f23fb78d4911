// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses to the registers.
#include "devices/rtl8139/rtl8139.hpp"

namespace windsor::devices::rtl8139 {

namespace {

constexpr std::uint32_t mask_of(std::uint32_t width)
{
    return width >= 4 ? ~std::uint32_t{0} : (std::uint32_t{1} << (8 * width)) - 1;
}

constexpr std::uint32_t merge(std::uint32_t before, std::uint32_t value, std::uint32_t mask)
{
    return (before & ~mask) | (value & mask);
}

constexpr std::uint16_t merge16(std::uint16_t before, std::uint32_t value, std::uint32_t mask)
{
    return static_cast<std::uint16_t>(merge(before, value, mask & 0xffff));
}

constexpr std::uint64_t merge64(std::uint64_t before, bool high_dword, std::uint32_t value, std::uint32_t mask)
{
    const unsigned shift = high_dword ? 32 : 0;
    return (before & ~(std::uint64_t{mask} << shift)) | std::uint64_t{value & mask} << shift;
}

constexpr std::uint8_t byte_of(std::uint32_t value, unsigned index)
{
    return static_cast<std::uint8_t>(value >> (8 * index));
}

constexpr std::uint32_t bytes(unsigned a, unsigned b, unsigned c, unsigned d)
{
    return a | b << 8 | c << 16 | d << 24;
}

constexpr std::uint32_t words(unsigned a, unsigned b)
{
    return a | b << 16;
}

template <std::size_t N> std::uint32_t dword_of(const std::array<std::uint8_t, N>& from, unsigned offset)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4 && offset + i < N; ++i) {
        value |= std::uint32_t{from[offset + i]} << (8 * i);
    }
    return value;
}

template <std::size_t N>
void put_dword(std::array<std::uint8_t, N>& to, unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    for (unsigned i = 0; i < 4 && offset + i < N; ++i) {
        if (byte_of(mask, i) != 0) {
            to[offset + i] = byte_of(value, i);
        }
    }
}

constexpr std::uint32_t half(std::uint64_t value, bool high_dword)
{
    return static_cast<std::uint32_t>(high_dword ? value >> 32 : value);
}

} // namespace

bus::ReadResult Rtl8139::read(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned done = 0; done < bus::bytes(width);) {
        const auto at = static_cast<unsigned>(offset + done);
        const unsigned within = at % 4;
        const unsigned size = std::min(4 - within, bus::bytes(width) - done);
        const std::uint32_t mask = mask_of(size) << (8 * within);
        value |= std::uint64_t{(read_dword(at - within, mask) & mask) >> (8 * within)} << (8 * done);
        done += size;
    }
    return value;
}

bus::AccessStatus Rtl8139::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    for (unsigned done = 0; done < bus::bytes(width);) {
        const auto at = static_cast<unsigned>(offset + done);
        const unsigned within = at % 4;
        const unsigned size = std::min(4 - within, bus::bytes(width) - done);
        const auto part = static_cast<std::uint32_t>(value >> (8 * done));
        write_dword(at - within, part << (8 * within), mask_of(size) << (8 * within));
        done += size;
    }
    update();
    look_for_room();
    return bus::AccessStatus::Ok;
}

bool Rtl8139::config_writable() const
{
    return (registers_.eeprom_command & eeprom_command::kMode) == eeprom_command::kWriteConfig;
}

bool Rtl8139::speed10() const
{
    const bool negotiates = (registers_.basic_control & mii::kNegotiate) != 0;
    return negotiates ? (registers_.advertised & mii::kAdvertised100) == 0
                      : (registers_.basic_control & mii::kSpeed100) == 0;
}

std::uint32_t Rtl8139::read_dword(unsigned offset, std::uint32_t mask)
{
    const Registers& r = registers_;
    const unsigned index = offset / 4 % kTransmitters;
    switch (offset) {
    case reg::kId: return dword_of(r.id, 0);
    case reg::kId + 4: return dword_of(r.id, 4);
    case reg::kMulticast: return dword_of(r.multicast, 0);
    case reg::kMulticast + 4: return dword_of(r.multicast, 4);
    case reg::kTally:
    case reg::kTally + 4: return plus_transmit() ? half(r.tally_address, index != 0) : r.transmit_status[index];
    case reg::kTransmitStatus + 8:
    case reg::kTransmitStatus + 12: return r.transmit_status[index];
    case reg::kTransmitAddress:
    case reg::kTransmitAddress + 4:
    case reg::kTransmitAddress + 8:
    case reg::kTransmitAddress + 12: return r.transmit_address[index];
    case reg::kReceiveStart: return r.receive_start;
    case reg::kReceiveStart + 4:
        return bytes(0, 0, 0, r.command | (read_position() == r.write_pointer ? command::kBufferEmpty : 0U));
    case reg::kReadPointer: return words(r.read_pointer, r.write_pointer);
    case reg::kInterruptMask: return words(r.interrupt_mask, r.interrupt_status);
    case reg::kTransmitConfig: return r.transmit_config | tcr::kVersion;
    case reg::kReceiveConfig: return r.receive_config;
    case reg::kTimerCount: return static_cast<std::uint32_t>(timer_ticks());
    case reg::kMissed: return r.missed;
    case reg::kEepromCommand: {
        const bool out = (r.eeprom_command & eeprom_command::kMode) == eeprom_command::kProgram && eeprom_.out();
        return bytes(r.eeprom_command | (out ? eeprom_command::kDataOut : 0U), r.config0, r.config1 | kConfig1Fixed, 0);
    }
    case reg::kTimerInterrupt: return r.timer_interrupt;
    default: return read_transceiver(offset, mask);
    }
}

std::uint32_t Rtl8139::read_transceiver(unsigned offset, std::uint32_t mask)
{
    Registers& r = registers_;
    switch (offset) {
    case reg::kMediaStatus:
        return bytes(r.flow_control | msr::kAuxiliaryPower | (carrier() ? 0U : msr::kNoLink) |
                         (speed10() ? msr::kSpeed10 : 0U),
                     r.config3, r.config4, 0);
    case reg::kMultipleInterrupt: return words(r.multiple_interrupt, kRevision);
    case reg::kTransmitSummary: return words(transmit_summary(), r.basic_control);
    case reg::kBasicStatus:
        return words(mii::kAbilities | (carrier() ? mii::kLink : 0U) |
                         (carrier() && (r.basic_control & mii::kNegotiate) != 0 ? mii::kNegotiated : 0U),
                     r.advertised);
    case reg::kPartner: return carrier() ? words(mii::kPartnerAbilities, mii::kPartnerNegotiates) : 0;
    case reg::kDisconnects: {
        const std::uint16_t count = r.disconnects;
        if ((mask & 0xffff) != 0) {
            r.disconnects = 0;
        }
        return count;
    }
    case reg::kConnectionConfig: {
        const unsigned value = r.connection_config | (carrier() ? cscr::kConnected | cscr::kLinkOk : 0U) |
                               (r.link_changed ? cscr::kLinkChanged : 0U);
        if ((mask & cscr::kLinkChanged) != 0) {
            r.link_changed = false;
        }
        return value;
    }
    default:
        return offset >= reg::kParameters && offset < reg::kParametersEnd ? read_parameters(offset) : read_plus(offset);
    }
}

std::uint32_t Rtl8139::read_parameters(unsigned offset) const
{
    return dword_of(registers_.parameters, offset - reg::kParameters);
}

std::uint32_t Rtl8139::read_plus(unsigned offset) const
{
    switch (offset) {
    case reg::kConfig5: return registers_.config5;
    case reg::kPlusCommand: return registers_.plus_command;
    case reg::kReceiveRing: return half(registers_.receive_ring, false);
    case reg::kReceiveRing + 4: return half(registers_.receive_ring, true);
    case reg::kEarlyTransmit: return registers_.early_transmit;
    default: return 0;
    }
}

// TSAD, 5.19: four bits of each descriptor's status, side by side.
std::uint32_t Rtl8139::transmit_summary() const
{
    std::uint32_t summary = 0;
    for (unsigned i = 0; i < kTransmitters; ++i) {
        const std::uint32_t status = registers_.transmit_status[i];
        summary |= ((status & tsd::kOwn) != 0 ? 1U : 0U) << i | ((status & tsd::kAborted) != 0 ? 1U : 0U) << (4 + i) |
                   ((status & tsd::kUnderrun) != 0 ? 1U : 0U) << (8 + i) |
                   ((status & tsd::kOk) != 0 ? 1U : 0U) << (12 + i);
    }
    return summary;
}

void Rtl8139::write_dword(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    if (offset < reg::kInterruptMask) {
        write_low(offset, value, mask);
    } else if (offset >= reg::kParameters && offset < reg::kParametersEnd) {
        write_parameters(offset, value, mask);
    } else {
        write_upper(offset, value, mask);
    }
}

void Rtl8139::write_low(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    Registers& r = registers_;
    const unsigned index = offset / 4 % kTransmitters;
    switch (offset & ~0xfU) {
    case reg::kId:
        if (offset < reg::kMulticast) {
            put_dword(r.id, offset, value, mask);
        } else {
            put_dword(r.multicast, offset - reg::kMulticast, value, mask);
        }
        break;
    case reg::kTransmitStatus:
        if (plus_transmit() && index < 2) {
            write_tally(index != 0, value, mask);
        } else {
            write_transmit_status(index, value, mask);
        }
        break;
    case reg::kTransmitAddress:
        r.transmit_address[index] = merge(r.transmit_address[index], value, mask);
        (offset < reg::kHighRing ? r.next_normal : r.next_high) = 0;
        break;
    default:
        if (offset == reg::kReceiveStart) {
            r.receive_start = merge(r.receive_start, value, mask);
            r.write_pointer = 0;
            r.read_pointer = kReadPointerDefault;
        } else if (offset == reg::kReadPointer) {
            r.read_pointer = merge16(r.read_pointer, value, mask);
        } else if (byte_of(mask, reg::kCommand % 4) != 0) {
            write_command(byte_of(value, reg::kCommand % 4));
        }
        break;
    }
}

void Rtl8139::write_upper(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    Registers& r = registers_;
    switch (offset) {
    case reg::kInterruptMask:
        r.interrupt_mask = merge16(r.interrupt_mask, value, mask) & interrupt::kBits;
        r.interrupt_status &= static_cast<std::uint16_t>(~((value & mask) >> 16));
        break;
    case reg::kTransmitConfig: r.transmit_config = merge(r.transmit_config, value, mask & tcr::kWritable); break;
    case reg::kReceiveConfig: write_receive_config(value, mask); break;
    case reg::kTimerCount:
        r.timer_start = clock_.now();
        arm_timer();
        break;
    case reg::kMissed: r.missed = 0; break;
    case reg::kEepromCommand:
        if (byte_of(mask, 0) != 0) {
            write_eeprom_command(byte_of(value, 0));
        }
        if (byte_of(mask, 2) != 0 && config_writable()) {
            r.config1 = byte_of(value, 2) & kConfig1Writable;
        }
        break;
    case reg::kTimerInterrupt:
        r.timer_interrupt = merge(r.timer_interrupt, value, mask);
        arm_timer();
        break;
    case reg::kMediaStatus: write_configs(value, mask); break;
    case reg::kMultipleInterrupt:
        r.multiple_interrupt = merge16(r.multiple_interrupt, value, mask & kMultipleInterruptBits);
        break;
    case reg::kTransmitSummary:
        if (mask >> 16 != 0) {
            write_basic_control(merge16(r.basic_control, value >> 16, mask >> 16));
        }
        break;
    case reg::kBasicStatus:
        r.advertised = merge16(r.advertised, value >> 16, mask >> 16 & mii::kAdvertisedWritable);
        break;
    case reg::kConnectionConfig:
        r.connection_config = merge16(r.connection_config, value, mask & cscr::kWritable);
        break;
    case reg::kConfig5:
        r.config5 = static_cast<std::uint8_t>(merge(r.config5, value, mask & kConfig5Writable));
        if (byte_of(mask, reg::kTransmitPoll % 4) != 0) {
            write_poll(byte_of(value, reg::kTransmitPoll % 4));
        }
        break;
    case reg::kPlusCommand: r.plus_command = merge16(r.plus_command, value, mask & cpcr::kWritable); break;
    case reg::kReceiveRing: write_receive_ring(false, value, mask); break;
    case reg::kReceiveRing + 4: write_receive_ring(true, value, mask); break;
    case reg::kEarlyTransmit:
        r.early_transmit = static_cast<std::uint8_t>(merge(r.early_transmit, value, mask & kEarlyTransmitBits));
        break;
    default: break;
    }
}

void Rtl8139::write_parameters(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    put_dword(registers_.parameters, offset - reg::kParameters, value, mask);
}

// Whoever switches a half of the chip on finds it at its beginning.
void Rtl8139::write_command(std::uint8_t value)
{
    if ((value & command::kReset) != 0) {
        software_reset();
        return;
    }
    const auto switched_on = static_cast<std::uint8_t>(value & ~registers_.command);
    registers_.command = value & (command::kTransmit | command::kReceive);
    if ((switched_on & command::kReceive) != 0) {
        registers_.write_pointer = 0;
        registers_.read_pointer = kReadPointerDefault;
        registers_.next_received = 0;
    }
    if ((switched_on & command::kTransmit) != 0) {
        registers_.next_normal = registers_.next_high = 0;
        transmit_waiting();
    }
}

void Rtl8139::write_receive_config(std::uint32_t value, std::uint32_t mask)
{
    const std::uint32_t before = buffer_size();
    registers_.receive_config = merge(registers_.receive_config, value, mask & rcr::kWritable);
    if (buffer_size() != before) {
        registers_.write_pointer = 0;
        registers_.read_pointer = kReadPointerDefault;
    }
}

void Rtl8139::write_eeprom_command(std::uint8_t value)
{
    using namespace eeprom_command;
    if ((value & kMode) == kAutoLoad) {
        auto_load();
        return;
    }
    registers_.eeprom_command = value & kWritable;
    if ((value & kMode) == kProgram) {
        eeprom_.drive((value & kSelect) != 0, (value & kClock) != 0, (value & kDataIn) != 0);
    } else {
        eeprom_.drive(false, false, false);
    }
}

void Rtl8139::write_configs(std::uint32_t value, std::uint32_t mask)
{
    Registers& r = registers_;
    r.flow_control = static_cast<std::uint8_t>(merge(r.flow_control, value, mask & msr::kFlowControl));
    if (config_writable()) {
        r.config3 = static_cast<std::uint8_t>(merge(r.config3, value >> 8, mask >> 8 & kConfig3Writable));
        r.config4 = static_cast<std::uint8_t>(merge(r.config4, value >> 16, mask >> 16 & 0xff));
    }
}

// A reset and a new negotiation are over at once.
void Rtl8139::write_basic_control(std::uint16_t value)
{
    if ((value & mii::kReset) != 0) {
        registers_.basic_control = mii::kControlDefault;
        registers_.advertised = mii::kAdvertisedDefault;
    } else if (config_writable()) {
        registers_.basic_control = value & mii::kControlWritable;
    }
}

void Rtl8139::write_receive_ring(bool high_dword, std::uint32_t value, std::uint32_t mask)
{
    registers_.receive_ring = merge64(registers_.receive_ring, high_dword, value, mask) & kRingAddress;
    registers_.next_received = 0;
}

void Rtl8139::write_poll(std::uint8_t value)
{
    if ((value & poll::kSoftwareInterrupt) != 0) {
        raise(interrupt::kSoftware);
    }
    registers_.polled |= value & (poll::kHigh | poll::kNormal);
    transmit_polled();
}

void Rtl8139::write_tally(bool high_dword, std::uint32_t value, std::uint32_t mask)
{
    Registers& r = registers_;
    r.tally_address = merge64(r.tally_address, high_dword, value, mask) & kTallyAddress;
    if (high_dword || (value & mask & kTallyDump) == 0 || !bus_master() || !powered()) {
        return;
    }
    std::array<std::uint8_t, kTallyBytes> dump{};
    std::size_t at = 0;
    const auto put = [&dump, &at](std::uint64_t tally, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            dump[at++] = static_cast<std::uint8_t>(tally >> (8 * i));
        }
    };
    const Tallies& tallies = r.tallies;
    put(tallies.transmitted, 8);
    put(tallies.received, 8);
    put(tallies.transmit_errors, 8);
    put(tallies.receive_errors, 4);
    put(tallies.missed, 2);
    put(0, 2); // frames of no whole number of bytes
    put(0, 8); // how many there were with one collision, and with more
    put(tallies.received_physical, 8);
    put(tallies.received_broadcast, 8);
    put(tallies.received_multicast, 4);
    put(0, 2); // transmissions given up after too many collisions
    put(tallies.underruns, 2);
    if (!memory_.write(base::GuestPhysical{r.tally_address}, dump)) {
        system_error();
    }
}

} // namespace windsor::devices::rtl8139
