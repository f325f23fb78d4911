// SPDX-License-Identifier: GPL-2.0-or-later
// The Cirrus Logic CL-GD5446, which old systems ship drivers for.
#pragma once

#include "base/result.hpp"
#include "devices/vga/adapter.hpp"
#include "devices/vga/cirrus/blitter.hpp"
#include "devices/vga/cirrus/state.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace windsor::devices::vga::cirrus {

class Cirrus final : public Adapter, private WriteListener {
public:
    // `memory` is where vram() gets mapped, logged; it and `clock` outlive the device. Fails if the host cannot give
    // the video memory.
    static base::Result<std::unique_ptr<Cirrus>> create(memory::GuestMemory& memory, const base::Clock& clock);

    // The range of PCI10, kFramebufferRange bytes. Where linear_size() allows it, its beginning may be video memory.
    bus::AccessHandler& framebuffer() { return framebuffer_; }
    // The 4 KiB of PCI14.
    bus::AccessHandler& registers() { return registers_; }

    // Bytes from the beginning of framebuffer() that are plain memory at present: all, all but the last page, where BLT
    // registers may be, or none while the chip does something to what is written.
    std::uint64_t linear_size() const;
    // Called when that has changed.
    void on_linear_change(std::function<void()> changed) { linear_changed_ = std::move(changed); }

    // The state at power-on. Video memory keeps its contents.
    void reset();

    State state() const { return {state_, more_, blitter_.transfer()}; }
    // Takes over saved state; values no guest could have set are brought into range.
    void load(const State& state);

private:
    // Tells of a change of linear_size() when whatever may change it is over.
    class LinearWatch;

    Cirrus(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock);

    // Adapter.
    std::uint8_t read_sequencer_index() const override;
    std::uint8_t read_sequencer(unsigned index) const override;
    void write_sequencer(unsigned index, std::uint8_t value) override;
    std::uint8_t read_graphics(unsigned index) const override;
    void write_graphics(unsigned index, std::uint8_t value) override;
    std::uint8_t read_crtc(unsigned index) const override;
    void write_crtc(unsigned index, std::uint8_t value) override;
    std::uint8_t read_pel_mask() override;
    void write_pel_mask(std::uint8_t value) override;
    void dac_accessed() override { more_.pel_mask_reads = 0; }
    std::span<std::uint8_t, 3> dac_entry(unsigned index) override;
    bus::ReadResult read_window(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write_window(std::uint64_t offset, bus::Width width, std::uint64_t value) override;
    Frame frame() const override;
    Palette palette(PixelFormat format) const override;
    Pointer pointer() const override;
    bool blanked() const override;
    std::int64_t dot_clock() const override;

    // WriteListener.
    void written(std::uint64_t offset, std::uint64_t size) override { touched(offset, size); }

    // cirrus_memory.cpp
    bus::ReadResult read_framebuffer(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_framebuffer(std::uint64_t offset, bus::Width width, std::uint64_t value);
    bus::ReadResult read_registers(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_registers(std::uint64_t offset, bus::Width width, std::uint64_t value);
    std::uint8_t read_mmio(std::uint64_t offset) const;
    void write_mmio(std::uint64_t offset, std::uint8_t value);
    std::uint8_t read_window_byte(std::uint64_t offset);
    void write_window_byte(std::uint64_t offset, std::uint8_t value);
    std::uint8_t read_packed(std::uint64_t address);
    void write_packed(std::uint64_t address, std::uint8_t value);
    void write_expanded(std::uint64_t address, std::uint8_t value);
    void write_latches(std::uint64_t address);
    void put(std::uint64_t address, std::uint8_t value);
    std::uint64_t shifted(std::uint64_t address) const;
    std::uint64_t banked(std::uint64_t offset) const;
    bool mmio_at(std::uint64_t framebuffer_offset) const;
    bool takes_data() const;

    // cirrus_registers.cpp
    void write_status(std::uint8_t value);
    void start_blt();
    Operation operation() const;
    std::uint32_t three(unsigned first) const;
    std::uint16_t two(unsigned first) const;

    bool packed() const { return (more_.sequencer[sr::kMode] & sr::kModePacked) != 0; }
    bool planar() const;
    bool extended_writes() const { return (more_.graphics[gr::kExtensions] & gr::kExtendedWrites) != 0; }
    bool pixels_16() const;
    std::uint8_t write_mode() const;

    Extension more_{};
    Blitter blitter_;
    std::function<void()> linear_changed_;
    Range<Cirrus> framebuffer_{*this, &Cirrus::read_framebuffer, &Cirrus::write_framebuffer};
    Range<Cirrus> registers_{*this, &Cirrus::read_registers, &Cirrus::write_registers};
};

} // namespace windsor::devices::vga::cirrus
