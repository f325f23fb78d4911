// SPDX-License-Identifier: GPL-2.0-or-later
// How the guest reaches the registers: memory, ports, and what each access does.
#include "devices/e1000/e1000.hpp"

#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint32_t kDword = 4;

// Bits of PBA: the receiver's share of 64 KiB of packet buffer, and the transmitter's.
constexpr std::uint32_t kPacketBufferSize = 64;
constexpr unsigned kTransmitShareShift = 16;

} // namespace

// Registers are dwords (section 13.2.1). Parts of them can be read; written in parts they would do half of what they
// are to do, so that such writes are refused.
bus::ReadResult E1000::MemoryRegisters::read(std::uint64_t offset, bus::Width width)
{
    if (!is_awake(chip_)) {
        return bus::all_ones(width);
    }
    const auto at = static_cast<std::uint32_t>(offset);
    const std::uint32_t within = at % kDword;
    const unsigned size = bus::bytes(width);
    if (within + size > kDword && (width != bus::Width::Qword || within != 0)) {
        return bus::AccessStatus::BadWidth;
    }
    std::uint64_t value = chip_.read_register(at - within);
    if (width == bus::Width::Qword) {
        value |= std::uint64_t{chip_.read_register(at + kDword)} << 32;
    }
    return value >> (8 * within) & bus::all_ones(width);
}

bus::AccessStatus E1000::MemoryRegisters::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (!is_awake(chip_)) {
        return bus::AccessStatus::Ok;
    }
    const auto at = static_cast<std::uint32_t>(offset);
    if (at % kDword != 0 || bus::bytes(width) < kDword) {
        return bus::AccessStatus::NoRegister;
    }
    chip_.write_register(at, static_cast<std::uint32_t>(value));
    if (width == bus::Width::Qword) {
        chip_.write_register(at + kDword, static_cast<std::uint32_t>(value >> 32));
    }
    return bus::AccessStatus::Ok;
}

// IOADDR and IODATA, section 13.2.2: memory by way of two ports.
bus::ReadResult E1000::IoRegisters::read(std::uint64_t offset, bus::Width width)
{
    if (width == bus::Width::Qword || offset % kDword + bus::bytes(width) > kDword) {
        return bus::AccessStatus::BadWidth;
    }
    const unsigned shift = 8 * (offset % kDword);
    switch (offset & ~std::uint64_t{kDword - 1}) {
    case kIoAddress: return std::uint64_t{chip_.io_address_} >> shift & bus::all_ones(width);
    case kIoData: {
        if (chip_.io_address_ >= kMemorySize || !is_awake(chip_)) {
            return 0;
        }
        const std::uint32_t at = chip_.io_address_ & ~(kDword - 1);
        return std::uint64_t{chip_.read_register(at)} >> shift & bus::all_ones(width);
    }
    default: return 0;
    }
}

bus::AccessStatus E1000::IoRegisters::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Dword || offset % kDword != 0) {
        return bus::AccessStatus::NoRegister;
    }
    if (offset == kIoAddress) {
        chip_.io_address_ = static_cast<std::uint32_t>(value);
    } else if (offset == kIoData && chip_.io_address_ < kMemorySize && is_awake(chip_)) {
        chip_.write_register(chip_.io_address_ & ~(kDword - 1), static_cast<std::uint32_t>(value));
    }
    return bus::AccessStatus::Ok;
}

std::uint32_t E1000::status() const
{
    const LinkMode mode = phy_.mode();
    const bool forced_duplex = (registers_.ctrl & ctrl::kForceDuplex) != 0;
    const bool full = forced_duplex || !phy_.link() ? (registers_.ctrl & ctrl::kFullDuplex) != 0 : mode.full_duplex;
    const std::uint32_t detected = std::to_underlying(mode.speed);
    const std::uint32_t speed =
        (registers_.ctrl & ctrl::kForceSpeed) != 0 ? registers_.ctrl >> ctrl::kSpeedShift & 3 : detected;
    return (full ? status::kFullDuplex : 0) | (link_up_ ? status::kLinkUp : 0) | speed << status::kSpeedShift |
           detected << status::kDetectedSpeedShift;
}

