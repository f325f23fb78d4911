// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/cirrus/blitter.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::devices::vga::cirrus {

namespace {

// What an operation makes of each pair of bits, as bytes of FFh or 0.
struct TruthTable {
    std::uint8_t both;        // source and destination are 1
    std::uint8_t source;      // the source alone
    std::uint8_t destination; // the destination alone
    std::uint8_t neither;

    std::uint8_t of(std::uint8_t s, std::uint8_t d) const
    {
        return static_cast<std::uint8_t>((s & d & both) | (s & ~d & source) | (~s & d & destination) |
                                         (~s & ~d & neither));
    }
};

constexpr TruthTable truth_table(unsigned both, unsigned source, unsigned destination, unsigned neither)
{
    const auto byte = [](unsigned bit) { return static_cast<std::uint8_t>(bit != 0 ? 0xff : 0); };
    return {byte(both), byte(source), byte(destination), byte(neither)};
}

// TRM table 9-11, line by line.
TruthTable truth_table(std::uint8_t rop)
{
    switch (rop) {
    case 0x00: return truth_table(0, 0, 0, 0);
    case 0x90: return truth_table(0, 0, 0, 1);
    case 0x50: return truth_table(0, 0, 1, 0);
    case 0xd0: return truth_table(0, 0, 1, 1);
    case 0x09: return truth_table(0, 1, 0, 0);
    case 0x0b: return truth_table(0, 1, 0, 1);
    case 0x59: return truth_table(0, 1, 1, 0);
    case 0xda: return truth_table(0, 1, 1, 1);
    case 0x05: return truth_table(1, 0, 0, 0);
    case 0x95: return truth_table(1, 0, 0, 1);
    case 0xd6: return truth_table(1, 0, 1, 1);
    case 0x0d: return truth_table(1, 1, 0, 0);
    case 0xad: return truth_table(1, 1, 0, 1);
    case 0x6d: return truth_table(1, 1, 1, 0);
    case 0x0e: return truth_table(1, 1, 1, 1);
    default: // 06h, too
        return truth_table(1, 0, 1, 0);
    }
}

unsigned pixel_bytes(const Operation& operation)
{
    return ((operation.mode >> blt::kPixelShift) & 3U) + 1;
}

bool has(std::uint8_t bits, std::uint8_t bit)
{
    return (bits & bit) != 0;
}

// The pixels that equal the key colour are left out. There are keys of 8 and 16 bits only.
bool keyed(const Operation& operation)
{
    return has(operation.mode, blt::kTransparent) && !has(operation.mode, blt::kExpand);
}

bool solid(const Operation& operation)
{
    constexpr std::uint8_t kInMode = blt::kExpand | blt::kPattern;
    return has(operation.extensions, blt::kSolid) &&
           (operation.mode & (kInMode | blt::kTransparent | blt::kFromSystem)) == kInMode;
}

// Bytes of monochrome data for one line.
unsigned expanded_bytes(const Operation& operation)
{
    const unsigned pixels = (operation.width + pixel_bytes(operation) - 1) / pixel_bytes(operation);
    return (pixels + 7) / 8;
}

// Bytes of a colour pattern's line, and from one to the next: 24 and 32 with pixels of 24 bits.
unsigned pattern_line(const Operation& operation)
{
    return 8 * pixel_bytes(operation);
}

unsigned pattern_pitch(const Operation& operation)
{
    return pixel_bytes(operation) == 3 ? 32 : pattern_line(operation);
}

// Bytes at the left edge that are not written: the write mask, and what the processor's dwords begin with (GR2F). With
// pixels of 24 bits the mask counts bytes.
unsigned clipped_bytes(const Operation& operation)
{
    const bool masks = has(operation.mode, blt::kExpand) || has(operation.mode, blt::kPattern);
    const unsigned size = pixel_bytes(operation);
    unsigned bytes = 0;
    if (masks) {
        bytes = size == 3 ? operation.clip & 0x1fU : (operation.clip & 7U) * size;
    }
    if (has(operation.mode, blt::kFromSystem) && !has(operation.mode, blt::kPattern)) {
        const unsigned skipped = (operation.clip >> 5) & 3U;
        bytes += has(operation.mode, blt::kExpand) ? skipped * 8 * size : skipped;
    }
    return bytes;
}

// Bytes that the processor gives before the next thing can be drawn: those of a line, or of a pattern.
unsigned needed(const Operation& operation)
{
    if (has(operation.mode, blt::kPattern)) {
        return has(operation.mode, blt::kExpand) ? 8 : 8 * pattern_pitch(operation);
    }
    if (has(operation.mode, blt::kExpand) && !has(operation.extensions, blt::kDwordGranularity)) {
        return expanded_bytes(operation);
    }
    const unsigned bytes = has(operation.mode, blt::kExpand) ? expanded_bytes(operation) : operation.width;
    return (bytes + 3) & ~3U;
}

} // namespace

