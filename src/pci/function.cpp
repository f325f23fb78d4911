// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/function.hpp"

#include "pci/platform.hpp"

#include <bit>
#include <cassert>
#include <utility>

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
void Function::add_range(unsigned index, Range range)
{
    const BarKind kind = range.kind();
    assert(index < kBars && std::has_single_bit(range.size()) && range.size() >= (kind == BarKind::Io ? 4 : 16));
    const std::uint32_t address_bits =
        ~(range.size() - 1) & (kind == BarKind::Io ? kIoAddressMask : kMemoryAddressMask);
    set_writable32(bar_offset(index), address_bits);
    if (kind != BarKind::Memory32) {
        set_default32(bar_offset(index), kind == BarKind::Io ? kBarIoSpace : kBarPrefetchable);
    }
    ranges_[index] = std::move(range);
}

void Function::add_bar(unsigned index, BarKind kind, std::uint32_t size, Registers content)
{
    add_range(index, Range{kind, size, std::move(content)});
}

void Function::add_bar(unsigned index, BarKind kind, const Storage& content)
{
    assert(kind != BarKind::Io);
    add_range(index, Range{kind, static_cast<std::uint32_t>(content.block->size()), content});
}

void Function::add_rom(memory::Block& block)
{
    const auto size = static_cast<std::uint32_t>(block.size());
    assert(std::has_single_bit(size));
    set_writable32(bar_offset(kRomBar), (~(size - 1) & kRomAddressMask) | kRomEnable);
    ranges_[kRomBar] = Range{BarKind::Memory32, size, Storage{.block = &block, .backing = memory::Backing::ReadOnly}};
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

void Function::connect(const Spaces& spaces)
{
    spaces_.emplace(spaces);
    for (Range& range : ranges_) {
        range.appear_in(spaces);
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
    return ranges_[index].base();
}

// A range at zero, or one that ends beyond the space or at its very end (as all-ones written for sizing
// make it), is taken as not placed: many systems size registers while decoding is on.
std::optional<std::uint64_t> Function::decode(unsigned index) const
{
    const Range& range = ranges_[index];
    const bool ports = range.kind() == BarKind::Io;
    const bool enabled = ports ? io_enabled() : memory_enabled();
    const std::uint32_t raw = config32(bar_offset(index));
    if (range.size() == 0 || !enabled || (index == kRomBar && (raw & kRomEnable) == 0)) {
        return std::nullopt;
    }
    const std::uint64_t base = raw & ~(range.size() - 1) & (ports ? kIoAddressMask : kMemoryAddressMask);
    const std::uint64_t last = base + range.size() - 1;
    const std::uint64_t limit = ports ? 0xffff : 0xfffffffe;
    if (base == 0 || last > limit) {
        return std::nullopt;
    }
    return base;
}

// Those that move vanish first: two may change places.
void Function::update_bars()
{
    std::array<std::optional<std::uint64_t>, kBars + 1> wanted;
    for (unsigned index = 0; index < ranges_.size(); ++index) {
        wanted[index] = decode(index);
        if (ranges_[index].base() && ranges_[index].base() != wanted[index]) {
            ranges_[index].vanish();
        }
    }
    for (unsigned index = 0; index < ranges_.size(); ++index) {
        if (wanted[index] && !ranges_[index].base()) {
            ranges_[index].appear(*wanted[index], spaces_);
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

// The IDE function of older Windsors had no subsystem. A guest that was saved there knows it so, and keeps it.
void Function::keep_older_subsystem()
{
    constexpr unsigned kVendor = offset_of(Register::SubsystemVendorId);
    constexpr unsigned kSubsystem = offset_of(Register::SubsystemId);
    const bool platform = (defaults_[kVendor] | defaults_[kVendor + 1] << 8) == kPlatformSubsystemVendor;
    if (platform && config16(kVendor) == 0 && config16(kSubsystem) == 0) {
        set_default16(kVendor, 0);
        set_default16(kSubsystem, 0);
    }
}

void Function::load(const State& state)
{
    state_ = state;
    keep_older_subsystem();
    keep_fixed_bits();
    const bool disabled = (config16(offset_of(Register::Command)) & kCommandInterruptDisable) != 0;
    line_.restore_level(state_.interrupt && !disabled);
    update_bars();
    config_replaced();
}

} // namespace windsor::pci