std::uint32_t E1000::read_register(std::uint32_t offset)
{
    offset = without_alias(offset);
    switch (offset) {
    case reg::kStatus: return status();
    case reg::kEecd:
        return registers_.eecd | ((registers_.eecd & eecd::kRequest) != 0 ? eecd::kGrant : 0) | eecd::kPresent |
               (eeprom_.data_out() ? eecd::kDataOut : 0);
    case reg::kIcr: interrupts_.settle(); return interrupts_.take_causes();
    case reg::kItr: return interrupts_.interval();
    case reg::kIms: return interrupts_.mask();
    case reg::kPba:
        return registers_.pba | (registers_.pba < kPacketBufferSize ? kPacketBufferSize - registers_.pba : 0)
                                    << kTransmitShareShift;
    default: break;
    }
    if (Statistics::has(offset)) {
        return statistics_.read(offset);
    }
    const auto plain = find_register(registers_, offset);
    return plain ? *plain->value : 0;
}

void E1000::write_register(std::uint32_t offset, std::uint32_t value)
{
    offset = without_alias(offset);
    if (write_interrupts(offset, value) || write_special(offset, value)) {
        return;
    }
    if (const auto plain = find_register(registers_, offset)) {
        *plain->value = value & plain->writable;
        written(offset, value);
    }
}

bool E1000::write_interrupts(std::uint32_t offset, std::uint32_t value)
{
    switch (offset) {
    case reg::kIcr: interrupts_.clear_causes(value); return true;
    case reg::kItr: interrupts_.set_interval(value); return true;
    case reg::kIcs: interrupts_.raise(value); return true;
    case reg::kIms: interrupts_.set_mask(value); return true;
    case reg::kImc: interrupts_.clear_mask(value); return true;
    default: return false;
    }
}

bool E1000::write_special(std::uint32_t offset, std::uint32_t value)
{
    switch (offset) {
    case reg::kCtrl:
        write_ctrl(value);
        ask_for_input();
        return true;
    case reg::kEecd:
        registers_.eecd = value & eecd::kKept;
        eeprom_.drive(value);
        return true;
    case reg::kEerd: write_eerd(value); return true;
    case reg::kCtrlExt: write_ctrl_ext(value); return true;
    case reg::kMdic:
        write_mdic(value);
        ask_for_input();
        return true;
    default: return false;
    }
}

void E1000::written(std::uint32_t offset, std::uint32_t value)
{
    switch (offset) {
    case reg::kTdt:
    case reg::kTctl: transmit(); break;
    case reg::kRctl:
    case reg::kRdt:
    case reg::kRdh:
    case reg::kRdlen: ask_for_input(); break;
    case reg::kRdtr:
        if ((value & kFlushPartial) != 0) {
            interrupts_.flush_received();
        }
        break;
    case reg::kTidv:
        if ((value & kFlushPartial) != 0) {
            interrupts_.flush_transmitted();
        }
        break;
    default: break;
    }
}

void E1000::write_ctrl(std::uint32_t value)
{
    if ((value & ctrl::kPhyReset) != 0) {
        phy_.reset(clock_.now());
    }
    if ((value & ctrl::kReset) != 0) {
        reset_by_software();
        return;
    }
    registers_.ctrl = value & ~(ctrl::kReset | ctrl::kPhyReset);
    settle_link();
}

void E1000::write_ctrl_ext(std::uint32_t value)
{
    registers_.ctrl_ext = value & ctrl_ext::kWritable & ~ctrl_ext::kEepromReset;
    if ((value & ctrl_ext::kEepromReset) != 0) {
        load_station_address(registers_, eeprom_);
    }
}

void E1000::write_eerd(std::uint32_t value)
{
    registers_.eerd = value & eerd::kAddressMask;
    if ((value & eerd::kStart) != 0) {
        const std::uint16_t word = eeprom_.word(value >> eerd::kAddressShift & 0xff);
        registers_.eerd |= eerd::kDone | std::uint32_t{word} << eerd::kDataShift;
    }
}

// One read or write of the physical layer's registers, which is done at once.
void E1000::write_mdic(std::uint32_t value)
{
    const unsigned index = value >> mdic::kRegisterShift & 31;
    const bool present = (value >> mdic::kPhyShift & 31) == mdic::kPhyAddress;
    std::uint32_t result = (value & mdic::kMask & ~mdic::kError) | mdic::kReady;
    settle_link();
    switch (value & mdic::kOperation) {
    case mdic::kRead: result = (result & 0xffff'0000) | (present ? phy_.read(index) : 0xffffU); break;
    case mdic::kWrite:
        if (present) {
            phy_.write(index, static_cast<std::uint16_t>(value), clock_.now());
        }
        break;
    default: break;
    }
    registers_.mdic = present ? result : result | mdic::kError;
    settle_link();
    if ((value & mdic::kInterruptEnable) != 0) {
        interrupts_.raise(cause::kMdioDone);
    }
}

} // namespace windsor::devices::e1000
