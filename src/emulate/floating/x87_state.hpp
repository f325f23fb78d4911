// SPDX-License-Identifier: GPL-2.0-or-later
// The x87 instruction and operand pointers, and the images of FNSTENV and FNSAVE. SDM volume 1, section 8.1.
#pragma once

#include "emulate/floating/fx_state.hpp"

#include <Zydis/Zydis.h>

#include <span>

namespace windsor::emulate {

// FOP: the low three bits of the first opcode byte and the ModRM byte.
inline std::uint16_t x87_opcode(const ZydisDecodedInstruction& instruction)
{
    const auto& raw = instruction.raw.modrm;
    const unsigned modrm = unsigned{raw.mod} << 6 | unsigned{raw.reg} << 3 | raw.rm;
    return static_cast<std::uint16_t>((instruction.opcode & 7u) << 8 | modrm);
}

// Every instruction but the control ones leaves its address here, and that of its memory operand if it has one.
inline void note_x87_instruction(Cpu& cpu, std::uint16_t opcode)
{
    cpu.s.fx.fop = opcode;
    cpu.s.fx.fip = cpu.s.rip;
    cpu.s.fcs = cpu.s.segment(x86::Seg::Cs).selector;
}

inline void note_x87_operand(Cpu& cpu, x86::Seg seg, std::uint64_t offset)
{
    cpu.s.fx.fdp = offset;
    cpu.s.fds = cpu.s.segment(seg).selector;
}

// The four layouts of the environment, by operand size and by whether segments are protected.
struct EnvironmentLayout {
    bool wide{false};     // 28 bytes, otherwise 14
    bool real_mode{false}; // real and virtual-8086 mode: 20- or 32-bit linear pointers

    unsigned size() const { return wide ? 28 : 14; }
};

void store_environment(const vcpu::CpuState& state, EnvironmentLayout layout, std::span<std::uint8_t> into);
// Loads control, status and tag words and the pointers; the registers keep their physical places.
void load_environment(vcpu::CpuState& state, EnvironmentLayout layout, std::span<const std::uint8_t> from);

// What FNINIT does to everything but the registers.
void initialize_x87(vcpu::CpuState& state);

} // namespace windsor::emulate
