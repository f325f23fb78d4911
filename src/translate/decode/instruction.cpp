// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/decode/instruction.hpp"

#include "translate/decode/forms.hpp"
#include "translate/decode/mnemonics.hpp"
#include "translate/kinds.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

Unit unit_of(const Instruction& i)
{
    bool mmx = false;
    bool sse = false;
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const ZydisRegisterClass kind = ZydisRegisterGetClass(operand.reg.value);
            mmx = mmx || kind == ZYDIS_REGCLASS_MMX;
            sse = sse || kind == ZYDIS_REGCLASS_XMM || kind == ZYDIS_REGCLASS_YMM;
        }
    }
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_VZEROUPPER || i.decoded.mnemonic == ZYDIS_MNEMONIC_VZEROALL) {
        return Unit::Sse;
    }
    switch (i.decoded.meta.isa_ext) {
    case ZYDIS_ISA_EXT_X87: return Unit::X87;
    case ZYDIS_ISA_EXT_MMX: return Unit::Mmx; // EMMS has no operands that would tell
    default: break;
    }
    if (i.decoded.meta.isa_set == ZYDIS_ISA_SET_SSE3X87) {
        return Unit::X87;
    }
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_CVTPI2PS || i.decoded.mnemonic == ZYDIS_MNEMONIC_CVTPI2PD) {
        return Unit::MmxAndSse; // this is so with a memory operand as well
    }
    return mmx ? (sse ? Unit::MmxAndSse : Unit::Mmx) : sse ? Unit::Sse : Unit::Integer;
}

// Returns the memory operand that ModRM names, or the address in the instruction itself (moffs). Returns null if there
// is none.
const ZydisDecodedOperand* memory_operand(const Instruction& i)
{
    for (unsigned n = 0; n < i.decoded.operand_count_visible; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM) {
            return &operand;
        }
    }
    return nullptr;
}

// Outside 64-bit mode several bits of a VEX encoding mean nothing: VEX.W of many instructions, VEX.B, the uppermost bit
// of VEX.vvvv and that of an immediate that names a register (SDM volume 2A, sections 2.3.5 and 3.1.1.2). On the host
// they would make an operand in memory wider than what has been checked, or name other registers. VZEROUPPER and
// VZEROALL leave XMM8 to XMM15 alone. This tells whether the host would run the same instruction.
bool same_in_64_bit_code(const emulate::Decoder& decoder, const Instruction& i)
{
    ZydisDecodedInstruction decoded;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    const ZydisDecoder& host = decoder.zydis(emulate::DecodeMode::Long64);
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0 ||
        ZYAN_FAILED(ZydisDecoderDecodeFull(&host, i.bytes, i.decoded.length, &decoded, operands.data())) ||
        decoded.mnemonic != i.decoded.mnemonic || decoded.operand_count != i.decoded.operand_count) {
        return false;
    }
    for (unsigned n = 0; n < decoded.operand_count; ++n) {
        const ZydisDecodedOperand& here = i.operands[n];
        const ZydisDecodedOperand& there = operands[n];
        const bool general = here.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(here.reg.value);
        const bool other = here.type == ZYDIS_OPERAND_TYPE_REGISTER && here.reg.value != there.reg.value;
        if (general || other || here.type != there.type || here.size != there.size) {
            return false;
        }
    }
    return true;
}

// An instruction that no row of the table of kinds takes is Plain if that is possible.
Kind plain_or_interpreted(const Instruction& i, const Context& context)
{
    const bool x87_in_order = i.unit == Unit::Sse || context.x87;
    const bool sse_in_order = i.unit == Unit::X87 || (i.vex() ? context.avx : context.sse);
    const bool plain = i.unit == Unit::Integer
                           ? is_plain(i.decoded.mnemonic)
                           : x87_in_order && sse_in_order && !is_interpreted_floating(i.decoded.mnemonic);
    return plain && relocatable(i) ? Kind::Plain : Kind::Interpret;
}

Kind kind_of(const Instruction& i, const Context& context)
{
    for (const Kind kind : kinds_of(i.decoded.mnemonic)) {
        if (kind != Kind::Interpret && row_of(kind).takes(i, context)) {
            return kind;
        }
    }
    return plain_or_interpreted(i, context);
}

