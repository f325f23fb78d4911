// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/memory_access.hpp"
#include "emulate/simd_families.hpp"

#include <cstring>
#include <span>

namespace windsor::emulate {

namespace {

struct Bytes16 {
    std::array<std::uint8_t, 16> bytes;
};

template <typename T> bool read_as(Cpu& cpu, x86::Seg seg, std::uint64_t offset, void* into)
{
    T value{};
    if (!cpu.read<T>(seg, offset, value)) {
        return false;
    }
    std::memcpy(into, &value, sizeof value);
    return true;
}

template <typename T> bool write_as(Cpu& cpu, x86::Seg seg, std::uint64_t offset, const void* from)
{
    T value{};
    std::memcpy(&value, from, sizeof value);
    return cpu.write<T>(seg, offset, value);
}

} // namespace

bool read_memory(Cpu& cpu, x86::Seg seg, std::uint64_t offset, void* into, unsigned size)
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

bool write_memory(Cpu& cpu, x86::Seg seg, std::uint64_t offset, const void* from, unsigned size)
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
