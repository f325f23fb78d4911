// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's two cascaded 8237As with their page registers.
#pragma once

#include "bus/access.hpp"
#include "chipset/isa_dma.hpp"
#include "devices/dma/i8237.hpp"
#include "memory/guest_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::devices::dma {

// Channels 0 to 3 move bytes, 5 to 7 words.
class Dma {
public:
    struct State {
        I8237::State first;
        I8237::State second;
        std::array<std::uint8_t, kPageRegisters> pages{};
    };

    using Transfer = chipset::IsaDma::Transfer;

    // `memory` outlives the controller.
    explicit Dma(memory::GuestMemory& memory);
    Dma(const Dma&) = delete;
    Dma& operator=(const Dma&) = delete;

    bus::AccessHandler& first_ports() { return first_ports_; }   // 16 ports, at 0x00
    bus::AccessHandler& second_ports() { return second_ports_; } // 32 ports, at 0xc0
    bus::AccessHandler& page_ports() { return page_ports_; }     // 16 ports, at 0x80, where 0x80 shows POST codes

    // A device's request line; shows in the status register.
    void set_request(unsigned channel, bool level);

    // What a device on `channel` does when it is acknowledged: takes bytes from memory, or gives bytes to memory,
    // up to the span's size or terminal count. Without memory at the address, reads give ones and writes vanish.
    // A channel that is set up to verify counts without moving anything.
    Transfer read(unsigned channel, std::span<std::uint8_t> into);
    Transfer write(unsigned channel, std::span<const std::uint8_t> from);

    // The last byte written to port 0x80.
    std::uint8_t post_code() const { return pages_[0]; }

    void reset();
    State state() const;
    void load(const State& state);

private:
    class ControllerPorts final : public bus::AccessHandler {
    public:
        ControllerPorts(I8237& controller, unsigned stride) : controller_{controller}, stride_{stride} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        I8237& controller_;
        unsigned stride_;
    };
    class PagePorts final : public bus::AccessHandler {
    public:
        explicit PagePorts(Dma& dma) : dma_{dma} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Dma& dma_;
    };

    // Runs transfers of at most `size` bytes; `move` is given each stretch of memory in ascending order, with its
    // place in the device's bytes.
    template <typename Move> Transfer run(unsigned channel, TransferType type, std::size_t size, Move move);
    std::uint64_t address(unsigned channel) const;

    memory::GuestMemory& memory_;
    I8237 first_;
    I8237 second_;
    std::array<std::uint8_t, kPageRegisters> pages_{};
    ControllerPorts first_ports_{first_, 1};
    ControllerPorts second_ports_{second_, 2};
    PagePorts page_ports_{*this};
};

} // namespace windsor::devices::dma
