// SPDX-License-Identifier: GPL-2.0-or-later
// The Bochs VBE extension and the register window of BAR 2.
#include "devices/vga/vga.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::devices::vga {

bus::ReadResult Vga::read_dispi_port(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Word || offset > 2) {
        return width > bus::Width::Word ? bus::AccessStatus::BadWidth : bus::AccessStatus::NoRegister;
    }
    return offset == 0 ? dispi_.dispi_index : read_dispi(dispi_.dispi_index);
}

bus::AccessStatus Vga::write_dispi_port(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Word || offset > 2) {
        return width > bus::Width::Word ? bus::AccessStatus::BadWidth : bus::AccessStatus::NoRegister;
    }
    const auto word = static_cast<std::uint16_t>(value);
    if (offset == 0) {
        dispi_.dispi_index = word;
    } else {
        write_dispi(dispi_.dispi_index, word);
    }
    return bus::AccessStatus::Ok;
}

std::uint16_t Vga::read_dispi(unsigned index) const
{
    if (index >= dispi::kCount) {
        return 0;
    }
    if ((dispi_.dispi[dispi::kEnable] & dispi::kGetCaps) != 0) {
        switch (index) {
        case dispi::kXres:
            return kMaxWidth;
        case dispi::kYres:
            return kMaxHeight;
        case dispi::kBpp:
            return dispi::kMaxBpp;
        default:
            break;
        }
    }
    return index == dispi::kVideoMemory64k ? static_cast<std::uint16_t>(vram().size() / 65536) : dispi_.dispi[index];
}

void Vga::write_dispi(unsigned index, std::uint16_t value)
{
    switch (index) {
    case dispi::kId:
        if (value >= dispi::kId0 && value <= dispi::kId5) {
            dispi_.dispi[index] = value;
        }
        break;
    case dispi::kXres:
    case dispi::kYres:
    case dispi::kBpp:
    case dispi::kVirtualWidth:
    case dispi::kXoffset:
    case dispi::kYoffset:
        dispi_.dispi[index] = value;
        fix_dispi();
        break;
    case dispi::kBank:
        // In 64 KiB of CPU addresses: of one plane in 4-bit modes, of video memory otherwise.
        dispi_.dispi[index] =
            static_cast<std::uint16_t>(value & (vram().size() / 65536 / (dispi_.dispi[dispi::kBpp] == 4 ? 4 : 1) - 1));
        break;
    case dispi::kEnable:
        enable_dispi(value);
        break;
    default: // the virtual height follows from the width; the rest is read-only
        break;
    }
}

void Vga::enable_dispi(std::uint16_t value)
{
    const bool was_enabled = dispi_.dispi_enabled();
    set_dac_width((value & dispi::k8BitDac) != 0);
    dispi_.dispi[dispi::kEnable] = value;
    if (!dispi_.dispi_enabled()) {
        dispi_.dispi[dispi::kBank] = 0;
    } else if (!was_enabled) {
        dispi_.dispi[dispi::kVirtualWidth] = 0;
        dispi_.dispi[dispi::kXoffset] = 0;
        dispi_.dispi[dispi::kYoffset] = 0;
        dispi_.dispi[dispi::kBank] = 0;
        fix_dispi();
        program_vga_for_dispi();
        if ((value & dispi::kNoClearMemory) == 0) {
            const std::size_t count = std::size_t{dispi_.dispi_pitch()} * dispi_.dispi[dispi::kYres];
            std::memset(vram().data(), 0, count);
            touched(0, count);
        }
    }
}

// Brings the mode into what the chip and its memory can do. Nothing happens to values written while VBE is
// off until it is turned on.
void Vga::fix_dispi()
{
    if (!dispi_.dispi_enabled()) {
        return;
    }
    auto& r = dispi_.dispi;
    const auto limited = [](unsigned value, unsigned least, unsigned most) {
        return static_cast<std::uint16_t>(std::clamp(value, least, most));
    };
    constexpr std::array<std::uint16_t, 6> kDepths{4, 8, 15, 16, 24, 32};
    if (std::ranges::find(kDepths, r[dispi::kBpp]) == kDepths.end()) {
        r[dispi::kBpp] = 8;
    }
    // In planes and in bytes alike, lines start at a multiple of eight pixels.
    r[dispi::kXres] = limited(r[dispi::kXres] & ~7U, 8, kMaxWidth);
    r[dispi::kVirtualWidth] = limited(r[dispi::kVirtualWidth] & ~7U, r[dispi::kXres], 0x7ff8);
    const unsigned pitch = dispi_.dispi_pitch();
    const auto lines = static_cast<unsigned>(std::min<std::uint64_t>(vram().size() / pitch, 0xffff));
    r[dispi::kVirtualHeight] = static_cast<std::uint16_t>(lines);
    r[dispi::kYres] = limited(r[dispi::kYres], 1, std::min(lines, kMaxHeight));

    const auto fits = [&] {
        const std::uint64_t start =
            std::uint64_t{r[dispi::kXoffset]} * dispi_.dispi_bits() / 8 + std::uint64_t{r[dispi::kYoffset]} * pitch;
        return start + std::uint64_t{r[dispi::kYres]} * pitch <= vram().size();
    };
    if (!fits()) {
        r[dispi::kYoffset] = 0;
    }
    if (!fits()) {
        r[dispi::kXoffset] = 0;
    }
}

