// SPDX-License-Identifier: GPL-2.0-or-later
// What a base address register leads to.
#pragma once

#include "bus/router.hpp"
#include "memory/placement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace windsor::pci {

// The board's address spaces, in which the ranges of its functions appear. All outlive the functions.
struct Spaces {
    const bus::MachineLock& lock; // under which functions are used
    bus::PortRouter& ports;
    bus::MmioRouter& mmio;
    memory::GuestMemory& memory;
    int layer; // of `memory`, for ranges that lead to memory
};

// Registers, in ports or in memory.
struct Registers {
    bus::AccessHandler* handler; // outlives the function
    std::string name;            // for the log
};

// Memory of the function's own, such as a frame buffer or a ROM.
struct Storage {
    memory::Block* block; // outlives the function
    memory::Backing backing{memory::Backing::ReadWrite};
    bool logged{false}; // display memory, of which the console asks what has been written
};

enum class BarKind : std::uint8_t { Io, Memory32, Prefetchable32 };

// Where a range answers at present, and what it leads to.
class Range {
public:
    Range() = default;
    Range(BarKind kind, std::uint32_t size, Registers registers)
        : kind_{kind}, size_{size}, content_{std::move(registers)}
    {
    }
    Range(BarKind kind, std::uint32_t size, const Storage& storage) : kind_{kind}, size_{size}, content_{storage} {}

    BarKind kind() const { return kind_; }
    // In bytes; 0: there is no such range.
    std::uint32_t size() const { return size_; }
    // A port number or a guest-physical address; none: it answers nowhere.
    std::optional<std::uint64_t> base() const { return base_; }

    void appear(std::uint64_t base, const std::optional<Spaces>& spaces);
    void vanish();
    // Appears in spaces that were not there when it was decoded.
    void appear_in(const Spaces& spaces);

private:
    bus::Claim claim(const Spaces& spaces, const Registers& registers) const;
    void place(const Spaces& spaces);

    BarKind kind_{BarKind::Memory32};
    std::uint32_t size_{0};
    std::variant<std::monostate, Registers, Storage> content_;
    std::optional<std::uint64_t> base_;
    bus::Claim claim_;            // while registers answer
    memory::Placement placement_; // while memory does
};

} // namespace windsor::pci
