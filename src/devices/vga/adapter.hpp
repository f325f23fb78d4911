// SPDX-License-Identifier: GPL-2.0-or-later
// What all display adapters have: the registers of the VGA, its window in memory, and its picture.
#pragma once

#include "backend/screen.hpp"
#include "base/clock.hpp"
#include "bus/access.hpp"
#include "devices/vga/range.hpp"
#include "devices/vga/renderer.hpp"
#include "devices/vga/spec.hpp"
#include "devices/vga/state.hpp"
#include "memory/guest_memory.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace windsor::devices::vga {

// An adapter derives from this: the standard VGA (`Vga`) and the Cirrus Logic GD5446 (`cirrus::Cirrus`). It overrides
// what its chip does beyond IBM's, and leaves the rest to the function that it overrides. The adapter does not know
// where it sits; the machine routes the handlers below. Called with the machine lock held, but for draw().
class Adapter : public backend::Screen {
public:
    // 3B0h-3DFh, offsets from kPortsStart.
    bus::AccessHandler& ports() { return ports_; }
    // A0000h-BFFFFh, offsets from kWindowStart.
    bus::AccessHandler& window() { return window_; }

    // Video memory: plane p of offset o at byte 4 * o + p, as a linear frame buffer shows it. Its size is a power of
    // two of at least kLeastVram bytes.
    memory::Block& vram() { return *vram_; }

    // Screen.
    void capture() override;
    std::vector<backend::Rectangle> draw(backend::Picture& picture) override;
    void invalidate() override { redraw_ = true; }
    bool text(backend::TextScreen& screen) const override;

protected:
    // How many bits an index register has, as a mask.
    struct IndexBits {
        std::uint8_t sequencer;
        std::uint8_t graphics;
    };

    // `memory` is where `vram` gets mapped; it and `clock` outlive the adapter.
    Adapter(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock,
            const IndexBits& bits);

    // Registers behind an index, which is as the index register has it.
    virtual std::uint8_t read_sequencer_index() const { return state_.sequencer_index; }
    virtual std::uint8_t read_sequencer(unsigned index) const;
    virtual void write_sequencer(unsigned index, std::uint8_t value);
    virtual std::uint8_t read_graphics(unsigned index) const;
    virtual void write_graphics(unsigned index, std::uint8_t value);
    virtual std::uint8_t read_crtc(unsigned index) const;
    virtual void write_crtc(unsigned index, std::uint8_t value);
    // 3C6h.
    virtual std::uint8_t read_pel_mask() { return state_.pel_mask; }
    virtual void write_pel_mask(std::uint8_t value) { state_.pel_mask = value; }
    // Before an access to 3C7h-3C9h.
    virtual void dac_accessed() {}
    // The three components of a colour that 3C9h leads to.
    virtual std::span<std::uint8_t, 3> dac_entry(unsigned index);

    virtual bus::ReadResult read_window(std::uint64_t offset, bus::Width width);
    virtual bus::AccessStatus write_window(std::uint64_t offset, bus::Width width, std::uint64_t value);
    // The part of the window that GR6 selects; gives the address within it, bank included.
    virtual bool locate(std::uint64_t offset, std::uint64_t& address) const;

    // What the screen shows while it is not blanked.
    virtual Frame frame() const { return vga_frame(state_); }
    virtual Palette palette(PixelFormat format) const { return vga_palette(state_, format); }
    virtual Pointer pointer() const { return {}; }
    // Of the VGA's modes. Others are shown whatever SR1 and the CRTC say.
    virtual bool blanked() const { return vga_blanked(state_); }
    // In Hz, by which the CRTC's registers tell how long a frame takes; 0: they do not.
    virtual std::int64_t dot_clock() const;

    bus::ReadResult read_port(unsigned port);
    bus::AccessStatus write_port(unsigned port, std::uint8_t value);
    // The planes at an address of the window, by the VGA's read and write modes.
    std::uint8_t read_byte(std::uint64_t address);
    void write_byte(std::uint64_t address, std::uint8_t value);
    // Marks pages for the next capture(), and tells engines that run code from there. The bytes are in video memory.
    void touched(std::uint64_t vram_offset, std::uint64_t size = 1);

    const memory::Block& vram() const { return *vram_; }
    std::uint64_t vram_mask() const { return vram_->size() - 1; }
    // Sets the registers that loading cannot take as they are.
    void load_registers(const Registers& registers);

    Registers state_{}; // NOLINT(misc-non-private-member-variables-in-classes)

private:
    // adapter_ports.cpp
    bus::ReadResult read_ports(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_ports(std::uint64_t offset, bus::Width width, std::uint64_t value);
    bool port_decoded(unsigned port) const;
    void write_attribute(std::uint8_t value);
    std::uint8_t read_attribute() const;
    std::uint8_t read_dac();
    void write_dac(std::uint8_t value);
    std::uint8_t input_status_1();

    // adapter_window.cpp
    std::uint32_t combine(std::uint8_t value) const;
    void page_touched(std::uint64_t page);
    bus::ReadResult read_from_window(std::uint64_t offset, bus::Width width) { return read_window(offset, width); }
    bus::AccessStatus write_to_window(std::uint64_t offset, bus::Width width, std::uint64_t value)
    {
        return write_window(offset, width, value);
    }

    std::unique_ptr<memory::Block> vram_;
    memory::GuestMemory& memory_;
    const base::Clock& clock_;
    IndexBits index_bits_;
    // Pages of vram written other than through its mapping since the last capture().
    std::vector<bool> window_dirty_;
    bool redraw_{false};
    // What capture() has noted for draw().
    struct Captured {
        Display display{};
        std::vector<bool> dirty; // pages of vram
        base::Nanoseconds now{0};
        bool redraw{false};
    };
    Captured captured_;
    Renderer renderer_;
    Range<Adapter> ports_{*this, &Adapter::read_ports, &Adapter::write_ports};
    Range<Adapter> window_{*this, &Adapter::read_from_window, &Adapter::write_to_window};
};

} // namespace windsor::devices::vga