// A VBE mode shows in the VGA's own registers, as vgabios and banked access through the window expect.
void Vga::program_vga_for_dispi()
{
    const auto set = [](std::uint8_t& reg, unsigned clear, unsigned value) {
        reg = static_cast<std::uint8_t>((reg & ~clear) | value);
    };
    const auto& r = dispi_.dispi;
    const unsigned last_line = r[dispi::kYres] - 1U;
    set(state_.graphics[gfx::kMiscellaneous], 0x0f, 0x05); // A0000h, 64 KiB, graphics
    set(state_.crtc[crtc::kModeControl], 0, crtc::kModeNoCga | crtc::kModeNoHercules);
    state_.crtc[crtc::kOffset] = static_cast<std::uint8_t>(dispi_.dispi_pitch() / 8);
    state_.crtc[crtc::kHorizontalDisplayEnd] = static_cast<std::uint8_t>(r[dispi::kXres] / 8 - 1);
    state_.crtc[crtc::kVerticalDisplayEnd] = static_cast<std::uint8_t>(last_line);
    set(state_.crtc[crtc::kOverflow], 0x42, ((last_line >> 7) & 0x02) | ((last_line >> 3) & 0x40));
    // No split screen, no repeated lines.
    state_.crtc[crtc::kLineCompare] = 0xff;
    set(state_.crtc[crtc::kOverflow], 0, crtc::kOverflowLineCompare);
    set(state_.crtc[crtc::kMaximumScanLine], 0x9f, 0x40);
    if (r[dispi::kBpp] == 4) {
        set(state_.graphics[gfx::kMode], 0x60, 0);
        set(state_.sequencer[seq::kClocking], seq::kClockingHalf, 0);
        set(state_.sequencer[seq::kMemoryMode], seq::kMemoryChain4, seq::kMemorySequential);
    } else {
        set(state_.graphics[gfx::kMode], 0x60, 0x40);
        set(state_.sequencer[seq::kMemoryMode], 0, seq::kMemoryChain4);
        set(state_.sequencer[seq::kMapMask], 0, 0x0f);
    }
}

// The palette keeps its colours.
void Vga::set_dac_width(bool eight_bits)
{
    if (eight_bits == state_.dac_8bit) {
        return;
    }
    state_.dac_8bit = eight_bits;
    for (std::uint8_t& component : state_.dac) {
        component = static_cast<std::uint8_t>(eight_bits ? (component << 2) | (component >> 4) : component >> 2);
    }
}

std::uint8_t Vga::read_register_byte(std::uint64_t offset)
{
    const auto byte_of = [](std::uint64_t value, std::uint64_t index) {
        return static_cast<std::uint8_t>(value >> (8 * index));
    };
    if (offset < mmio::kEdid + mmio::kEdidSize) {
        return offset < edid_.size() ? edid_[offset] : std::uint8_t{0};
    }
    if (offset >= mmio::kVga && offset < mmio::kVga + mmio::kVgaSize) {
        const bus::ReadResult result = read_port(static_cast<unsigned>(port::kAttribute + (offset - mmio::kVga)));
        return result.status == bus::AccessStatus::Ok ? static_cast<std::uint8_t>(result.value) : std::uint8_t{0xff};
    }
    if (offset >= mmio::kDispi && offset < mmio::kDispi + mmio::kDispiSize) {
        const std::uint64_t at = offset - mmio::kDispi;
        return byte_of(read_dispi(static_cast<unsigned>(at / 2)), at % 2);
    }
    if (offset >= mmio::kExtension && offset < mmio::kExtension + mmio::kExtensionSize) {
        const std::uint64_t at = offset - mmio::kExtension;
        return byte_of(at < 4 ? mmio::kExtensionSize : mmio::kLittleEndian, at % 4);
    }
    return 0xff;
}

bus::ReadResult Vga::read_registers(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        value |= std::uint64_t{read_register_byte(offset + i)} << (8 * i);
    }
    return value;
}

// The EDID and the extension's size are read-only; the byte order is little-endian whatever is asked for.
bus::AccessStatus Vga::write_registers(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const std::uint64_t at = offset + i;
        if (at >= mmio::kVga && at < mmio::kVga + mmio::kVgaSize) {
            const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
            static_cast<void>(write_port(static_cast<unsigned>(port::kAttribute + (at - mmio::kVga)), byte));
        }
        const bool in_dispi = at >= mmio::kDispi && at < mmio::kDispi + mmio::kDispiSize;
        if (in_dispi && at % 2 == 0 && i + 1 < bus::bytes(width)) {
            write_dispi(static_cast<unsigned>((at - mmio::kDispi) / 2), static_cast<std::uint16_t>(value >> (8 * i)));
        }
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::vga
