// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/verify/allowed.hpp"

#include "translate/verify/host_instruction.hpp"

#include <array>
#include <bitset>

namespace windsor::translate::verify {

namespace {

using Mnemonics = std::bitset<ZYDIS_MNEMONIC_MAX_VALUE + 1>;

constexpr auto kGeneral = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_ADC,     ZYDIS_MNEMONIC_ADCX,      ZYDIS_MNEMONIC_ADD,        ZYDIS_MNEMONIC_ADOX,
    ZYDIS_MNEMONIC_AND,     ZYDIS_MNEMONIC_ANDN,      ZYDIS_MNEMONIC_BEXTR,      ZYDIS_MNEMONIC_BLSI,
    ZYDIS_MNEMONIC_BLSMSK,  ZYDIS_MNEMONIC_BLSR,      ZYDIS_MNEMONIC_BSF,        ZYDIS_MNEMONIC_BSR,
    ZYDIS_MNEMONIC_BSWAP,   ZYDIS_MNEMONIC_BT,        ZYDIS_MNEMONIC_BTC,        ZYDIS_MNEMONIC_BTR,
    ZYDIS_MNEMONIC_BTS,     ZYDIS_MNEMONIC_BZHI,      ZYDIS_MNEMONIC_CBW,        ZYDIS_MNEMONIC_CDQ,
    ZYDIS_MNEMONIC_CDQE,    ZYDIS_MNEMONIC_CLC,       ZYDIS_MNEMONIC_CMC,        ZYDIS_MNEMONIC_CMP,
    ZYDIS_MNEMONIC_CMPXCHG, ZYDIS_MNEMONIC_CMPXCHG8B, ZYDIS_MNEMONIC_CMPXCHG16B, ZYDIS_MNEMONIC_CQO,
    ZYDIS_MNEMONIC_CRC32,   ZYDIS_MNEMONIC_CWD,       ZYDIS_MNEMONIC_CWDE,       ZYDIS_MNEMONIC_DEC,
    ZYDIS_MNEMONIC_DIV,     ZYDIS_MNEMONIC_IDIV,      ZYDIS_MNEMONIC_IMUL,       ZYDIS_MNEMONIC_INC,
    ZYDIS_MNEMONIC_JMP,     ZYDIS_MNEMONIC_JRCXZ,     ZYDIS_MNEMONIC_JECXZ,      ZYDIS_MNEMONIC_LAHF,
    ZYDIS_MNEMONIC_LEA,     ZYDIS_MNEMONIC_LFENCE,    ZYDIS_MNEMONIC_LZCNT,      ZYDIS_MNEMONIC_MFENCE,
    ZYDIS_MNEMONIC_MOV,     ZYDIS_MNEMONIC_MOVBE,     ZYDIS_MNEMONIC_MOVNTI,     ZYDIS_MNEMONIC_MOVSX,
    ZYDIS_MNEMONIC_MOVSXD,  ZYDIS_MNEMONIC_MOVZX,     ZYDIS_MNEMONIC_MUL,        ZYDIS_MNEMONIC_MULX,
    ZYDIS_MNEMONIC_NEG,     ZYDIS_MNEMONIC_NOP,       ZYDIS_MNEMONIC_NOT,        ZYDIS_MNEMONIC_OR,
    ZYDIS_MNEMONIC_PDEP,    ZYDIS_MNEMONIC_PEXT,      ZYDIS_MNEMONIC_POPCNT,     ZYDIS_MNEMONIC_RCL,
    ZYDIS_MNEMONIC_RCR,     ZYDIS_MNEMONIC_ROL,       ZYDIS_MNEMONIC_ROR,        ZYDIS_MNEMONIC_RORX,
    ZYDIS_MNEMONIC_SAHF,    ZYDIS_MNEMONIC_SAR,       ZYDIS_MNEMONIC_SARX,       ZYDIS_MNEMONIC_SBB,
    ZYDIS_MNEMONIC_SFENCE,  ZYDIS_MNEMONIC_SHL,       ZYDIS_MNEMONIC_SHLD,       ZYDIS_MNEMONIC_SHLX,
    ZYDIS_MNEMONIC_SHR,     ZYDIS_MNEMONIC_SHRD,      ZYDIS_MNEMONIC_SHRX,       ZYDIS_MNEMONIC_STC,
    ZYDIS_MNEMONIC_SUB,     ZYDIS_MNEMONIC_TEST,      ZYDIS_MNEMONIC_TZCNT,      ZYDIS_MNEMONIC_XADD,
    ZYDIS_MNEMONIC_XCHG,    ZYDIS_MNEMONIC_XOR,       ZYDIS_MNEMONIC_MOVSB,      ZYDIS_MNEMONIC_MOVSW,
    ZYDIS_MNEMONIC_MOVSD,   ZYDIS_MNEMONIC_MOVSQ,     ZYDIS_MNEMONIC_STOSB,      ZYDIS_MNEMONIC_STOSW,
    ZYDIS_MNEMONIC_STOSD,   ZYDIS_MNEMONIC_STOSQ,     ZYDIS_MNEMONIC_SCASB,      ZYDIS_MNEMONIC_SCASW,
    ZYDIS_MNEMONIC_SCASD,   ZYDIS_MNEMONIC_SCASQ,
});

