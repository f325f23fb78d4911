// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/function.hpp"

#include <bit>
#include <cassert>

namespace windsor::pci {

Function::Function(const Identity& identity)
{
    set_default16(offset_of(Register::VendorId), identity.vendor);
    set_default16(offset_of(Register::DeviceId), identity.device);
    set_default32(offset_of(Register::RevisionId), identity.class_code << 8 | identity.revision);
    set_default8(offset_of(Register::HeaderType), identity.multifunction ? kHeaderMultifunction : 0);
    set_default16(offset_of(Register::SubsystemVendorId), identity.subsystem_vendor);
    set_default16(offset_of(Register::SubsystemId), identity.subsystem);
    set_default8(offset_of(Register::InterruptPin), identity.interrupt_pin);

    set_writable16(offset_of(Register::Command), kCommandWritable);
    set_write_one_to_clear(offset_of(Register::Status) + 1, kStatusWriteOneToClear >> 8);
    set_writable(offset_of(Register::CacheLineSize), 0xff);
    set_writable(offset_of(Register::LatencyTimer), 0xff);
    set_writable(offset_of(Register::InterruptLine), 0xff);
}

unsigned Function::bar_offset(unsigned index)
{
    return index == kRomBar ? offset_of(Register::RomBase) : offset_of(Register::BaseAddress0) + 4 * index;
}

// The address bits below the size read as zero: that is how software finds the size (section 6.2.5.1).
void Function::add_bar(unsigned index, BarKind kind, std::uint32_t size)
{
    assert(index < kBars && std::has_single_bit(size) && size >= (kind == BarKind::Io ? 4 : 16));
    bars_[index] = {.kind = kind, .size = size};
    const std::uint32_t address_bits = ~(size - 1) & (kind == BarKind::Io ? kIoAddressMask : kMemoryAddressMask);
    set_writable32(bar_offset(index), address_bits);
    if (kind != BarKind::Memory32) {
        set_default32(bar_offset(index), kind == BarKind::Io ? kBarIoSpace : kBarPrefetchable);
    }
}

void Function::add_rom(std::uint32_t size)
{
    assert(std::has_single_bit(size) && size >= 0x800);
    bars_[kRomBar] = {.kind = BarKind::Memory32, .size = size};
    set_writable32(bar_offset(kRomBar), (~(size - 1) & kRomAddressMask) | kRomEnable);
}

void Function::set_default8(unsigned offset, std::uint8_t value)
{
    defaults_[offset] = value;
    state_.config[offset] = value;
}

void Function::set_default16(unsigned offset, std::uint16_t value)
{
    set_default8(offset, static_cast<std::uint8_t>(value));
    set_default8(offset + 1, static_cast<std::uint8_t>(value >> 8));
}

void Function::set_default32(unsigned offset, std::uint32_t value)
{
    set_default16(offset, static_cast<std::uint16_t>(value));
    set_default16(offset + 2, static_cast<std::uint16_t>(value >> 16));
}

void Function::set_writable(unsigned offset, std::uint8_t mask)
{
    writable_[offset] |= mask;
}

void Function::set_writable16(unsigned offset, std::uint16_t mask)
{
    set_writable(offset, static_cast<std::uint8_t>(mask));
    set_writable(offset + 1, static_cast<std::uint8_t>(mask >> 8));
}

void Function::set_writable32(unsigned offset, std::uint32_t mask)
{
    set_writable16(offset, static_cast<std::uint16_t>(mask));
    set_writable16(offset + 2, static_cast<std::uint16_t>(mask >> 16));
}

void Function::set_read_only(unsigned offset, std::uint8_t mask)
{
    writable_[offset] &= static_cast<std::uint8_t>(~mask);
}

void Function::set_write_one_to_clear(unsigned offset, std::uint8_t mask)
{
    clear_by_one_[offset] |= mask;
}

void Function::set_bar_target(BarTarget* target)
{
    target_ = target;
    for (unsigned index = 0; index < bars_.size(); ++index) {
        if (target_ != nullptr && bars_[index].base) {
            target_->bar_mapped(*this, index, *bars_[index].base, bars_[index].size);
        }
    }
}

void Function::connect_interrupt(bus::IrqLine line)
{
    line_ = line;
    update_interrupt();
}

std::uint16_t Function::config16(unsigned offset) const
{
    return static_cast<std::uint16_t>(state_.config[offset] | state_.config[offset + 1] << 8);
}

std::uint32_t Function::config32(unsigned offset) const
{
    return config16(offset) | static_cast<std::uint32_t>(config16(offset + 2)) << 16;
}

void Function::set_config16(unsigned offset, std::uint16_t value)
{
    set_config8(offset, static_cast<std::uint8_t>(value));
    set_config8(offset + 1, static_cast<std::uint8_t>(value >> 8));
}

std::uint32_t Function::config_read(unsigned offset, unsigned width)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width && offset + i < kConfigSize; ++i) {
        value |= static_cast<std::uint32_t>(state_.config[offset + i]) << (8 * i);
    }
    return value;
}

