// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/decode/forms.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

bool has_hidden_memory(const Instruction& i)
{
    for (unsigned n = i.decoded.operand_count_visible; n < i.decoded.operand_count; ++n) {
        if (i.operands[n].type == ZYDIS_OPERAND_TYPE_MEMORY) {
            return true;
        }
    }
    return false;
}

// Tells whether the instruction accesses memory by a vector of addresses.
bool gathers(const Instruction& i)
{
    return std::any_of(i.operands.begin(), i.operands.begin() + i.decoded.operand_count, [](const auto& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB;
    });
}

} // namespace

bool is_string(const Instruction& i)
{
    return i.decoded.meta.category == ZYDIS_CATEGORY_STRINGOP;
}

bool names_system_register(const Instruction& i)
{
    return std::any_of(i.operands.begin(), i.operands.begin() + i.decoded.operand_count_visible, [](const auto& named) {
        const auto kind =
            named.type == ZYDIS_OPERAND_TYPE_REGISTER ? ZydisRegisterGetClass(named.reg.value) : ZYDIS_REGCLASS_INVALID;
        return kind == ZYDIS_REGCLASS_SEGMENT || kind == ZYDIS_REGCLASS_CONTROL || kind == ZYDIS_REGCLASS_DEBUG ||
               kind == ZYDIS_REGCLASS_TEST;
    });
}

bool relocatable(const Instruction& i)
{
    if (has_hidden_memory(i) || names_system_register(i) || gathers(i)) {
        return false;
    }
    if (i.decoded.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
        i.decoded.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return false;
    }
    if (i.memory == nullptr) {
        return true;
    }
    return i.memory->size != 0 && i.memory->size <= 256 && i.memory->size % 8 == 0 && i.decoded.address_width >= 32;
}

bool reads_selector(const Instruction& i, const Context& /*context*/)
{
    return i.decoded.mnemonic == ZYDIS_MNEMONIC_MOV && i.decoded.operand_width >= 32 &&
           i.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(i.operands[0].reg.value) &&
           i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(i.operands[1].reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

bool usual_width(const Instruction& i, const Context& context)
{
    return i.decoded.operand_width == (context.long64() ? 64 : 32);
}

bool usual_string(const Instruction& i, const Context& context)
{
    return (i.decoded.attributes & ZYDIS_ATTRIB_HAS_SEGMENT) == 0 &&
           i.decoded.address_width == (context.long64() ? 64 : 32);
}

bool repeats(const Instruction& i)
{
    for (unsigned n = 0; n < i.decoded.raw.prefix_count; ++n) {
        if (const std::uint8_t value = i.decoded.raw.prefixes[n].value; value == 0xf2 || value == 0xf3) {
            return true;
        }
    }
    return false;
}

bool loads_selector(const Instruction& i, const Context& context)
{
    const ZydisDecodedOperand& to = i.operands[0];
    const bool moves = i.decoded.mnemonic == ZYDIS_MNEMONIC_MOV;
    if (!moves && i.decoded.mnemonic != ZYDIS_MNEMONIC_POP) {
        return false;
    }
    if (context.mode != emulate::DecodeMode::Legacy32 || context.user || context.set != emulate::TlbSet::Supervisor ||
        to.type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return false;
    }
    switch (to.reg.value) {
    case ZYDIS_REGISTER_DS:
    case ZYDIS_REGISTER_ES:
    case ZYDIS_REGISTER_FS:
    case ZYDIS_REGISTER_GS: break;
    default: return false;
    }
    return moves ? i.memory == nullptr || i.decoded.address_width == 32 : usual_width(i, context);
}

} // namespace windsor::translate
