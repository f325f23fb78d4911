// SPDX-License-Identifier: GPL-2.0-or-later
// The I/O permission bitmap. SDM volume 1, section 19.5.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"

namespace windsor::emulate {

using x86::Exception;

bool port_allowed(Cpu& cpu, std::uint16_t port, unsigned size)
{
    if (cpu.mode() == Mode::Real || (cpu.mode() != Mode::Virtual8086 && cpu.cpl() <= cpu.iopl())) {
        return true;
    }
    constexpr std::uint32_t kIoMapBase = 0x66;
    const x86::Segment& tr = cpu.s.tr;
    const bool wide = (tr.attributes.type & 8) != 0; // a 16-bit TSS has no bitmap
    if (tr.unusable || is_null(tr.selector) || !wide || tr.limit < kIoMapBase + 1) {
        return cpu.refuse(Exception::Gp);
    }
    // The processor's own tables have 64-bit addresses in compatibility mode too.
    const std::uint64_t reach = cpu.long_mode() ? ~std::uint64_t{0} : 0xffffffff;
    std::uint16_t map = 0;
    if (!cpu.read_linear(x86::Linear{tr.base + kIoMapBase} & reach, map, As::Processor)) {
        return false;
    }
    // Two bytes are read, so that an access may straddle them.
    const std::uint32_t offset = map + port / 8u;
    if (offset + 1 > tr.limit) {
        return cpu.refuse(Exception::Gp);
    }
    std::uint16_t bits = 0;
    if (!cpu.read_linear(x86::Linear{tr.base + offset} & reach, bits, As::Processor)) {
        return false;
    }
    const unsigned mask = ((1u << size) - 1) << (port & 7);
    return (bits & mask) == 0 || cpu.refuse(Exception::Gp);
}

} // namespace windsor::emulate
