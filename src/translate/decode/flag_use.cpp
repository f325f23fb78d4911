// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/decode/flag_use.hpp"

#include "translate/decode/mnemonics.hpp"

namespace windsor::translate {

namespace {

// Undefined flags usually count as written. Some processors leave those of these instructions as they were, or make
// them from the old ones, so that they do not.
bool keeps_undefined(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_BSF:
    case ZYDIS_MNEMONIC_BSR:
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
    case ZYDIS_MNEMONIC_MUL:
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV: return true;
    default: return mnemonic == ZYDIS_MNEMONIC_LZCNT || mnemonic == ZYDIS_MNEMONIC_TZCNT;
    }
}

} // namespace

// Shifts by CL leave the flags alone if the count is zero, as do those by a constant whose masked bits are zero. SDM
// volume 2B, SAL/SAR/SHL/SHR.
FlagUse flag_use(const ZydisDecodedInstruction& decoded, const ZydisDecodedOperand* operands)
{
    if (decoded.cpu_flags == nullptr) {
        return {};
    }
    const ZydisAccessedFlags& accessed = *decoded.cpu_flags;
    const Flags certain = (accessed.modified | accessed.set_0 | accessed.set_1 | accessed.undefined) & kAllFlags;
    FlagUse use{.reads = accessed.tested & kAllFlags, .writes = certain, .kills = certain};
    if (keeps_undefined(decoded.mnemonic)) {
        use.kills = certain & ~accessed.undefined;
    }
    if (is_shift(decoded.mnemonic) && certain != 0) {
        const bool three = decoded.mnemonic == ZYDIS_MNEMONIC_SHLD || decoded.mnemonic == ZYDIS_MNEMONIC_SHRD;
        const ZydisDecodedOperand* count = operands != nullptr ? &operands[three ? 2 : 1] : nullptr;
        const unsigned mask = decoded.operand_width == 64 ? 63 : 31;
        if (count == nullptr || count->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || (count->imm.value.u & mask) == 0) {
            use.kills = 0;
        }
    }
    return use;
}

} // namespace windsor::translate
