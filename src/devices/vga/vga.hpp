// SPDX-License-Identifier: GPL-2.0-or-later
// The standard VGA with the Bochs VBE extension ("stdvga").
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "bus/access.hpp"
#include "backend/screen.hpp"
#include "devices/vga/renderer.hpp"
#include "devices/vga/spec.hpp"
#include "devices/vga/state.hpp"
#include "memory/guest_memory.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace windsor::devices::vga {

// The chip: registers, the memory window with its latches, video memory and its picture. It does not know
// where it sits; the machine routes the handlers below and maps vram() as the linear framebuffer (logged).
// Called with the machine lock held, but for draw().
class Vga final : public backend::Screen {
public:
    // `memory` is where vram() gets mapped; it and `clock` outlive the device. Fails if the host cannot
    // give the video memory.
    static base::Result<std::unique_ptr<Vga>> create(memory::GuestMemory& memory, const base::Clock& clock);

    // 3B0h-3DFh, offsets from kPortsStart.
    bus::AccessHandler& ports() { return ports_; }
    // 1CEh-1D1h, offsets from dispi::kPortsStart.
    bus::AccessHandler& dispi_ports() { return dispi_ports_; }
    // A0000h-BFFFFh, offsets from kWindowStart.
    bus::AccessHandler& window() { return window_; }
    // The 4 KiB register window (BAR 2).
    bus::AccessHandler& registers() { return registers_; }

    // Video memory, kVramSize bytes: plane p of offset o at byte 4 * o + p, as the linear framebuffer shows it.
    memory::Block& vram() { return *vram_; }

    // The state at power-on. Video memory keeps its contents.
    void reset();

    const State& state() const { return state_; }
    // Takes over saved state; values no guest could have set are brought into range.
    void load(const State& state);

    // Screen.
    void capture() override;
    std::vector<backend::Rectangle> draw(backend::Picture& picture) override;
    void invalidate() override { redraw_ = true; }
    bool text(backend::TextScreen& screen) const override;

private:
    // One of the chip's address ranges.
    class Range final : public bus::AccessHandler {
    public:
        using Read = bus::ReadResult (Vga::*)(std::uint64_t, bus::Width);
        using Write = bus::AccessStatus (Vga::*)(std::uint64_t, bus::Width, std::uint64_t);
        Range(Vga& vga, Read on_read, Write on_write) : vga_{vga}, read_{on_read}, write_{on_write} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override { return (vga_.*read_)(offset, width); }
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
        {
            return (vga_.*write_)(offset, width, value);
        }

    private:
        Vga& vga_;
        Read read_;
        Write write_;
    };

    Vga(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock);

    // vga_ports.cpp
    bus::ReadResult read_ports(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_ports(std::uint64_t offset, bus::Width width, std::uint64_t value);
    bus::ReadResult read_port(unsigned port);
    bus::AccessStatus write_port(unsigned port, std::uint8_t value);
    bool port_decoded(unsigned port) const;
    std::uint8_t read_crtc() const;
    void write_crtc(std::uint8_t value);
    void write_attribute(std::uint8_t value);
    std::uint8_t read_attribute() const;
    std::uint8_t read_dac();
    void write_dac(std::uint8_t value);
    std::uint8_t input_status_1();

    // vga_dispi.cpp
    bus::ReadResult read_dispi_port(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_dispi_port(std::uint64_t offset, bus::Width width, std::uint64_t value);
    bus::ReadResult read_registers(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_registers(std::uint64_t offset, bus::Width width, std::uint64_t value);
    std::uint8_t read_register_byte(std::uint64_t offset);
    std::uint16_t read_dispi(unsigned index) const;
    void write_dispi(unsigned index, std::uint16_t value);
    void enable_dispi(std::uint16_t value);
    void fix_dispi();
    void program_vga_for_dispi();
    void set_dac_width(bool eight_bits);

    // vga_window.cpp
    bus::ReadResult read_window(std::uint64_t offset, bus::Width width);
    bus::AccessStatus write_window(std::uint64_t offset, bus::Width width, std::uint64_t value);
    bool locate(std::uint64_t offset, std::uint64_t& address) const;
    std::uint8_t read_byte(std::uint64_t address);
    void write_byte(std::uint64_t address, std::uint8_t value);
    std::uint32_t combine(std::uint8_t value) const;
    void touched(std::uint64_t vram_offset);

    std::unique_ptr<memory::Block> vram_;
    memory::GuestMemory& memory_;
    const base::Clock& clock_;
    State state_{};
    std::array<std::uint8_t, 128> edid_{};
    // Pages of vram written through the window since the last capture().
    std::vector<bool> window_dirty_;
    bool redraw_{false};
    // What capture() has noted for draw().
    struct Captured {
        State state{};
        std::vector<bool> dirty; // pages of vram
        base::Nanoseconds now{0};
        bool redraw{false};
    };
    Captured captured_;
    Renderer renderer_;
    Range ports_{*this, &Vga::read_ports, &Vga::write_ports};
    Range dispi_ports_{*this, &Vga::read_dispi_port, &Vga::write_dispi_port};
    Range window_{*this, &Vga::read_window, &Vga::write_window};
    Range registers_{*this, &Vga::read_registers, &Vga::write_registers};
};

} // namespace windsor::devices::vga