// These vector and x87 instructions are not allowed: they load or show more state than registers, or they store to
// memory that their encoding does not name.
constexpr auto kUnwanted = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_FLDCW,      ZYDIS_MNEMONIC_FLDENV,     ZYDIS_MNEMONIC_FNCLEX,   ZYDIS_MNEMONIC_FNINIT,
    ZYDIS_MNEMONIC_FNSAVE,     ZYDIS_MNEMONIC_FNSTENV,    ZYDIS_MNEMONIC_FRSTOR,   ZYDIS_MNEMONIC_FXRSTOR,
    ZYDIS_MNEMONIC_FXRSTOR64,  ZYDIS_MNEMONIC_FXSAVE,     ZYDIS_MNEMONIC_FXSAVE64, ZYDIS_MNEMONIC_LDMXCSR,
    ZYDIS_MNEMONIC_MASKMOVDQU, ZYDIS_MNEMONIC_MASKMOVQ,   ZYDIS_MNEMONIC_STMXCSR,  ZYDIS_MNEMONIC_FWAIT,
    ZYDIS_MNEMONIC_VLDMXCSR,   ZYDIS_MNEMONIC_VMASKMOVDQU, ZYDIS_MNEMONIC_VSTMXCSR,
});

constexpr auto kUnaligned = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_MOVUPS,    ZYDIS_MNEMONIC_MOVUPD,    ZYDIS_MNEMONIC_MOVDQU,    ZYDIS_MNEMONIC_LDDQU,
    ZYDIS_MNEMONIC_PCMPESTRI, ZYDIS_MNEMONIC_PCMPESTRM, ZYDIS_MNEMONIC_PCMPISTRI, ZYDIS_MNEMONIC_PCMPISTRM,
});

constexpr auto kAlignedVex = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_VMOVAPD,  ZYDIS_MNEMONIC_VMOVAPS,   ZYDIS_MNEMONIC_VMOVDQA,  ZYDIS_MNEMONIC_VMOVNTDQ,
    ZYDIS_MNEMONIC_VMOVNTDQA, ZYDIS_MNEMONIC_VMOVNTPD, ZYDIS_MNEMONIC_VMOVNTPS,
});

// A bit scan of zero, a count of zero and a comparison that succeeds write no register, on some processors not even
// its upper half.
constexpr auto kKeepers = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_BSF, ZYDIS_MNEMONIC_BSR, ZYDIS_MNEMONIC_CMPXCHG, ZYDIS_MNEMONIC_CMPXCHG8B, ZYDIS_MNEMONIC_RCL,
    ZYDIS_MNEMONIC_RCR, ZYDIS_MNEMONIC_ROL, ZYDIS_MNEMONIC_ROR,     ZYDIS_MNEMONIC_SAR,       ZYDIS_MNEMONIC_SHL,
    ZYDIS_MNEMONIC_SHR, ZYDIS_MNEMONIC_SHLD, ZYDIS_MNEMONIC_SHRD,
});