Class class_of(const Instruction& i)
{
    if (const auto of = row_of(i.kind).of) {
        return *of;
    }
    switch (i.unit) {
    case Unit::X87: return Class::X87;
    case Unit::Mmx: return Class::Mmx;
    case Unit::Sse:
    case Unit::MmxAndSse: return Class::Sse;
    case Unit::Integer: break;
    }
    return is_shift(i.decoded.mnemonic) ? Class::Shift : i.memory != nullptr ? Class::Memory : Class::Integer;
}

// A load of FS or GS leaves the context as it is: each access reads their bases and limits, and blocks take nothing for
// granted of them.
bool loads_thread_segment(const Instruction& i)
{
    const ZydisDecodedOperand& to = i.operands[0];
    return (i.decoded.mnemonic == ZYDIS_MNEMONIC_MOV || i.decoded.mnemonic == ZYDIS_MNEMONIC_POP) &&
           to.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           (to.reg.value == ZYDIS_REGISTER_FS || to.reg.value == ZYDIS_REGISTER_GS);
}

// Tells whether the context stays the same when the interpreter runs the instruction.
bool is_steady(const Instruction& i)
{
    switch (i.decoded.meta.category) {
    case ZYDIS_CATEGORY_STRINGOP:
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP: return true;
    default: break;
    }
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDTSCP:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_PAUSE:
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV: return true;
    default: break;
    }
    return loads_thread_segment(i) || (is_plain(i.decoded.mnemonic) && !names_system_register(i));
}

// Tells whether it is one of the frequent instructions that are not Plain and neither read nor write arithmetic flags.
bool leaves_flags(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ENDBR64:
    case ZYDIS_MNEMONIC_LEA:
    case ZYDIS_MNEMONIC_LEAVE:
    case ZYDIS_MNEMONIC_NOP:
    case ZYDIS_MNEMONIC_POP:
    case ZYDIS_MNEMONIC_PUSH: return true;
    default: return false;
    }
}

} // namespace

bool is_general(ZydisRegister reg)
{
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64: return true;
    default: return false;
    }
}

unsigned full_number(ZydisRegister reg)
{
    const ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return static_cast<unsigned>(ZydisRegisterGetId(full));
}

std::optional<Glance> glance(const emulate::Decoder& decoder, const Context& context,
                             std::span<const std::uint8_t> bytes)
{
    ZydisDecodedInstruction decoded;
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder.zydis(context.mode), nullptr, bytes.data(), bytes.size(),
                                                  &decoded)) ||
        !(is_plain(decoded.mnemonic) || leaves_flags(decoded.mnemonic)) || !decoder.offers(decoded.meta.isa_set)) {
        return std::nullopt;
    }
    return Glance{.length = decoded.length, .flags = flag_use(decoded, nullptr)};
}

bool read_instruction(const emulate::Decoder& decoder, const Context& context, const Switches& interpreted,
                      std::span<const std::uint8_t> bytes, std::uint64_t rip, Instruction& i)
{
    const ZyanStatus status = ZydisDecoderDecodeFull(&decoder.zydis(context.mode), bytes.data(), bytes.size(),
                                                     &i.decoded, i.operands.data());
    if (ZYAN_FAILED(status)) {
        return false;
    }
    i.bytes = bytes.data();
    i.rip = rip;
    i.memory = memory_operand(i);
    i.unit = unit_of(i);
    i.kind = decoder.offers(i.decoded.meta.isa_set) ? kind_of(i, context) : Kind::Interpret;
    if (i.kind != Kind::Interpret && i.vex() && !context.long64() && !same_in_64_bit_code(decoder, i)) {
        i.kind = Kind::Interpret;
    }
    i.which = class_of(i);
    i.steady = is_steady(i);
    if (interpreted.covers(i.which, i.kind)) {
        i.kind = Kind::Interpret;
    }
    // The interpreter reads and leaves the flags in the frame. A repeated scan of no element leaves them as they are.
    const bool in_memory = i.kind == Kind::Interpret || i.kind == Kind::RepeatScan;
    i.flags = in_memory ? FlagUse{.reads = kAllFlags, .writes = kAllFlags, .kills = 0}
                        : flag_use(i.decoded, i.operands.data());
    i.ends_block = row_of(i.kind).ending == Ending::EndsBlock ||
                   (i.kind == Kind::Interpret && (i.decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE ||
                                                  i.decoded.meta.category == ZYDIS_CATEGORY_RET));
    return true;
}

} // namespace windsor::translate
