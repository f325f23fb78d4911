// SPDX-License-Identifier: GPL-2.0-or-later
// One PCI function: its configuration space, what its base address registers decode, its INTx pin.
#pragma once

#include "bus/irq_line.hpp"
#include "pci/range.hpp"
#include "pci/spec.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace windsor::pci {

// The read-only part of a header. `class_code` is base class, sub-class and interface (0xbbssii);
// `interrupt_pin` is 0 for none, or 1 to 4 for INTA to INTD.
struct Identity {
    std::uint16_t vendor{0};
    std::uint16_t device{0};
    std::uint32_t class_code{0};
    std::uint8_t revision{0};
    std::uint16_t subsystem_vendor{0};
    std::uint16_t subsystem{0};
    bool multifunction{false};
    std::uint8_t interrupt_pin{0};
};

// Base address registers are numbered 0 to 5; the expansion ROM's is number 6.
constexpr unsigned kBars = 6;
constexpr unsigned kRomBar = 6;

// Used under the machine lock. A device derives from this, or owns one.
class Function {
public:
    // What is to be saved. The ranges in force follow from it.
    struct State {
        std::array<std::uint8_t, kConfigSize> config{};
        bool interrupt{false}; // the device asks for its INTx, be it disabled or not
    };

    explicit Function(const Identity& identity);
    virtual ~Function() = default;
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;

    // Building, before the guest runs. The range leads to `content` wherever the guest places it. `size` is a power of
    // two: at least 4 bytes of ports, 16 of memory.
    void add_bar(unsigned index, BarKind kind, std::uint32_t size, Registers content);
    // Of whole pages: the block's size, a power of two.
    void add_bar(unsigned index, BarKind kind, const Storage& content);
    // An expansion ROM; the block's size, a power of two of pages.
    void add_rom(memory::Block& block);
    // Sets a register's value, now and after each reset.
    void set_default8(unsigned offset, std::uint8_t value);
    void set_default16(unsigned offset, std::uint16_t value);
    void set_default32(unsigned offset, std::uint32_t value);
    // Adds bits of the byte at `offset` that the guest may write; everything starts read-only but the
    // header's own writable registers.
    void set_writable(unsigned offset, std::uint8_t mask);
    void set_writable16(unsigned offset, std::uint16_t mask);
    void set_writable32(unsigned offset, std::uint32_t mask);
    // Takes back bits that the header makes writable.
    void set_read_only(unsigned offset, std::uint8_t mask);
    // Bits of the byte at `offset` that a written one clears.
    void set_write_one_to_clear(unsigned offset, std::uint8_t mask);
    // From here on ranges appear in these spaces; those that are decoded already do so at once.
    void connect(const Spaces& spaces);
    // The line outlives its use here.
    void connect_interrupt(bus::IrqLine line);

    // Configuration accesses by the bus. `width` is 1, 2 or 4 bytes and the access lies within one dword.
    virtual std::uint32_t config_read(unsigned offset, unsigned width);
    void config_write(unsigned offset, unsigned width, std::uint32_t value);

    // Power-on values; ranges disappear and the interrupt goes away. Then calls config_replaced()
    // and device_reset().
    void reset();

    // Asserts or releases INTx. The status bit shows it even while the command register disables the pin.
    void set_interrupt(bool level);
    bool interrupt() const { return state_.interrupt; }

    bool io_enabled() const { return (config16(offset_of(Register::Command)) & kCommandIo) != 0; }
    bool memory_enabled() const { return (config16(offset_of(Register::Command)) & kCommandMemory) != 0; }
    // Whether the function may read and write memory of its own accord.
    bool bus_master() const { return (config16(offset_of(Register::Command)) & kCommandBusMaster) != 0; }
    // Where a range answers now, if it does.
    std::optional<std::uint64_t> bar_base(unsigned index) const;
    std::uint8_t interrupt_pin() const { return config8(offset_of(Register::InterruptPin)); }

    // The device's own view of its configuration bytes, past all masks.
    std::uint8_t config8(unsigned offset) const { return state_.config[offset]; }
    std::uint16_t config16(unsigned offset) const;
    std::uint32_t config32(unsigned offset) const;
    void set_config8(unsigned offset, std::uint8_t value) { state_.config[offset] = value; }
    void set_config16(unsigned offset, std::uint16_t value);

    const State& state() const { return state_; }
    // Takes over a saved state, re-decodes the ranges and calls config_replaced(); makes no edge on the
    // interrupt.
    void load(const State& state);

protected:
    // After a guest's configuration write of `width` bytes at `offset`; ranges are already re-decoded.
    virtual void config_written(unsigned /*offset*/, unsigned /*width*/) {}
    // After reset() or load() gave all registers new values.
    virtual void config_replaced() {}
    // After reset(): the registers outside configuration space.
    virtual void device_reset() {}
    // None before connect().
    const std::optional<Spaces>& spaces() const { return spaces_; }

private:
    void add_range(unsigned index, Range range);
    static unsigned bar_offset(unsigned index);
    // Where the registers say that a range answers, if it is decoded at all.
    std::optional<std::uint64_t> decode(unsigned index) const;
    void update_bars();
    void keep_older_subsystem();
    void keep_fixed_bits();
    void update_interrupt();

    State state_;
    std::array<std::uint8_t, kConfigSize> defaults_{};
    std::array<std::uint8_t, kConfigSize> writable_{};
    std::array<std::uint8_t, kConfigSize> clear_by_one_{};
    std::array<Range, kBars + 1> ranges_{};
    std::optional<Spaces> spaces_;
    bus::IrqLine line_;
};

} // namespace windsor::pci
