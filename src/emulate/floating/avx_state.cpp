// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/avx_state.hpp"

namespace windsor::emulate {

bool avx_available(Cpu& cpu)
{
    constexpr std::uint64_t kNeeded = x86::xcr0::kSse | x86::xcr0::kAvx;
    const bool enabled = cpu.protected_mode() && (cpu.s.cr4 & x86::cr4::kOsxsave) != 0 &&
                         (cpu.s.xcr0 & kNeeded) == kNeeded;
    if (!enabled) {
        return cpu.refuse(x86::Exception::Ud);
    }
    return (cpu.s.cr0 & x86::cr0::kTs) == 0 || cpu.refuse(x86::Exception::Nm);
}

void name_vex_registers(const Decoded& decoded, Insn& insn)
{
    // Outside 64-bit mode there are eight registers, whatever an encoding says.
    const unsigned mask = decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64 ? 15 : 7;
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER || operand.visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            continue;
        }
        const auto number = static_cast<unsigned>(ZydisRegisterGetId(operand.reg.value)) & mask;
        switch (operand.encoding) {
        case ZYDIS_OPERAND_ENCODING_MODRM_REG: insn.reg = static_cast<std::uint8_t>(number); break;
        case ZYDIS_OPERAND_ENCODING_MODRM_RM: insn.rm = static_cast<std::uint8_t>(number); break;
        case ZYDIS_OPERAND_ENCODING_NDSNDD: insn.extra = static_cast<std::uint8_t>(insn.extra | number); break;
        case ZYDIS_OPERAND_ENCODING_IS4: insn.extra = static_cast<std::uint8_t>(insn.extra | number << 4); break;
        default: break;
        }
    }
}

} // namespace windsor::emulate
