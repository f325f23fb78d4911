// SPDX-License-Identifier: GPL-2.0-or-later
// The standard VGA with the Bochs VBE extension ("stdvga").
#pragma once

#include "base/result.hpp"
#include "devices/vga/adapter.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace windsor::devices::vga {

class Vga final : public Adapter {
public:
    // `memory` is where vram() gets mapped, logged, as the linear frame buffer; it and `clock` outlive the device.
    // `vram_size` is a power of two from 1 MiB to kMostVram. Fails if the host cannot give the video memory.
    static base::Result<std::unique_ptr<Vga>> create(memory::GuestMemory& memory, const base::Clock& clock,
                                                     std::uint64_t vram_size = kVramSize);

    // 1CEh-1D1h, offsets from dispi::kPortsStart.
    bus::AccessHandler& dispi_ports() { return dispi_ports_; }
    // The 4 KiB register window (BAR 2).
    bus::AccessHandler& registers() { return registers_; }

    // The state at power-on. Video memory keeps its contents.
    void reset();

    State state() const { return {state_, dispi_}; }
    // Takes over saved state; values no guest could have set are brought into range.
    void load(const State& state);

private:
    Vga(std::unique_ptr<memory::Block> vram, memory::GuestMemory& memory, const base::Clock& clock);

    // Adapter.
    bool locate(std::uint64_t offset, std::uint64_t& address) const override;
    Frame frame() const override;
    bool blanked() const override;
    std::int64_t dot_clock() const override;

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

    Dispi dispi_{};
    std::array<std::uint8_t, 128> edid_{};
    Range<Vga> dispi_ports_{*this, &Vga::read_dispi_port, &Vga::write_dispi_port};
    Range<Vga> registers_{*this, &Vga::read_registers, &Vga::write_registers};
};

} // namespace windsor::devices::vga
