// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/vga.hpp"

#include "devices/vga/edid.hpp"

#include <utility>

namespace windsor::devices::vga {

base::Result<std::unique_ptr<Vga>> Vga::create(memory::GuestMemory& memory, const base::Clock& clock,
                                               std::uint64_t vram_size)
{
    std::unique_ptr<memory::Block> vram = WINDSOR_TRY(memory::Block::create(vram_size));
    return std::unique_ptr<Vga>{new Vga{std::move(vram), memory, clock}};
}

Vga::Vga(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock)
    : Adapter{std::move(vram), memory, clock, {.sequencer = 0x07, .graphics = 0x0f}},
      edid_{make_edid({.width = 1280, .height = 800})}
{
}

void Vga::reset()
{
    state_ = {};
    dispi_ = {};
    invalidate();
}

void Vga::load(const State& state)
{
    load_registers(state);
    dispi_ = state;
    fix_dispi();
    invalidate();
}

bool Vga::locate(std::uint64_t offset, std::uint64_t& address) const
{
    if (!Adapter::locate(offset, address)) {
        return false;
    }
    const bool banked = ((state_.graphics[gfx::kMiscellaneous] >> 2) & 3) == 1; // A0000h, 64 KiB
    if (banked && dispi_.dispi_enabled()) {
        address += std::uint64_t{dispi_.dispi[dispi::kBank]} << 16;
    }
    return true;
}

// VBE modes are not blanked by the registers of the VGA.
bool Vga::blanked() const
{
    return dispi_.dispi_enabled() ? (state_.attribute_index & attr::kPaletteSource) == 0 : Adapter::blanked();
}

// Nor do those say how long a frame takes.
std::int64_t Vga::dot_clock() const
{
    return dispi_.dispi_enabled() ? 0 : Adapter::dot_clock();
}

Frame Vga::frame() const
{
    if (!dispi_.dispi_enabled()) {
        return Adapter::frame();
    }
    const auto& r = dispi_.dispi;
    Frame frame;
    frame.wrap = static_cast<std::uint32_t>(vram().size());
    frame.size = {r[dispi::kXres], r[dispi::kYres]};
    frame.pitch = dispi_.dispi_pitch();
    frame.start = r[dispi::kXoffset] * dispi_.dispi_bits() / 8 + r[dispi::kYoffset] * frame.pitch;
    switch (r[dispi::kBpp]) {
    case 4:
        frame.format = PixelFormat::Planar;
        frame.start &= ~3U;
        frame.pan = r[dispi::kXoffset] & 7U;
        frame.plane_enable = state_.attribute[attr::kPlaneEnable] & 0x0f;
        break;
    case 15: frame.format = PixelFormat::Rgb555; break;
    case 16: frame.format = PixelFormat::Rgb565; break;
    case 24: frame.format = PixelFormat::Rgb888; break;
    case 32: frame.format = PixelFormat::Rgbx8888; break;
    default: frame.format = PixelFormat::Indexed; break;
    }
    return frame;
}

} // namespace windsor::devices::vga
