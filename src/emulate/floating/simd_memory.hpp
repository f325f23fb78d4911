// SPDX-License-Identifier: GPL-2.0-or-later
// Memory operands of any size.
#pragma once

#include "emulate/memory/memory_access.hpp"

#include <cstring>
#include <span>

namespace windsor::emulate {

struct Bytes16 {
    std::array<std::uint8_t, 16> bytes;
};

template <typename T> [[nodiscard]] inline bool read_as(Cpu& cpu, x86::Seg seg, std::uint64_t offset, void* into)
{
    T value{};
    if (!cpu.read<T>(seg, offset, value)) {
        return false;
    }
    std::memcpy(into, &value, sizeof value);
    return true;
}

template <typename T> [[nodiscard]] inline bool write_as(Cpu& cpu, x86::Seg seg, std::uint64_t offset, const void* from)
{
    T value{};
    std::memcpy(&value, from, sizeof value);
    return cpu.write<T>(seg, offset, value);
}

// Copies a memory operand of 1, 2, 4, 8, 10 or 16 bytes. A failed write leaves memory as it was.
[[nodiscard]] inline bool read_memory(Cpu& cpu, x86::Seg seg, std::uint64_t offset, void* into, unsigned size)
{
    switch (size) {
    case 1: return read_as<std::uint8_t>(cpu, seg, offset, into);
    case 2: return read_as<std::uint16_t>(cpu, seg, offset, into);
    case 4: return read_as<std::uint32_t>(cpu, seg, offset, into);
    case 8: return read_as<std::uint64_t>(cpu, seg, offset, into);
    case 16: return read_as<Bytes16>(cpu, seg, offset, into);
    default: return cpu.read_bytes(seg, offset, {static_cast<std::uint8_t*>(into), size});
    }
}

[[nodiscard]] inline bool write_memory(Cpu& cpu, x86::Seg seg, std::uint64_t offset, const void* from, unsigned size)
{
    switch (size) {
    case 1: return write_as<std::uint8_t>(cpu, seg, offset, from);
    case 2: return write_as<std::uint16_t>(cpu, seg, offset, from);
    case 4: return write_as<std::uint32_t>(cpu, seg, offset, from);
    case 8: return write_as<std::uint64_t>(cpu, seg, offset, from);
    case 16: return write_as<Bytes16>(cpu, seg, offset, from);
    default: return cpu.write_bytes(seg, offset, {static_cast<const std::uint8_t*>(from), size});
    }
}

} // namespace windsor::emulate