void Function::config_write(unsigned offset, unsigned width, std::uint32_t value)
{
    for (unsigned i = 0; i < width && offset + i < kConfigSize; ++i) {
        const auto written = static_cast<std::uint8_t>(value >> (8 * i));
        const unsigned at = offset + i;
        std::uint8_t& byte = state_.config[at];
        byte = static_cast<std::uint8_t>((byte & ~writable_[at]) | (written & writable_[at]));
        byte = static_cast<std::uint8_t>(byte & ~(written & clear_by_one_[at]));
    }
    update_bars();
    update_interrupt();
    config_written(offset, width);
}

void Function::reset()
{
    state_.config = defaults_;
    state_.interrupt = false;
    update_bars();
    update_interrupt();
    config_replaced();
    device_reset();
}

void Function::set_interrupt(bool level)
{
    state_.interrupt = level;
    update_interrupt();
}

void Function::update_interrupt()
{
    std::uint8_t& status = state_.config[offset_of(Register::Status)];
    status = static_cast<std::uint8_t>((status & ~kStatusInterrupt) | (state_.interrupt ? kStatusInterrupt : 0));
    const bool disabled = (config16(offset_of(Register::Command)) & kCommandInterruptDisable) != 0;
    line_.set_level(state_.interrupt && !disabled);
}

std::optional<std::uint64_t> Function::bar_base(unsigned index) const
{
    return bars_[index].base;
}

// A range at zero, or one that ends beyond the space or at its very end (as all-ones written for sizing
// make it), is taken as not placed: many systems size registers while decoding is on.
std::optional<std::uint64_t> Function::decode(unsigned index) const
{
    const Bar& bar = bars_[index];
    const bool enabled = bar.kind == BarKind::Io ? io_enabled() : memory_enabled();
    const std::uint32_t raw = config32(bar_offset(index));
    if (bar.size == 0 || !enabled || (index == kRomBar && (raw & kRomEnable) == 0)) {
        return std::nullopt;
    }
    const std::uint64_t base = raw & ~(bar.size - 1) & (bar.kind == BarKind::Io ? kIoAddressMask : kMemoryAddressMask);
    const std::uint64_t last = base + bar.size - 1;
    const std::uint64_t limit = bar.kind == BarKind::Io ? 0xffff : 0xfffffffe;
    if (base == 0 || last > limit) {
        return std::nullopt;
    }
    return base;
}

void Function::update_bars()
{
    std::array<std::optional<std::uint64_t>, kBars + 1> wanted;
    for (unsigned index = 0; index < bars_.size(); ++index) {
        wanted[index] = decode(index);
        Bar& bar = bars_[index];
        if (bar.base && bar.base != wanted[index]) {
            const std::uint64_t old = *bar.base;
            bar.base.reset();
            if (target_ != nullptr) {
                target_->bar_unmapped(*this, index, old, bar.size);
            }
        }
    }
    for (unsigned index = 0; index < bars_.size(); ++index) {
        Bar& bar = bars_[index];
        if (wanted[index] && !bar.base) {
            bar.base = wanted[index];
            if (target_ != nullptr) {
                target_->bar_mapped(*this, index, *bar.base, bar.size);
            }
        }
    }
}

// What neither the guest nor the device ever changes is what it was built with, whatever a saved state says.
void Function::keep_fixed_bits()
{
    for (unsigned at = 0; at < kConfigSize; ++at) {
        const bool status = at == offset_of(Register::Status);
        const auto changes =
            static_cast<std::uint8_t>(writable_[at] | clear_by_one_[at] | (status ? kStatusInterrupt : 0));
        state_.config[at] = static_cast<std::uint8_t>((defaults_[at] & ~changes) | (state_.config[at] & changes));
    }
}

void Function::load(const State& state)
{
    state_ = state;
    keep_fixed_bits();
    const bool disabled = (config16(offset_of(Register::Command)) & kCommandInterruptDisable) != 0;
    line_.restore_level(state_.interrupt && !disabled);
    update_bars();
    config_replaced();
}

} // namespace windsor::pci
