// SPDX-License-Identifier: GPL-2.0-or-later
// The BitBLT engine (TRM 9.4).
#pragma once

#include "devices/vga/cirrus/state.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace windsor::devices::vga::cirrus {

// What a video memory's owner hears of writes to it.
class WriteListener {
public:
    virtual ~WriteListener() = default;
    // The bytes lie within video memory.
    virtual void written(std::uint64_t offset, std::uint64_t size) = 0;
};

// One of 16 operations on two operands, by the value of GR32 (TRM 5.11). Unknown values leave the destination.
std::uint8_t raster_operation(std::uint8_t rop, std::uint8_t source, std::uint8_t destination);

// It draws at once, and is never found busy but by who still owes it data. All addresses wrap around in video memory,
// and a rectangle ends after as many lines as video memory has room for, so that no BLT draws more than all of it.
class Blitter {
public:
    // `vram` has a power of two of at least 64 KiB; it and the listener outlive the engine.
    Blitter(std::span<std::uint8_t> vram, WriteListener& listener);

    // Draws, or waits for data if the mode says that the processor has them. A BLT that was under way is lost.
    void start(const Operation& operation);
    // Gives up what is under way.
    void reset() { transfer_ = {}; }
    // The processor's data, one byte after the other; what the BLT does not need vanishes.
    void feed(std::span<const std::uint8_t> data);
    bool waits() const { return transfer_.active; }

    const Transfer& transfer() const { return transfer_; }
    // Takes over saved state; values that the engine never has are brought into range.
    void load(const Transfer& transfer);

private:
    using Line = std::array<std::uint8_t, blt::kMostWidth>;

    unsigned lines(const Operation& operation) const;
    void draw(const Operation& operation);
    void draw_solid(const Operation& operation);
    void draw_pattern(const Operation& operation, std::span<const std::uint8_t> pattern);
    void draw_expanded(const Operation& operation);
    void draw_copied(const Operation& operation);
    void draw_given_line();
    void take_line(std::span<const std::uint8_t> from, unsigned width);
    void expand_line(const Operation& operation, std::span<const std::uint8_t> bits);
    void clip_line(const Operation& operation);
    void smear_line(const Operation& operation, std::uint32_t destination, std::uint32_t source);
    void combine(const Operation& operation, std::uint32_t destination);
    void apply_key(const Operation& operation);
    void fetch(std::uint32_t address, std::span<std::uint8_t> into) const;
    void store(std::uint32_t address, std::span<const std::uint8_t> from);
    void tell(std::uint32_t address, unsigned size);

    std::span<std::uint8_t> vram_;
    WriteListener& listener_;
    std::uint32_t mask_;
    Transfer transfer_{};
    // Of the line that is being drawn: the source, where it is written (FFh or 0), the destination.
    Line source_{};
    Line written_{};
    Line destination_{};
};

} // namespace windsor::devices::vga::cirrus
