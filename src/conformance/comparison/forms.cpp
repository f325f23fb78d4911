// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/forms.hpp"

#include "vcpu/host_features.hpp"

#include <algorithm>

namespace windsor::conformance::comparison {

namespace {

// Their results depend on the system, on time or on descriptor tables, or the kernel of the host steps in.
constexpr auto kExcluded = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_SYSCALL,   ZYDIS_MNEMONIC_SYSENTER, ZYDIS_MNEMONIC_SYSRET, ZYDIS_MNEMONIC_SYSEXIT,
    ZYDIS_MNEMONIC_INT,       ZYDIS_MNEMONIC_INT1,     ZYDIS_MNEMONIC_INT3,   ZYDIS_MNEMONIC_IRET,
    ZYDIS_MNEMONIC_IRETD,     ZYDIS_MNEMONIC_IRETQ,    ZYDIS_MNEMONIC_CPUID,  ZYDIS_MNEMONIC_RDTSC,
    ZYDIS_MNEMONIC_RDTSCP,    ZYDIS_MNEMONIC_RDPMC,    ZYDIS_MNEMONIC_SGDT,   ZYDIS_MNEMONIC_SIDT,
    ZYDIS_MNEMONIC_SLDT,      ZYDIS_MNEMONIC_STR,      ZYDIS_MNEMONIC_SMSW,   ZYDIS_MNEMONIC_LAR,
    ZYDIS_MNEMONIC_LSL,       ZYDIS_MNEMONIC_VERR,     ZYDIS_MNEMONIC_VERW,   ZYDIS_MNEMONIC_LDS,
    ZYDIS_MNEMONIC_LES,       ZYDIS_MNEMONIC_LFS,      ZYDIS_MNEMONIC_LGS,    ZYDIS_MNEMONIC_LSS,
    ZYDIS_MNEMONIC_XGETBV,    ZYDIS_MNEMONIC_MONITOR,  ZYDIS_MNEMONIC_MWAIT,  ZYDIS_MNEMONIC_FXRSTOR,
    ZYDIS_MNEMONIC_FXRSTOR64, ZYDIS_MNEMONIC_SALC,
});

bool is_one_of(ZydisISASet set, std::initializer_list<ZydisISASet> sets)
{
    return std::find(sets.begin(), sets.end(), set) != sets.end();
}

bool is_vector_set(ZydisISASet set)
{
    return is_one_of(set, {ZYDIS_ISA_SET_PENTIUMMMX, ZYDIS_ISA_SET_SSE, ZYDIS_ISA_SET_SSE2, ZYDIS_ISA_SET_SSE2MMX,
                           ZYDIS_ISA_SET_SSE3, ZYDIS_ISA_SET_SSSE3, ZYDIS_ISA_SET_SSSE3MMX, ZYDIS_ISA_SET_SSE4,
                           ZYDIS_ISA_SET_SSE42, ZYDIS_ISA_SET_SSEMXCSR, ZYDIS_ISA_SET_FXSAVE, ZYDIS_ISA_SET_FXSAVE64});
}

// VPCLMULQDQ belongs to AVX by its encoding only: it needs a feature of its own.
bool is_avx(const ZydisDecodedInstruction& instruction)
{
    return instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX &&
           instruction.mnemonic != ZYDIS_MNEMONIC_VPCLMULQDQ &&
           is_one_of(instruction.meta.isa_set, {ZYDIS_ISA_SET_AVX, ZYDIS_ISA_SET_AVX2, ZYDIS_ISA_SET_AVX2GATHER,
                                                ZYDIS_ISA_SET_FMA, ZYDIS_ISA_SET_F16C});
}

// Whether it is one of BMI1's and BMI2's VEX encodings, which TZCNT has none of.
bool is_bmi(const ZydisDecodedInstruction& instruction)
{
    return instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX &&
           is_one_of(instruction.meta.isa_set, {ZYDIS_ISA_SET_BMI1, ZYDIS_ISA_SET_BMI2});
}

bool is_integer_set(ZydisISASet set)
{
    static const bool companions = vcpu::has_companions_of_avx2(vcpu::host_features());
    if (is_one_of(set, {ZYDIS_ISA_SET_BMI1, ZYDIS_ISA_SET_LZCNT, ZYDIS_ISA_SET_MOVBE})) {
        return companions;
    }
    return is_one_of(set, {ZYDIS_ISA_SET_I86, ZYDIS_ISA_SET_I186, ZYDIS_ISA_SET_I286PROTECTED, ZYDIS_ISA_SET_I286REAL,
                           ZYDIS_ISA_SET_I386, ZYDIS_ISA_SET_I486, ZYDIS_ISA_SET_I486REAL, ZYDIS_ISA_SET_PENTIUMREAL,
                           ZYDIS_ISA_SET_PPRO, ZYDIS_ISA_SET_CMOV, ZYDIS_ISA_SET_CMPXCHG16B, ZYDIS_ISA_SET_LAHF,
                           ZYDIS_ISA_SET_LONGMODE, ZYDIS_ISA_SET_FAT_NOP, ZYDIS_ISA_SET_PAUSE, ZYDIS_ISA_SET_POPCNT,
                           ZYDIS_ISA_SET_PREFETCH_NOP, ZYDIS_ISA_SET_CLFSH, ZYDIS_ISA_SET_SSE_PREFETCH});
}

