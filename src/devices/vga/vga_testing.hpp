// SPDX-License-Identifier: GPL-2.0-or-later
// A VGA on its own, programmed as a guest would.
#pragma once

#include "devices/vga/vga.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace windsor::devices::vga {

class VgaTest : public ::testing::Test {
protected:
    VgaTest() : vga_{Vga::create(memory_, clock_).value()} { out(port::kMiscOutput, 0x67); }

    void out(unsigned port, std::uint8_t value)
    {
        EXPECT_EQ(vga_->ports().write(port - kPortsStart, bus::Width::Byte, value), bus::AccessStatus::Ok);
    }
    std::uint8_t in(unsigned port)
    {
        const bus::ReadResult result = vga_->ports().read(port - kPortsStart, bus::Width::Byte);
        EXPECT_EQ(result.status, bus::AccessStatus::Ok) << std::hex << port;
        return static_cast<std::uint8_t>(result.value);
    }
    void indexed(unsigned index_port, unsigned index, unsigned value)
    {
        const auto both = static_cast<std::uint16_t>((value << 8) | index);
        EXPECT_EQ(vga_->ports().write(index_port - kPortsStart, bus::Width::Word, both), bus::AccessStatus::Ok);
    }
    void sequencer(unsigned index, unsigned value) { indexed(port::kSequencerIndex, index, value); }
    void graphics(unsigned index, unsigned value) { indexed(port::kGraphicsIndex, index, value); }
    void crtc(unsigned index, unsigned value) { indexed(port::kCrtcIndex, index, value); }
    void attribute(unsigned index, std::uint8_t value)
    {
        in(port::kInputStatus1);
        out(port::kAttribute, static_cast<std::uint8_t>(index));
        out(port::kAttribute, value);
        out(port::kAttribute, attr::kPaletteSource);
    }
    void dac(std::uint8_t index, std::initializer_list<std::uint8_t> components)
    {
        out(port::kDacWriteIndex, index);
        for (const std::uint8_t component : components) {
            out(port::kDacData, component);
        }
    }
    void dispi(unsigned index, std::uint16_t value)
    {
        vga_->dispi_ports().write(0, bus::Width::Word, index);
        vga_->dispi_ports().write(1, bus::Width::Word, value);
    }
    std::uint16_t dispi(unsigned index)
    {
        vga_->dispi_ports().write(0, bus::Width::Word, index);
        return static_cast<std::uint16_t>(vga_->dispi_ports().read(1, bus::Width::Word).value);
    }
    void poke(std::uint64_t address, std::uint64_t value, bus::Width width = bus::Width::Byte)
    {
        vga_->window().write(address - kWindowStart, width, value);
    }
    std::uint64_t peek(std::uint64_t address, bus::Width width = bus::Width::Byte)
    {
        return vga_->window().read(address - kWindowStart, width).value;
    }
    // The four planes of one plane offset.
    std::vector<unsigned> planes(std::uint64_t offset)
    {
        const std::uint8_t* at = vga_->vram().data() + 4 * offset;
        return {at[0], at[1], at[2], at[3]};
    }
    void set_planes(std::uint64_t offset, std::initializer_list<std::uint8_t> bytes)
    {
        std::ranges::copy(bytes, vga_->vram().data() + 4 * offset);
    }

    // Each attribute colour as the DAC entry of the same number, which is a grey of 16 times that, and white.
    void set_palette()
    {
        for (std::uint8_t i = 0; i < 16; ++i) {
            attribute(i, i);
            const auto grey = static_cast<std::uint8_t>(4 * i);
            dac(i, {grey, grey, grey});
        }
        attribute(attr::kPlaneEnable, 0x0f);
    }

    // Mode 3 as the BIOS sets it, but for the palette above: 80x25, 9x16.
    void set_text_mode()
    {
        sequencer(seq::kClocking, 0x00);
        sequencer(seq::kMapMask, 0x03);
        sequencer(seq::kCharacterMap, 0x00);
        sequencer(seq::kMemoryMode, 0x02);
        graphics(gfx::kMode, 0x10);
        graphics(gfx::kMiscellaneous, 0x0e);
        graphics(gfx::kBitMask, 0xff);
        set_crtc(79, 400, 15, 0x28, 0xa3);
        crtc(crtc::kCursorStart, 0x0d);
        crtc(crtc::kCursorEnd, 0x0e);
        set_palette();
        attribute(attr::kMode, 0x0c);
    }

    void set_graphics_mode(unsigned mode, unsigned memory_mode, unsigned clocking)
    {
        sequencer(seq::kClocking, clocking);
        sequencer(seq::kMapMask, 0x0f);
        sequencer(seq::kMemoryMode, memory_mode);
        graphics(gfx::kMode, mode);
        graphics(gfx::kMiscellaneous, 0x05);
        graphics(gfx::kColorDontCare, 0x0f);
        graphics(gfx::kBitMask, 0xff);
        set_palette();
        attribute(attr::kMode, 0x01);
    }

    void set_crtc(unsigned last_column, unsigned lines, unsigned maximum_scan_line, unsigned offset, unsigned mode)
    {
        const unsigned last = lines - 1;
        crtc(crtc::kVerticalRetraceEnd, 0x0e);
        crtc(crtc::kHorizontalTotal, last_column + 16);
        crtc(crtc::kHorizontalDisplayEnd, last_column);
        crtc(crtc::kVerticalTotal, (lines + 47) & 0xff);
        crtc(crtc::kVerticalDisplayEnd, last & 0xff);
        crtc(crtc::kOverflow, 0x10 | ((last >> 7) & 2) | ((last >> 3) & 0x40) | ((lines + 47) >> 8));
        crtc(crtc::kMaximumScanLine, 0x40 | maximum_scan_line);
        crtc(crtc::kLineCompare, 0xff);
        crtc(crtc::kOffset, offset);
        crtc(crtc::kModeControl, mode);
        crtc(crtc::kUnderline, 0x1f);
    }

    void set_vbe_mode(std::uint16_t width, std::uint16_t height, std::uint16_t bpp, std::uint16_t flags = 0)
    {
        dispi(dispi::kEnable, 0);
        dispi(dispi::kXres, width);
        dispi(dispi::kYres, height);
        dispi(dispi::kBpp, bpp);
        dispi(dispi::kEnable, static_cast<std::uint16_t>(dispi::kEnabled | dispi::kLfbEnabled | flags));
        in(port::kInputStatus1);
        out(port::kAttribute, attr::kPaletteSource);
    }

    // A glyph of font 0, all its rows alike.
    void set_glyph(unsigned character, std::uint8_t bits, unsigned font_offset = 0)
    {
        for (unsigned row = 0; row < 32; ++row) {
            vga_->vram().data()[(font_offset + character * 32 + row) * 4 + 2] = bits;
        }
    }
    void put_text(unsigned cell, const std::string& text, std::uint8_t color = 0x0f)
    {
        for (const char c : text) {
            poke(0xb8000 + 2 * cell++, static_cast<std::uint16_t>(static_cast<std::uint8_t>(c) | (color << 8)),
                 bus::Width::Word);
        }
    }
    std::uint32_t pixel(unsigned x, unsigned y) const { return picture_.pixels[y * picture_.size.width + x]; }
    std::vector<backend::Rectangle> update() { return vga_->update(picture_); }

    memory::GuestMemory memory_;
    base::ManualClock clock_;
    std::unique_ptr<Vga> vga_;
    backend::Picture picture_;
};

} // namespace windsor::devices::vga
