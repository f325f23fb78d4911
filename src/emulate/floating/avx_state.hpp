// SPDX-License-Identifier: GPL-2.0-or-later
// What VEX-encoded instructions check before they run, and the YMM registers as wholes.
#pragma once

#include "emulate/core/cpu.hpp"
#include "emulate/core/opcode_table.hpp"

#include <cstring>

namespace windsor::emulate {

// Checks for protected mode, CR4.OSXSAVE, XCR0 and CR0.TS. SDM volume 2A, tables 2-18 and following.
[[nodiscard]] bool avx_available(Cpu& cpu);

using Ymm = std::array<std::uint8_t, 32>;
constexpr unsigned kXmmBytes = 16;

inline Ymm read_ymm(const Cpu& cpu, unsigned number)
{
    Ymm value;
    std::memcpy(value.data(), cpu.s.fx.xmm[number].data(), kXmmBytes);
    std::memcpy(value.data() + kXmmBytes, cpu.s.ymm_high[number].data(), kXmmBytes);
    return value;
}

inline void write_ymm(Cpu& cpu, unsigned number, const Ymm& value)
{
    std::memcpy(cpu.s.fx.xmm[number].data(), value.data(), kXmmBytes);
    std::memcpy(cpu.s.ymm_high[number].data(), value.data() + kXmmBytes, kXmmBytes);
}

// The register operands of a VEX encoding go to Insn::reg and Insn::rm; those of VEX.vvvv and of an immediate share
// Insn::extra.
void name_vex_registers(const Decoded& decoded, Insn& insn);
inline unsigned second_register(const Insn& insn)
{
    return insn.extra & 15u;
}
inline unsigned fourth_register(const Insn& insn)
{
    return insn.extra >> 4u;
}

void add_avx_special(OpcodeTable& table); // VZEROUPPER, MXCSR, masked moves
void add_avx_gather(OpcodeTable& table);

} // namespace windsor::emulate