bool is_far(const ZydisDecodedInstruction& instruction)
{
    return instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

bool writes_segment_register(std::span<const ZydisDecodedOperand> operands)
{
    return std::any_of(operands.begin(), operands.end(), [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
               ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT &&
               (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    });
}

bool uses_mmx(std::span<const ZydisDecodedOperand> operands)
{
    return std::any_of(operands.begin(), operands.end(), [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
               ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_MMX;
    });
}

// FS and GS have different bases on both sides.
bool uses_based_segment(std::span<const ZydisDecodedOperand> operands)
{
    return std::any_of(operands.begin(), operands.end(), [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
               (operand.mem.segment == ZYDIS_REGISTER_FS || operand.mem.segment == ZYDIS_REGISTER_GS);
    });
}

bool has_prefix(const ZydisDecodedInstruction& instruction, std::initializer_list<std::uint8_t> values)
{
    const auto prefixes = std::span{instruction.raw.prefixes}.first(instruction.raw.prefix_count);
    return std::any_of(prefixes.begin(), prefixes.end(), [values](const auto& prefix) {
        return std::find(values.begin(), values.end(), prefix.value) != values.end();
    });
}

// Encodings that AMD's processors, Intel's and Zydis do not agree about. No compiler emits them.
bool is_peculiar(const ZydisDecodedInstruction& instruction)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_LOOPE: // AMD: a repeat prefix replaces the condition
    case ZYDIS_MNEMONIC_LOOPNE: return has_prefix(instruction, {0xf2, 0xf3});
    case ZYDIS_MNEMONIC_NOP: // 0F 0D with a register: invalid for AMD
        return instruction.opcode_map == ZYDIS_OPCODE_MAP_0F && instruction.opcode == 0x0d;
    case ZYDIS_MNEMONIC_PAUSE: // F3 90 with REX.B: an exchange with R8 for AMD, a pause for some of Intel's
        return instruction.raw.rex.B != 0;
    case ZYDIS_MNEMONIC_VPINSRD: // with VEX.W outside 64-bit mode: invalid for some of AMD's
    case ZYDIS_MNEMONIC_VPEXTRD: return instruction.raw.vex.W != 0;
    default: break;
    }
    // Zydis 4.0 sees a base register where there is none, see Decoder.
    return (instruction.attributes & ZYDIS_ATTRIB_HAS_SIB) != 0 && instruction.address_width == 32 &&
           instruction.raw.modrm.mod == 0 && instruction.raw.sib.base == 5 && instruction.raw.rex.B != 0;
}

} // namespace

bool belongs(Family family, const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands)
{
    const ZydisISASet set = instruction.meta.isa_set;
    if (family == Family::Avx) {
        return is_avx(instruction);
    }
    if (family == Family::Bmi) {
        return is_bmi(instruction);
    }
    if (instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
        return false;
    }
    switch (family) {
    case Family::Integer: return is_integer_set(set);
    case Family::X87:
        return is_one_of(set, {ZYDIS_ISA_SET_X87, ZYDIS_ISA_SET_SSE3X87, ZYDIS_ISA_SET_FCMOV}) ||
               (set == ZYDIS_ISA_SET_PPRO && instruction.opcode >= 0xd8);
    case Family::Mmx: return is_vector_set(set) && (uses_mmx(operands) || instruction.mnemonic == ZYDIS_MNEMONIC_EMMS);
    case Family::Sse: return is_vector_set(set) && !uses_mmx(operands);
    case Family::Avx:
    case Family::Bmi: break;
    }
    return false;
}

bool is_near_branch(const ZydisDecodedInstruction& instruction)
{
    return instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_NEAR ||
           instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_SHORT;
}

bool leaves_overflow_undefined(const ZydisDecodedInstruction& instruction)
{
    const bool rotates = instruction.mnemonic == ZYDIS_MNEMONIC_ROL || instruction.mnemonic == ZYDIS_MNEMONIC_ROR;
    return rotates && instruction.raw.imm[0].size != 0;
}

bool has_operand_size_prefix(const ZydisDecodedInstruction& instruction)
{
    return has_prefix(instruction, {0x66});
}

bool comparable(const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands)
{
    if ((instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0 || is_far(instruction)) {
        return false;
    }
    if (std::find(kExcluded.begin(), kExcluded.end(), instruction.mnemonic) != kExcluded.end()) {
        return false;
    }
    // AMD's processors take the prefix on near branches for 16 bits in 64-bit mode, Intel's ignore it.
    if (is_near_branch(instruction) && has_operand_size_prefix(instruction)) {
        return false;
    }
    if (is_peculiar(instruction)) {
        return false;
    }
    return !writes_segment_register(operands) && !uses_based_segment(operands);
}

} // namespace windsor::conformance::comparison