std::uint8_t raster_operation(std::uint8_t rop, std::uint8_t source, std::uint8_t destination)
{
    return truth_table(rop).of(source, destination);
}

Blitter::Blitter(std::span<std::uint8_t> vram, WriteListener& listener)
    : vram_{vram}, listener_{listener}, mask_{static_cast<std::uint32_t>(vram.size() - 1)}
{
}

unsigned Blitter::lines(const Operation& operation) const
{
    return std::min<unsigned>(operation.height, static_cast<unsigned>(vram_.size() / operation.width));
}

void Blitter::start(const Operation& operation)
{
    reset();
    const bool key_fits = !keyed(operation) || pixel_bytes(operation) <= 2;
    if (has(operation.mode, blt::kToSystem) || !key_fits) {
        return; // this chip has no such operations
    }
    if (has(operation.mode, blt::kFromSystem)) {
        transfer_.active = true;
        transfer_.operation = operation;
    } else {
        draw(operation);
    }
}

void Blitter::draw(const Operation& operation)
{
    if (solid(operation)) {
        draw_solid(operation);
    } else if (has(operation.mode, blt::kPattern)) {
        std::array<std::uint8_t, blt::kPatternSize> pattern{};
        fetch(operation.source & ~7U, pattern);
        draw_pattern(operation, pattern);
    } else if (has(operation.mode, blt::kExpand)) {
        draw_expanded(operation);
    } else {
        draw_copied(operation);
    }
}

void Blitter::feed(std::span<const std::uint8_t> data)
{
    for (const std::uint8_t byte : data) {
        if (!transfer_.active) {
            return;
        }
        transfer_.data[transfer_.filled++] = byte;
        const Operation operation = transfer_.operation;
        if (transfer_.filled < needed(operation)) {
            continue;
        }
        if (has(operation.mode, blt::kPattern)) {
            std::array<std::uint8_t, blt::kPatternSize> pattern{};
            std::copy_n(transfer_.data.begin(), pattern.size(), pattern.begin());
            reset();
            draw_pattern(operation, pattern);
        } else {
            draw_given_line();
        }
    }
}

// A line of the processor's data.
void Blitter::draw_given_line()
{
    const Operation& operation = transfer_.operation;
    const std::span<const std::uint8_t> data{transfer_.data.data(), transfer_.filled};
    if (has(operation.mode, blt::kExpand)) {
        expand_line(operation, data);
    } else {
        take_line(data, operation.width);
        clip_line(operation);
    }
    combine(operation, operation.destination + std::uint32_t{transfer_.line} * operation.destination_pitch);
    transfer_.filled = 0;
    if (++transfer_.line >= lines(operation)) {
        reset();
    }
}

// TRM 9.4.11.1.
void Blitter::draw_solid(const Operation& operation)
{
    const unsigned size = pixel_bytes(operation);
    for (unsigned i = 0; i < operation.width; ++i) {
        source_[i] = static_cast<std::uint8_t>(operation.foreground >> (8 * (i % size)));
    }
    const Line color = source_; // combine() spends the source
    for (unsigned y = 0; y < lines(operation); ++y) {
        take_line(color, operation.width);
        combine(operation, operation.destination + y * operation.destination_pitch);
    }
}

// TRM 9.4.8: the three low bits of the source say which line of the pattern comes first.
void Blitter::draw_pattern(const Operation& operation, std::span<const std::uint8_t> pattern)
{
    for (unsigned y = 0; y < lines(operation); ++y) {
        const unsigned row = (operation.source + y) & 7;
        if (has(operation.mode, blt::kExpand)) {
            expand_line(operation, pattern.subspan(row, 1));
        } else {
            take_line(pattern.subspan(std::size_t{row} * pattern_pitch(operation), pattern_line(operation)),
                      operation.width);
            clip_line(operation);
        }
        combine(operation, operation.destination + y * operation.destination_pitch);
    }
}

