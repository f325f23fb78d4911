// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/vga.hpp"

#include "devices/vga/edid.hpp"

#include <utility>

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
    invalidate();
}

void Vga::load(const State& state)
{
    state_ = state;
    state_.dac_component = static_cast<std::uint8_t>(state_.dac_component % 3);
    fix_dispi();
    invalidate();
}

// Changes add up until they are drawn.
void Vga::capture()
{
    const std::vector<bool> dirty = memory_.take_dirty(*vram_);
    captured_.dirty.resize(dirty.size());
    for (std::size_t page = 0; page < dirty.size(); ++page) {
        captured_.dirty[page] = captured_.dirty[page] || dirty[page] || window_dirty_[page];
    }
    window_dirty_.assign(window_dirty_.size(), false);
    captured_.state = state_;
    captured_.now = clock_.now();
    captured_.redraw = captured_.redraw || std::exchange(redraw_, false);
}

std::vector<backend::Rectangle> Vga::draw(backend::Picture& picture)
{
    if (captured_.dirty.empty()) {
        return {}; // nothing has been captured yet
    }
    if (std::exchange(captured_.redraw, false)) {
        renderer_.invalidate();
    }
    std::vector<backend::Rectangle> damage = renderer_.update(
        {.state = captured_.state, .vram = vram_->bytes(), .dirty = captured_.dirty, .now = captured_.now}, picture);
    captured_.dirty.assign(captured_.dirty.size(), false);
    return damage;
}

bool Vga::text(backend::TextScreen& screen) const
{
    return read_text(state_, vram_->bytes(), screen);
}

} // namespace windsor::devices::vga
