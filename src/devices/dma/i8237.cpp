// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/dma/i8237.hpp"

#include <utility>

namespace windsor::devices::dma {

namespace {

constexpr std::uint8_t bit(unsigned index)
{
    return static_cast<std::uint8_t>(1u << (index % kChannelsPerController));
}

void set_bit(std::uint8_t& set, unsigned index, bool value)
{
    set = static_cast<std::uint8_t>(value ? set | bit(index) : set & ~bit(index));
}

void set_half(std::uint16_t& word, bool high, std::uint8_t value)
{
    word = static_cast<std::uint16_t>(high ? (word & 0x00ff) | value << 8 : (word & 0xff00) | value);
}

} // namespace

TransferType I8237::type(unsigned index) const
{
    return static_cast<TransferType>((state_.channels[index].mode >> 2) & 3);
}

bool I8237::enabled(unsigned index) const
{
    return (state_.command & command::kDisable) == 0 && (state_.masks & bit(index)) == 0;
}

std::uint8_t I8237::read(unsigned offset)
{
    if (offset < 2 * kChannelsPerController) {
        const Channel& channel = state_.channels[offset / 2];
        const std::uint16_t word = (offset & 1) == 0 ? channel.address : channel.count;
        const bool high = std::exchange(state_.high_byte, !state_.high_byte);
        return static_cast<std::uint8_t>(high ? word >> 8 : word & 0xff);
    }
    switch (static_cast<Register>(offset)) {
    case Register::StatusCommand: {
        // "Bits 0-3 are cleared ... on each Status Read."
        const std::uint8_t reached = std::exchange(state_.terminal_counts, std::uint8_t{0});
        return static_cast<std::uint8_t>((state_.requests | state_.dreq) << 4 | reached);
    }
    case Register::TemporaryMasterClear:
        return state_.temporary;
    case Register::AllMasks:
        return static_cast<std::uint8_t>(0xf0 | state_.masks); // as the PIIX gives it
    default:
        return 0xff;
    }
}

void I8237::write_channel(unsigned offset, std::uint8_t value)
{
    Channel& channel = state_.channels[offset / 2];
    const bool high = std::exchange(state_.high_byte, !state_.high_byte);
    if ((offset & 1) == 0) {
        set_half(channel.base_address, high, value);
        set_half(channel.address, high, value);
    } else {
        set_half(channel.base_count, high, value);
        set_half(channel.count, high, value);
    }
}

void I8237::master_clear()
{
    state_.command = 0;
    state_.terminal_counts = 0;
    state_.requests = 0;
    state_.temporary = 0;
    state_.high_byte = false;
    state_.masks = 0x0f;
}

void I8237::write(unsigned offset, std::uint8_t value)
{
    if (offset < 2 * kChannelsPerController) {
        write_channel(offset, value);
        return;
    }
    switch (static_cast<Register>(offset)) {
    case Register::StatusCommand:
        state_.command = value;
        break;
    case Register::Request:
        set_bit(state_.requests, value & 3, (value & kSetBit) != 0);
        break;
    case Register::SingleMask:
        set_bit(state_.masks, value & 3, (value & kSetBit) != 0);
        break;
    case Register::Mode:
        state_.channels[value & 3].mode = value & 0xfc;
        break;
    case Register::ClearFlipFlop:
        state_.high_byte = false;
        break;
    case Register::TemporaryMasterClear:
        master_clear();
        break;
    case Register::ClearMask:
        state_.masks = 0;
        break;
    case Register::AllMasks:
        state_.masks = value & 0x0f;
        break;
    }
}

bool I8237::step(unsigned index, std::uint32_t transfers)
{
    Channel& channel = state_.channels[index];
    const bool terminal = transfers > channel.count;
    channel.address =
        static_cast<std::uint16_t>(decrements(index) ? channel.address - transfers : channel.address + transfers);
    channel.count = static_cast<std::uint16_t>(channel.count - transfers);
    if (!terminal) {
        return false;
    }
    state_.terminal_counts |= bit(index);
    set_bit(state_.requests, index, false);
    if ((channel.mode & mode::kAutoInitialize) != 0) {
        channel.address = channel.base_address;
        channel.count = channel.base_count;
    } else {
        state_.masks |= bit(index);
    }
    return true;
}

void I8237::set_dreq(unsigned index, bool level)
{
    set_bit(state_.dreq, index, level);
}

} // namespace windsor::devices::dma