// The monochrome data lie in video memory, one line's bytes after the other's: there is no source pitch (TRM 5.9).
void Blitter::draw_expanded(const Operation& operation)
{
    std::array<std::uint8_t, blt::kMostWidth / 8> bits{};
    const std::span<std::uint8_t> line{bits.data(), expanded_bytes(operation)};
    std::uint32_t source = operation.source;
    for (unsigned y = 0; y < lines(operation); ++y) {
        fetch(source, line);
        source += static_cast<std::uint32_t>(line.size());
        expand_line(operation, line);
        combine(operation, operation.destination + y * operation.destination_pitch);
    }
}

void Blitter::draw_copied(const Operation& operation)
{
    const bool backward = has(operation.mode, blt::kBackward);
    const std::uint32_t width = operation.width;
    for (unsigned y = 0; y < lines(operation); ++y) {
        std::uint32_t destination = operation.destination + y * operation.destination_pitch;
        std::uint32_t source = operation.source + y * operation.source_pitch;
        if (backward) { // the addresses are those of the last bytes
            destination = operation.destination - y * operation.destination_pitch - (width - 1);
            source = operation.source - y * operation.source_pitch - (width - 1);
        }
        const std::uint32_t ahead = (backward ? source - destination : destination - source) & mask_;
        if (ahead != 0 && ahead < width) {
            smear_line(operation, destination, source); // the engine reads what it has just written
        } else {
            fetch(source, {source_.data(), width});
            std::fill_n(written_.begin(), width, std::uint8_t{0xff});
            combine(operation, destination);
        }
    }
}

// Makes the line's source of bytes that repeat if they are fewer than the line has.
void Blitter::take_line(std::span<const std::uint8_t> from, unsigned width)
{
    for (std::size_t at = 0; at < width;) {
        const std::size_t count = std::min<std::size_t>(from.size(), width - at);
        std::copy_n(from.begin(), count, source_.begin() + static_cast<std::ptrdiff_t>(at));
        at += count;
    }
    std::fill_n(written_.begin(), width, std::uint8_t{0xff});
}

void Blitter::clip_line(const Operation& operation)
{
    std::fill_n(written_.begin(), std::min<unsigned>(clipped_bytes(operation), operation.width), std::uint8_t{0});
}

// TRM 9.4.7: each bit becomes a pixel. Bits repeat if they are fewer than the line has pixels. With transparency the
// pixels of the background are left out, or, inverted (GR33[1]), those of the foreground. The colour of the others then
// is the background's for drivers that run under Xen, though TRM 5.12 speaks of the foreground's.
void Blitter::expand_line(const Operation& operation, std::span<const std::uint8_t> bits)
{
    const unsigned size = pixel_bytes(operation);
    const unsigned clipped = clipped_bytes(operation);
    const bool transparent = has(operation.mode, blt::kTransparent);
    const bool inverted = transparent && has(operation.extensions, blt::kInvert);
    const bool clips_background = has(operation.extensions, blt::kClipBackground);
    std::size_t at = 0;
    unsigned bit = 0x80;
    for (unsigned i = 0; i < operation.width;) {
        const bool one = (bits[at] & bit) != 0;
        bit >>= 1;
        if (bit == 0) {
            bit = 0x80;
            at = at + 1 < bits.size() ? at + 1 : 0;
        }
        const bool drawn = !transparent || one != inverted;
        const std::uint32_t color = one ? operation.foreground : operation.background;
        for (unsigned byte = 0; byte < size && i < operation.width; ++byte, ++i) {
            source_[i] = static_cast<std::uint8_t>(color >> (8 * byte));
            const bool kept = i >= clipped || (clips_background && one);
            written_[i] = drawn && kept ? 0xff : 0;
        }
    }
}

