// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/adapter.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::vga {

Adapter::Adapter(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock,
                 const IndexBits& bits)
    : vram_{std::move(vram)}, memory_{memory}, clock_{clock}, index_bits_{bits},
      window_dirty_(vram_->size() / memory::kPageSize)
{
}

void Adapter::load_registers(const Registers& registers)
{
    state_ = registers;
    state_.dac_component = static_cast<std::uint8_t>(state_.dac_component % 3);
}

// Changes add up until they are drawn.
void Adapter::capture()
{
    const std::vector<bool> dirty = memory_.take_dirty(*vram_);
    captured_.dirty.resize(dirty.size());
    for (std::size_t page = 0; page < dirty.size(); ++page) {
        captured_.dirty[page] = captured_.dirty[page] || dirty[page] || window_dirty_[page];
    }
    window_dirty_.assign(window_dirty_.size(), false);
    Display& display = captured_.display;
    display.frame = blanked() ? Frame{} : frame();
    display.palette = palette(display.frame.format);
    display.cursor = text_cursor(state_, display.frame);
    display.pointer = pointer();
    captured_.now = clock_.now();
    captured_.redraw = captured_.redraw || std::exchange(redraw_, false);
}

std::vector<backend::Rectangle> Adapter::draw(backend::Picture& picture)
{
    if (captured_.dirty.empty()) {
        return {}; // nothing has been captured yet
    }
    if (std::exchange(captured_.redraw, false)) {
        renderer_.invalidate();
    }
    std::vector<backend::Rectangle> damage = renderer_.update(
        {.display = captured_.display, .vram = vram_->bytes(), .dirty = captured_.dirty, .now = captured_.now},
        picture);
    captured_.dirty.assign(captured_.dirty.size(), false);
    return damage;
}

bool Adapter::text(backend::TextScreen& screen) const
{
    const Frame shown = frame();
    if (shown.format != PixelFormat::Text || state_.crtc[crtc::kHorizontalDisplayEnd] == 0) {
        return false;
    }
    screen = read_text(shown, text_cursor(state_, shown), vram_->bytes());
    return true;
}

} // namespace windsor::devices::vga
