// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/renderer.hpp"

#include "devices/vga/lines.hpp"

#include <algorithm>

namespace windsor::devices::vga {

namespace {

constexpr backend::Size kSizeAtPowerOn{720, 400};

// Adds a changed stretch of lines, joined with the one before if that is near.
void add_damage(std::vector<backend::Rectangle>& damage, const backend::Rectangle& more)
{
    constexpr unsigned kNear = 4;
    if (damage.empty() || more.y > damage.back().y + damage.back().height + kNear) {
        damage.push_back(more);
        return;
    }
    backend::Rectangle& last = damage.back();
    const unsigned left = std::min(last.x, more.x);
    const unsigned right = std::max(last.x + last.width, more.x + more.width);
    last = {left, last.y, right - left, more.y + more.height - last.y};
}

} // namespace

std::vector<backend::Rectangle> Renderer::update(const RenderInput& input, backend::Picture& picture)
{
    Frame frame = input.display.frame;
    if (frame.format == PixelFormat::Blank) {
        frame.size = picture.size.width != 0 ? picture.size : kSizeAtPowerOn;
    }
    const Palette& palette = input.display.palette;
    const std::size_t pixels = std::size_t{frame.size.width} * frame.size.height;
    bool everything = !valid_ || picture_ != &picture || picture.size != frame.size || picture.pixels.size() != pixels;
    if (everything) {
        picture.size = frame.size;
        picture.pixels.assign(pixels, 0);
    }
    everything = everything || frame != frame_ || palette != palette_;
    valid_ = true;
    picture_ = &picture;
    frame_ = frame;
    palette_ = palette;
    switch (frame.format) {
    case PixelFormat::Blank:
        if (!everything) {
            return {};
        }
        std::ranges::fill(picture.pixels, 0U);
        return {{0, 0, frame.size.width, frame.size.height}};
    case PixelFormat::Text:
        return update_text(input, everything, picture);
    default:
        return update_graphics(input, everything, picture);
    }
}

std::span<const std::uint8_t> Renderer::fetch(std::span<const std::uint8_t> vram, std::uint32_t address,
                                              std::uint32_t count)
{
    address &= frame_.wrap - 1;
    if (std::uint64_t{address} + count <= frame_.wrap) {
        return vram.subspan(address, count);
    }
    wrapped_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        wrapped_[i] = vram[(address + i) & (frame_.wrap - 1)];
    }
    return wrapped_;
}

bool Renderer::line_dirty(const std::vector<bool>& dirty, std::uint32_t address, std::uint32_t count) const
{
    constexpr std::uint32_t kPage = 4096;
    const std::uint32_t pages = frame_.wrap / kPage;
    const std::uint32_t first = (address & (frame_.wrap - 1)) / kPage;
    const std::uint32_t last = ((address & (frame_.wrap - 1)) + count - 1) / kPage;
    for (std::uint32_t page = first; page <= last; ++page) {
        if (dirty[page & (pages - 1)]) {
            return true;
        }
    }
    return false;
}

// Whether a line may show another part of the pointer than it did, or another pointer. Its pattern is cheap enough to
// be taken for changed whenever something in its page has.
bool Renderer::pointer_changed(const RenderInput& input, unsigned y) const
{
    const auto covers = [y](const Pointer& pointer) {
        return pointer.visible && y >= pointer.y && y - pointer.y < pointer.size;
    };
    const Pointer& pointer = input.display.pointer;
    const bool other = pointer != pointer_ || (pointer.visible && input.dirty[pointer.pattern / 4096]);
    return other && (covers(pointer) || covers(pointer_));
}

std::vector<backend::Rectangle> Renderer::update_graphics(const RenderInput& input, bool everything,
                                                          backend::Picture& picture)
{
    std::vector<backend::Rectangle> damage;
    const unsigned width = frame_.size.width;
    const std::uint32_t count = frame_.line_bytes();
    LineCounter counter{frame_};
    line_.resize(std::size_t{width} + kLineSlack);
    for (unsigned y = 0; y < frame_.size.height; ++y) {
        const unsigned pan = counter.pan();
        const std::uint32_t address = counter.next(y);
        if (!everything && !line_dirty(input.dirty, address, count) && !pointer_changed(input, y)) {
            continue;
        }
        std::uint32_t* const drawn = draw_line(frame_, palette_, fetch(input.vram, address, count), pan, line_);
        draw_pointer(input.display.pointer, input.vram, y, {drawn, width});
        std::uint32_t* const shown = &picture.pixels[std::size_t{y} * width];
        const auto first = static_cast<unsigned>(std::mismatch(drawn, drawn + width, shown).first - drawn);
        if (first == width) {
            continue;
        }
        unsigned last = width - 1;
        while (drawn[last] == shown[last]) {
            --last;
        }
        std::copy(drawn + first, drawn + last + 1, shown + first);
        add_damage(damage, {first, y, last + 1 - first, 1});
    }
    pointer_ = input.display.pointer;
    if (everything) {
        return {{0, 0, width, frame_.size.height}};
    }
    return damage;
}

} // namespace windsor::devices::vga
