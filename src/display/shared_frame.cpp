// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/shared_frame.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

// Since Linux 5.1; missing in the C library's headers of some distributions.
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace windsor::display {

namespace {

constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kPixelOffset = (sizeof(FrameHeader) + kPageSize - 1) / kPageSize * kPageSize;
constexpr std::size_t kFrameBytes =
    kPixelOffset + std::size_t{kMostFrameWidth} * kMostFrameHeight * sizeof(std::uint32_t);

constexpr unsigned tiles_across(backend::Size size)
{
    return (size.width + kTileWidth - 1) / kTileWidth;
}

constexpr unsigned tiles_down(backend::Size size)
{
    return (size.height + kTileHeight - 1) / kTileHeight;
}

constexpr bool possible(backend::Size size)
{
    return size.width > 0 && size.width <= kMostFrameWidth && size.height > 0 && size.height <= kMostFrameHeight;
}

// Of a picture of that size.
backend::Rectangle tile_at(backend::Size size, unsigned column, unsigned row)
{
    const unsigned x = column * kTileWidth;
    const unsigned y = row * kTileHeight;
    return {x, y, std::min(kTileWidth, size.width - x), std::min(kTileHeight, size.height - y)};
}

} // namespace

base::Result<FrameMapping> FrameMapping::map(const base::Fd& memory, Access access)
{
    const int protection = access == Access::Read ? PROT_READ : PROT_READ | PROT_WRITE;
    void* const mapped = ::mmap(nullptr, kFrameBytes, protection, MAP_SHARED, memory.get(), 0);
    if (mapped == MAP_FAILED) {
        return base::fail("cannot map the console's picture: {}", base::errno_text(errno));
    }
    return FrameMapping{mapped};
}

FrameMapping::FrameMapping(FrameMapping&& other) noexcept : memory_{std::exchange(other.memory_, nullptr)} {}

FrameMapping& FrameMapping::operator=(FrameMapping&& other) noexcept
{
    std::swap(memory_, other.memory_);
    return *this;
}

FrameMapping::~FrameMapping()
{
    if (memory_ != nullptr) {
        ::munmap(memory_, kFrameBytes);
    }
}

FrameHeader& FrameMapping::header() const
{
    return *static_cast<FrameHeader*>(memory_);
}

std::uint32_t* FrameMapping::pixels() const
{
    return static_cast<std::uint32_t*>(static_cast<void*>(static_cast<char*>(memory_) + kPixelOffset));
}

base::Result<SharedFrame> SharedFrame::create()
{
    base::Fd memory{::memfd_create("windsor-console", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!memory || ::ftruncate(memory.get(), kFrameBytes) != 0) {
        return base::fail("cannot make memory for the console's picture: {}", base::errno_text(errno));
    }
    FrameMapping writable = WINDSOR_TRY(FrameMapping::map(memory, FrameMapping::Access::ReadWrite));
    // Without shrinking, no access to the mapping can fault.
    if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0) {
        return base::fail("cannot seal the memory of the console's picture: {}", base::errno_text(errno));
    }
    return SharedFrame{std::move(memory), std::move(writable)};
}

void FrameWriter::write(const backend::Picture& picture, std::span<const backend::Rectangle> damage)
{
    if (!possible(picture.size)) {
        return;
    }
    FrameHeader& header = mapping_.header();
    if (picture.size != size_) {
        size_ = picture.size;
        numbers_.resize(std::max(numbers_.size(), std::size_t{tiles_across(size_)} * tiles_down(size_)));
        header.size.store((std::uint64_t{size_.width} << 32) | size_.height, std::memory_order_seq_cst);
        write_rectangle(picture, {0, 0, size_.width, size_.height});
        return;
    }
    for (const backend::Rectangle& r : damage) {
        write_rectangle(picture, r);
    }
}

void FrameWriter::write_rectangle(const backend::Picture& picture, backend::Rectangle r)
{
    for (unsigned y = r.y; y < r.y + r.height; ++y) {
        const std::size_t at = std::size_t{y} * size_.width + r.x;
        std::copy_n(&picture.pixels[at], r.width, mapping_.pixels() + at);
    }
    if (r.width == 0 || r.height == 0) {
        return;
    }
    const unsigned across = tiles_across(size_);
    for (unsigned row = r.y / kTileHeight; row <= (r.y + r.height - 1) / kTileHeight; ++row) {
        for (unsigned column = r.x / kTileWidth; column <= (r.x + r.width - 1) / kTileWidth; ++column) {
            const std::size_t tile = std::size_t{row} * across + column;
            mapping_.header().tiles[tile].store(++numbers_[tile], std::memory_order_release);
        }
    }
}

void FrameWriter::answer(std::uint32_t request)
{
    mapping_.header().answered.store(request, std::memory_order_release);
}

bool FrameWriter::tell_pointer(PointerMode mode)
{
    if (std::exchange(pointer_, mode) == mode) {
        return false;
    }
    mapping_.header().absolute_pointer.store(mode == PointerMode::Absolute ? 1 : 0, std::memory_order_release);
    return true;
}

base::Result<FrameReader> FrameReader::map(const base::Fd& memory)
{
    return FrameReader{WINDSOR_TRY(FrameMapping::map(memory, FrameMapping::Access::Read))};
}

backend::Size FrameReader::size() const
{
    const std::uint64_t size = mapping_.header().size.load(std::memory_order_seq_cst);
    return {static_cast<unsigned>(size >> 32), static_cast<unsigned>(size & 0xffff'ffff)};
}

std::vector<backend::Rectangle> FrameReader::read(backend::Picture& picture)
{
    const backend::Size now = size();
    if (!possible(now)) {
        return {};
    }
    const bool resized = now != picture.size;
    if (resized) {
        picture.size = now;
        picture.pixels.assign(std::size_t{now.width} * now.height, 0);
        seen_.resize(kMostTiles);
    }
    std::vector<backend::Rectangle> damage;
    const unsigned across = tiles_across(now);
    for (unsigned row = 0; row < tiles_down(now); ++row) {
        bool adjoins = false; // the tile before this one has changed, too
        for (unsigned column = 0; column < across; ++column) {
            const std::size_t tile = std::size_t{row} * across + column;
            const std::uint32_t number = mapping_.header().tiles[tile].load(std::memory_order_acquire);
            const bool changed = resized || number != seen_[tile];
            if (changed) {
                seen_[tile] = number;
                const backend::Rectangle r = tile_at(now, column, row);
                read_tile(picture, r);
                if (adjoins) {
                    damage.back().width += r.width;
                } else {
                    damage.push_back(r);
                }
            }
            adjoins = changed;
        }
    }
    return damage;
}

void FrameReader::read_tile(backend::Picture& picture, const backend::Rectangle& tile) const
{
    for (unsigned y = tile.y; y < tile.y + tile.height; ++y) {
        const std::size_t at = std::size_t{y} * picture.size.width + tile.x;
        std::copy_n(mapping_.pixels() + at, tile.width, &picture.pixels[at]);
    }
}

std::uint32_t FrameReader::answered() const
{
    return mapping_.header().answered.load(std::memory_order_acquire);
}

PointerMode FrameReader::pointer() const
{
    const std::uint32_t absolute = mapping_.header().absolute_pointer.load(std::memory_order_acquire);
    return absolute == 1 ? PointerMode::Absolute : PointerMode::Relative;
}

} // namespace windsor::display
