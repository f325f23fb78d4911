// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/vga.hpp"

#include "devices/vga/edid.hpp"

#include <algorithm>

namespace windsor::devices::vga {

base::Result<std::unique_ptr<Vga>> Vga::create(memory::GuestMemory& memory, const base::Clock& clock)
{
    std::unique_ptr<memory::Block> vram = WINDSOR_TRY(memory::Block::create(kVramSize));
    return std::unique_ptr<Vga>{new Vga{std::move(vram), memory, clock}};
}

Vga::Vga(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock)
    : vram_{std::move(vram)},
      memory_{memory},
      clock_{clock},
      edid_{make_edid({.width = 1280, .height = 800})},
      window_dirty_(kVramSize / memory::kPageSize)
{
}

void Vga::reset()
{
    state_ = State{};
    renderer_.invalidate();
}

void Vga::load(const State& state)
{
    state_ = state;
    state_.dac_component = static_cast<std::uint8_t>(state_.dac_component % 3);
    fix_dispi();
    renderer_.invalidate();
}

std::vector<backend::Rectangle> Vga::update(backend::Picture& picture)
{
    std::vector<bool> dirty = memory_.take_dirty(*vram_);
    for (std::size_t page = 0; page < dirty.size(); ++page) {
        if (window_dirty_[page]) {
            dirty[page] = true;
            window_dirty_[page] = false;
        }
    }
    return renderer_.update({.state = state_, .vram = vram_->bytes(), .dirty = dirty, .now = clock_.now()}, picture);
}

bool Vga::text(backend::TextScreen& screen) const
{
    return read_text(state_, vram_->bytes(), screen);
}

} // namespace windsor::devices::vga
