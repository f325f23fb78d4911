// SPDX-License-Identifier: GPL-2.0-or-later
// A picture in memory that a domain's process writes and the process that serves its console reads.
//
// The memory begins with the picture's size and a number for each tile of 64x16 pixels; the pixels follow, row after
// row. The writer stores a new size first, then pixels, and then counts the numbers of the tiles up that it wrote; the
// reader copies the tiles whose numbers have changed since it last looked. What it copies while the writer is at work
// may be torn, but then the number changes afterwards and it copies again: nothing is ever missed, and neither waits
// for the other.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "backend/screen.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::display {

constexpr unsigned kMostFrameWidth = 4096;  // pixels: what display adapters show at the most
constexpr unsigned kMostFrameHeight = 4096; // pixels
constexpr unsigned kTileWidth = 64;         // pixels
constexpr unsigned kTileHeight = 16;        // pixels
constexpr std::size_t kMostTiles =
    std::size_t{kMostFrameWidth / kTileWidth} * (kMostFrameHeight / kTileHeight);

// Whether the guest's pointer is where a viewer's is, or follows its movements.
enum class PointerMode : std::uint8_t { Relative, Absolute };

struct FrameHeader {
    std::atomic<std::uint64_t> size;     // width in the upper half, height in the lower
    std::atomic<std::uint32_t> answered; // the number of the last request for a fresh picture that has been granted
    std::atomic<std::uint32_t> absolute_pointer; // 1 if it is
    std::array<std::atomic<std::uint32_t>, kMostTiles> tiles;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// A mapping that goes with the object.
class FrameMapping {
public:
    enum class Access { Read, ReadWrite };

    static base::Result<FrameMapping> map(const base::Fd& memory, Access access);
    FrameMapping(FrameMapping&& other) noexcept;
    FrameMapping& operator=(FrameMapping&& other) noexcept;
    ~FrameMapping();

    FrameHeader& header() const;
    std::uint32_t* pixels() const;

private:
    explicit FrameMapping(void* memory) : memory_{memory} {}

    void* memory_{nullptr};
};

// Memory that nobody can map for writing any more, or write to, or shrink; and the one mapping that can write.
struct SharedFrame {
    base::Fd memory;
    FrameMapping writable;

    static base::Result<SharedFrame> create();
};

// The domain's side. It never reads back what it wrote. One thread at a time.
class FrameWriter {
public:
    explicit FrameWriter(FrameMapping mapping) : mapping_{std::move(mapping)} {}

    // Writes what has changed of the picture; all of it if it has another size than the last.
    void write(const backend::Picture& picture, std::span<const backend::Rectangle> damage);
    // Says that the picture is no older than that request.
    void answer(std::uint32_t request);
    // False if it says so already.
    bool tell_pointer(PointerMode mode);

private:
    void write_rectangle(const backend::Picture& picture, backend::Rectangle r);

    FrameMapping mapping_;
    backend::Size size_{};
    std::vector<std::uint32_t> numbers_{}; // of the tiles
    PointerMode pointer_{PointerMode::Relative};
};

// The console's side. What it finds there is data of a process that may be anybody's: every value is checked.
class FrameReader {
public:
    static base::Result<FrameReader> map(const base::Fd& memory);

    // Brings `picture` up to date and gives the rectangles that have changed; all of it after a change of its size.
    std::vector<backend::Rectangle> read(backend::Picture& picture);
    std::uint32_t answered() const;
    PointerMode pointer() const;

private:
    explicit FrameReader(FrameMapping mapping) : mapping_{std::move(mapping)} {}
    backend::Size size() const;
    void read_tile(backend::Picture& picture, const backend::Rectangle& tile) const;

    FrameMapping mapping_;
    std::vector<std::uint32_t> seen_{};
};

} // namespace windsor::display