// One pixel or byte after the other, each of which may be the source of a later one.
void Blitter::smear_line(const Operation& operation, std::uint32_t destination, std::uint32_t source)
{
    const TruthTable table = truth_table(operation.rop);
    const bool backward = has(operation.mode, blt::kBackward);
    const unsigned step = keyed(operation) ? pixel_bytes(operation) : 1;
    for (unsigned done = 0; done < operation.width; done += step) {
        const unsigned count = std::min<unsigned>(step, operation.width - done);
        const unsigned at = backward ? operation.width - done - count : done;
        std::array<std::uint8_t, 2> pixel{};
        for (unsigned i = 0; i < count; ++i) {
            pixel[i] = table.of(vram_[(source + at + i) & mask_], vram_[(destination + at + i) & mask_]);
        }
        const unsigned value = pixel[0] | (pixel[1] << 8);
        if (keyed(operation) && count == step && value == (operation.key & (step == 1 ? 0xffU : 0xffffU))) {
            continue;
        }
        for (unsigned i = 0; i < count; ++i) {
            vram_[(destination + at + i) & mask_] = pixel[i];
        }
    }
    tell(destination, operation.width);
}

// Brings source and destination together, and writes the line.
void Blitter::combine(const Operation& operation, std::uint32_t destination)
{
    const TruthTable table = truth_table(operation.rop);
    const unsigned width = operation.width;
    fetch(destination, {destination_.data(), width});
    for (unsigned i = 0; i < width; ++i) {
        source_[i] = table.of(source_[i], destination_[i]);
    }
    if (keyed(operation)) {
        apply_key(operation);
    }
    for (unsigned i = 0; i < width; ++i) {
        destination_[i] = static_cast<std::uint8_t>((source_[i] & written_[i]) | (destination_[i] & ~written_[i]));
    }
    store(destination, {destination_.data(), width});
}

// TRM 9.4.9: a pixel about to be written that equals GR34 and GR35 is not written.
void Blitter::apply_key(const Operation& operation)
{
    const unsigned size = pixel_bytes(operation);
    for (unsigned i = 0; i + size <= operation.width; i += size) {
        const bool low = source_[i] == (operation.key & 0xff);
        if (size == 1 ? low : low && source_[i + 1] == operation.key >> 8) {
            std::fill_n(written_.begin() + i, size, std::uint8_t{0});
        }
    }
}

void Blitter::fetch(std::uint32_t address, std::span<std::uint8_t> into) const
{
    address &= mask_;
    const std::size_t first = std::min<std::size_t>(into.size(), vram_.size() - address);
    std::memcpy(into.data(), vram_.data() + address, first);
    std::memcpy(into.data() + first, vram_.data(), into.size() - first);
}

void Blitter::store(std::uint32_t address, std::span<const std::uint8_t> from)
{
    address &= mask_;
    const std::size_t first = std::min<std::size_t>(from.size(), vram_.size() - address);
    std::memcpy(vram_.data() + address, from.data(), first);
    std::memcpy(vram_.data(), from.data() + first, from.size() - first);
    tell(address, static_cast<unsigned>(from.size()));
}

void Blitter::tell(std::uint32_t address, unsigned size)
{
    address &= mask_;
    const std::uint64_t first = std::min<std::uint64_t>(size, vram_.size() - address);
    listener_.written(address, first);
    if (first < size) {
        listener_.written(0, size - first);
    }
}

void Blitter::load(const Transfer& transfer)
{
    reset();
    if (!transfer.active) {
        return;
    }
    transfer_ = transfer;
    Operation& operation = transfer_.operation;
    operation.width = std::clamp<std::uint16_t>(operation.width, 1, blt::kMostWidth);
    operation.height = std::clamp<std::uint16_t>(operation.height, 1, blt::kMostHeight);
    operation.destination_pitch &= blt::kMostPitch;
    operation.source_pitch &= blt::kMostPitch;
    operation.destination &= mask_;
    operation.source &= mask_;
    operation.mode = static_cast<std::uint8_t>((operation.mode | blt::kFromSystem) & ~blt::kToSystem);
    if (keyed(operation) && pixel_bytes(operation) > 2) {
        operation.mode = static_cast<std::uint8_t>(operation.mode & ~blt::kTransparent);
    }
    transfer_.filled = static_cast<std::uint16_t>(transfer_.filled % needed(operation));
    const unsigned drawn_at_once = has(operation.mode, blt::kPattern) ? 1 : lines(operation);
    transfer_.line = static_cast<std::uint16_t>(transfer_.line % drawn_at_once);
}

} // namespace windsor::devices::vga::cirrus