template <std::size_t kSize> Mnemonics set_of(const std::array<ZydisMnemonic, kSize>& list)
{
    Mnemonics set;
    for (const ZydisMnemonic mnemonic : list) {
        set[mnemonic] = true;
    }
    return set;
}

Mnemonics general()
{
    Mnemonics set = set_of(kGeneral);
    for (unsigned n = ZYDIS_MNEMONIC_CMOVB; n <= ZYDIS_MNEMONIC_CMOVZ; ++n) {
        set[n] = true;
    }
    for (unsigned n = ZYDIS_MNEMONIC_SETB; n <= ZYDIS_MNEMONIC_SETZ; ++n) {
        set[n] = true;
    }
    for (unsigned n = ZYDIS_MNEMONIC_JB; n <= ZYDIS_MNEMONIC_JZ; ++n) {
        set[n] = true;
    }
    for (const ZydisMnemonic other :
         {ZYDIS_MNEMONIC_JCXZ, ZYDIS_MNEMONIC_JKNZD, ZYDIS_MNEMONIC_JKZD, ZYDIS_MNEMONIC_SETSSBSY}) {
        set[other] = false;
    }
    return set;
}

bool is_vector_extension(ZydisISAExt extension)
{
    switch (extension) {
    case ZYDIS_ISA_EXT_AES:
    case ZYDIS_ISA_EXT_AVX:
    case ZYDIS_ISA_EXT_AVX2:
    case ZYDIS_ISA_EXT_AVXAES:
    case ZYDIS_ISA_EXT_F16C:
    case ZYDIS_ISA_EXT_FMA:
    case ZYDIS_ISA_EXT_MMX:
    case ZYDIS_ISA_EXT_PCLMULQDQ:
    case ZYDIS_ISA_EXT_SHA:
    case ZYDIS_ISA_EXT_SSE:
    case ZYDIS_ISA_EXT_SSE2:
    case ZYDIS_ISA_EXT_SSE3:
    case ZYDIS_ISA_EXT_SSE4:
    case ZYDIS_ISA_EXT_SSE4A:
    case ZYDIS_ISA_EXT_SSSE3:
    case ZYDIS_ISA_EXT_VAES:
    case ZYDIS_ISA_EXT_VPCLMULQDQ:
    case ZYDIS_ISA_EXT_GFNI:
    case ZYDIS_ISA_EXT_X87: return true;
    default: return false;
    }
}

bool is_near_branch_or_none(const ZydisDecodedInstruction& decoded)
{
    return decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR;
}

} // namespace

bool is_allowed(const ZydisDecodedInstruction& decoded)
{
    static const Mnemonics kListed = general();
    static const Mnemonics kRefused = set_of(kUnwanted);
    constexpr auto kOrdinary = ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    if (decoded.encoding != kOrdinary && decoded.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return false;
    }
    if ((decoded.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0 || !is_near_branch_or_none(decoded)) {
        return false;
    }
    return is_vector_extension(decoded.meta.isa_ext) ? !kRefused[decoded.mnemonic] : kListed[decoded.mnemonic];
}

std::uint8_t implied_units(const ZydisDecodedInstruction& decoded)
{
    if (decoded.mnemonic == ZYDIS_MNEMONIC_VZEROUPPER || decoded.mnemonic == ZYDIS_MNEMONIC_VZEROALL) {
        return kAvx;
    }
    switch (decoded.meta.isa_ext) {
    case ZYDIS_ISA_EXT_X87:
    case ZYDIS_ISA_EXT_MMX: return kX87;
    default: return decoded.meta.isa_set == ZYDIS_ISA_SET_SSE3X87 ? std::uint8_t{kX87} : std::uint8_t{0};
    }
}

bool keeps_upper_half(std::uint16_t mnemonic)
{
    static const Mnemonics kSet = set_of(kKeepers);
    return kSet[mnemonic];
}

bool moves_unaligned(std::uint16_t mnemonic)
{
    static const Mnemonics kSet = set_of(kUnaligned);
    return kSet[mnemonic];
}

bool moves_aligned_vex(std::uint16_t mnemonic)
{
    static const Mnemonics kSet = set_of(kAlignedVex);
    return kSet[mnemonic];
}

} // namespace windsor::translate::verify
