// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/dma/dma.hpp"

#include <algorithm>

namespace windsor::devices::dma {

Dma::Dma(memory::GuestMemory& memory) : memory_{memory} {}

void Dma::set_request(unsigned channel, bool level)
{
    if (channel < kChannels) {
        (channel < kChannelsPerController ? first_ : second_).set_dreq(channel % kChannelsPerController, level);
    }
}

// Word channels count words: their address is shifted by one and bit 0 of the page is not used.
std::uint64_t Dma::address(unsigned channel) const
{
    const bool words = channel >= kChannelsPerController;
    const std::uint64_t low = (words ? second_ : first_).channel(channel % kChannelsPerController).address;
    const std::uint64_t page = pages_[kPageOffset[channel]];
    return words ? (page & 0xfe) << 16 | low << 1 : page << 16 | low;
}

template <typename Move> Dma::Transfer Dma::run(unsigned channel, TransferType type, std::size_t size, Move move)
{
    Transfer done;
    if (channel >= kChannels || channel == kCascadeChannel) {
        return done;
    }
    const bool words = channel >= kChannelsPerController;
    I8237& controller = words ? second_ : first_;
    const unsigned index = channel % kChannelsPerController;
    const std::size_t unit = words ? 2 : 1;
    const TransferType set_up = controller.type(index);
    if (set_up != type && set_up != TransferType::Verify) {
        return done;
    }
    while (!done.terminal_count && controller.enabled(index) && size - done.bytes >= unit) {
        const I8237::Channel& state = controller.channel(index);
        // The address wraps within 64 Ki units; a descending transfer goes unit by unit.
        const std::uint32_t before_wrap = controller.decrements(index) ? 1u : 0x10000u - state.address;
        const auto fits = static_cast<std::uint32_t>(std::min<std::size_t>((size - done.bytes) / unit, 0x10000));
        const std::uint32_t units = std::min({before_wrap, fits, std::uint32_t{state.count} + 1});
        if (set_up != TransferType::Verify) {
            move(base::GuestPhysical{address(channel)}, done.bytes, units * unit);
        }
        done.bytes += units * unit;
        done.terminal_count = controller.step(index, units);
    }
    return done;
}

Dma::Transfer Dma::read(unsigned channel, std::span<std::uint8_t> into)
{
    return run(channel, TransferType::Read, into.size(),
               [&](base::GuestPhysical from, std::size_t place, std::size_t count) {
                   const auto piece = into.subspan(place, count);
                   if (!memory_.read(from, piece)) {
                       std::ranges::fill(piece, std::uint8_t{0xff});
                   }
               });
}

Dma::Transfer Dma::write(unsigned channel, std::span<const std::uint8_t> from)
{
    return run(channel, TransferType::Write, from.size(),
               [&](base::GuestPhysical to, std::size_t place, std::size_t count) {
                   static_cast<void>(memory_.write(to, from.subspan(place, count)));
               });
}

void Dma::reset()
{
    first_.reset();
    second_.reset();
    pages_ = {};
}

Dma::State Dma::state() const
{
    return {.first = first_.state(), .second = second_.state(), .pages = pages_};
}

void Dma::load(const State& state)
{
    first_.load(state.first);
    second_.load(state.second);
    pages_ = state.pages;
}

bus::ReadResult Dma::ControllerPorts::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{controller_.read(static_cast<unsigned>(offset / stride_ % 16))};
}

bus::AccessStatus Dma::ControllerPorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    controller_.write(static_cast<unsigned>(offset / stride_ % 16), static_cast<std::uint8_t>(value));
    return bus::AccessStatus::Ok;
}

bus::ReadResult Dma::PagePorts::read(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return std::uint64_t{dma_.pages_[offset % kPageRegisters]};
}

bus::AccessStatus Dma::PagePorts::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    dma_.pages_[offset % kPageRegisters] = static_cast<std::uint8_t>(value);
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::dma
