// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/decode/instruction.hpp"

#include <algorithm>
#include <string_view>

namespace windsor::translate {

namespace {

// Integer instructions of which all forms with general registers and at most one memory operand are Plain.
constexpr auto kPlainIntegers = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_ADC,     ZYDIS_MNEMONIC_ADCX,    ZYDIS_MNEMONIC_ADD,     ZYDIS_MNEMONIC_ADOX,
    ZYDIS_MNEMONIC_AND,     ZYDIS_MNEMONIC_ANDN,    ZYDIS_MNEMONIC_BEXTR,   ZYDIS_MNEMONIC_BLSI,
    ZYDIS_MNEMONIC_BLSMSK,  ZYDIS_MNEMONIC_BLSR,    ZYDIS_MNEMONIC_BSF,     ZYDIS_MNEMONIC_BSR,
    ZYDIS_MNEMONIC_BSWAP,   ZYDIS_MNEMONIC_BT,      ZYDIS_MNEMONIC_BTC,     ZYDIS_MNEMONIC_BTR,
    ZYDIS_MNEMONIC_BTS,     ZYDIS_MNEMONIC_BZHI,    ZYDIS_MNEMONIC_CBW,     ZYDIS_MNEMONIC_CDQ,
    ZYDIS_MNEMONIC_CDQE,    ZYDIS_MNEMONIC_CLC,     ZYDIS_MNEMONIC_CMC,     ZYDIS_MNEMONIC_CMOVB,
    ZYDIS_MNEMONIC_CMOVBE,  ZYDIS_MNEMONIC_CMOVL,   ZYDIS_MNEMONIC_CMOVLE,  ZYDIS_MNEMONIC_CMOVNB,
    ZYDIS_MNEMONIC_CMOVNBE, ZYDIS_MNEMONIC_CMOVNL,  ZYDIS_MNEMONIC_CMOVNLE, ZYDIS_MNEMONIC_CMOVNO,
    ZYDIS_MNEMONIC_CMOVNP,  ZYDIS_MNEMONIC_CMOVNS,  ZYDIS_MNEMONIC_CMOVNZ,  ZYDIS_MNEMONIC_CMOVO,
    ZYDIS_MNEMONIC_CMOVP,   ZYDIS_MNEMONIC_CMOVS,   ZYDIS_MNEMONIC_CMOVZ,   ZYDIS_MNEMONIC_CMP,
    ZYDIS_MNEMONIC_CMPXCHG, ZYDIS_MNEMONIC_CMPXCHG8B, ZYDIS_MNEMONIC_CMPXCHG16B, ZYDIS_MNEMONIC_CQO,
    ZYDIS_MNEMONIC_CRC32,   ZYDIS_MNEMONIC_CWD,     ZYDIS_MNEMONIC_CWDE,    ZYDIS_MNEMONIC_DEC,
    ZYDIS_MNEMONIC_IMUL,    ZYDIS_MNEMONIC_INC,     ZYDIS_MNEMONIC_LAHF,    ZYDIS_MNEMONIC_LZCNT,
    ZYDIS_MNEMONIC_MOV,     ZYDIS_MNEMONIC_MOVBE,   ZYDIS_MNEMONIC_MOVNTI,  ZYDIS_MNEMONIC_MOVSX,
    ZYDIS_MNEMONIC_MOVSXD,  ZYDIS_MNEMONIC_MOVZX,   ZYDIS_MNEMONIC_MUL,     ZYDIS_MNEMONIC_MULX,
    ZYDIS_MNEMONIC_NEG,     ZYDIS_MNEMONIC_NOT,     ZYDIS_MNEMONIC_OR,      ZYDIS_MNEMONIC_PDEP,
    ZYDIS_MNEMONIC_PEXT,    ZYDIS_MNEMONIC_POPCNT,  ZYDIS_MNEMONIC_RORX,    ZYDIS_MNEMONIC_SAHF,
    ZYDIS_MNEMONIC_SBB,     ZYDIS_MNEMONIC_SETB,    ZYDIS_MNEMONIC_SETBE,   ZYDIS_MNEMONIC_SETL,
    ZYDIS_MNEMONIC_SETLE,   ZYDIS_MNEMONIC_SETNB,   ZYDIS_MNEMONIC_SETNBE,  ZYDIS_MNEMONIC_SETNL,
    ZYDIS_MNEMONIC_SETNLE,  ZYDIS_MNEMONIC_SETNO,   ZYDIS_MNEMONIC_SETNP,   ZYDIS_MNEMONIC_SETNS,
    ZYDIS_MNEMONIC_SETNZ,   ZYDIS_MNEMONIC_SETO,    ZYDIS_MNEMONIC_SETP,    ZYDIS_MNEMONIC_SETS,
    ZYDIS_MNEMONIC_SETZ,    ZYDIS_MNEMONIC_STC,     ZYDIS_MNEMONIC_SUB,     ZYDIS_MNEMONIC_TEST,
    ZYDIS_MNEMONIC_TZCNT,   ZYDIS_MNEMONIC_XADD,    ZYDIS_MNEMONIC_XCHG,    ZYDIS_MNEMONIC_XOR,
    ZYDIS_MNEMONIC_LFENCE,  ZYDIS_MNEMONIC_MFENCE,  ZYDIS_MNEMONIC_SFENCE,
});

constexpr auto kShifts = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_RCL, ZYDIS_MNEMONIC_RCR, ZYDIS_MNEMONIC_ROL, ZYDIS_MNEMONIC_ROR, ZYDIS_MNEMONIC_SAR,
    ZYDIS_MNEMONIC_SHL, ZYDIS_MNEMONIC_SHR, ZYDIS_MNEMONIC_SHLD, ZYDIS_MNEMONIC_SHRD, ZYDIS_MNEMONIC_SARX,
    ZYDIS_MNEMONIC_SHLX, ZYDIS_MNEMONIC_SHRX,
});

// x87, MMX and SSE instructions that change what others may do, or reach memory in their own way.
constexpr auto kInterpretedFloating = std::to_array<ZydisMnemonic>({
    ZYDIS_MNEMONIC_FLDCW,      ZYDIS_MNEMONIC_FLDENV,      ZYDIS_MNEMONIC_FNCLEX,   ZYDIS_MNEMONIC_FNINIT,
    ZYDIS_MNEMONIC_FNSAVE,     ZYDIS_MNEMONIC_FNSTENV,     ZYDIS_MNEMONIC_FRSTOR,   ZYDIS_MNEMONIC_FXRSTOR,
    ZYDIS_MNEMONIC_FXRSTOR64,  ZYDIS_MNEMONIC_FXSAVE,      ZYDIS_MNEMONIC_FXSAVE64, ZYDIS_MNEMONIC_LDMXCSR,
    ZYDIS_MNEMONIC_MASKMOVDQU, ZYDIS_MNEMONIC_MASKMOVQ,    ZYDIS_MNEMONIC_STMXCSR,  ZYDIS_MNEMONIC_FWAIT,
    ZYDIS_MNEMONIC_VLDMXCSR,   ZYDIS_MNEMONIC_VMASKMOVDQU, ZYDIS_MNEMONIC_VSTMXCSR,
});

// Indexed by mnemonic.
struct Table {
    std::array<bool, ZYDIS_MNEMONIC_MAX_VALUE + 1> plain{};
    std::array<bool, ZYDIS_MNEMONIC_MAX_VALUE + 1> shift{};
    std::array<bool, ZYDIS_MNEMONIC_MAX_VALUE + 1> interpreted{};
};

constexpr Table make_table()
{
    Table table;
    for (const ZydisMnemonic mnemonic : kPlainIntegers) {
        table.plain[mnemonic] = true;
    }
    for (const ZydisMnemonic mnemonic : kShifts) {
        table.plain[mnemonic] = true;
        table.shift[mnemonic] = true;
    }
    for (const ZydisMnemonic mnemonic : kInterpretedFloating) {
        table.interpreted[mnemonic] = true;
    }
    return table;
}

constexpr Table kTable = make_table();

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
    case ZYDIS_ISA_EXT_MMX: return Unit::Mmx; // EMMS has no operands
    default: break;
    }
    if (i.decoded.meta.isa_set == ZYDIS_ISA_SET_SSE3X87) {
        return Unit::X87;
    }
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_CVTPI2PS || i.decoded.mnemonic == ZYDIS_MNEMONIC_CVTPI2PD) {
        return Unit::MmxAndSse; // with a memory operand, too
    }
    return mmx ? (sse ? Unit::MmxAndSse : Unit::Mmx) : sse ? Unit::Sse : Unit::Integer;
}

// Segment, control, debug and test registers.
bool names_system_register(const Instruction& i)
{
    return std::any_of(i.operands.begin(), i.operands.begin() + i.decoded.operand_count_visible, [](const auto& named) {
        const auto kind = named.type == ZYDIS_OPERAND_TYPE_REGISTER ? ZydisRegisterGetClass(named.reg.value)
                                                                    : ZYDIS_REGCLASS_INVALID;
        return kind == ZYDIS_REGCLASS_SEGMENT || kind == ZYDIS_REGCLASS_CONTROL || kind == ZYDIS_REGCLASS_DEBUG ||
               kind == ZYDIS_REGCLASS_TEST;
    });
}

// The memory operand, if it is the only one and ModRM (or a moffs) names it.
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

bool has_hidden_memory(const Instruction& i)
{
    for (unsigned n = i.decoded.operand_count_visible; n < i.decoded.operand_count; ++n) {
        if (i.operands[n].type == ZYDIS_OPERAND_TYPE_MEMORY) {
            return true;
        }
    }
    return false;
}

// With a vector of addresses.
bool gathers(const Instruction& i)
{
    return std::any_of(i.operands.begin(), i.operands.begin() + i.decoded.operand_count, [](const auto& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB;
    });
}

// What the relocation can do: one memory operand of up to 32 bytes, in an address size of 4 or 8.
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

bool reads_selector(const Instruction& i)
{
    return i.decoded.mnemonic == ZYDIS_MNEMONIC_MOV && i.decoded.operand_width >= 32 &&
           i.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(i.operands[0].reg.value) &&
           i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(i.operands[1].reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

Kind kind_of_integer(const Instruction& i)
{
    const ZydisMnemonic mnemonic = i.decoded.mnemonic;
    if (reads_selector(i)) {
        return Kind::ReadSelector;
    }
    if (!kTable.plain[mnemonic] || !relocatable(i)) {
        return Kind::Interpret;
    }
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS: // with a register as index they reach beyond their operand
        return i.memory != nullptr && i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER ? Kind::BitString : Kind::Plain;
    default: return Kind::Plain;
    }
}

// Outside 64-bit mode several bits of a VEX encoding mean nothing: VEX.W of many instructions, VEX.B, the uppermost bit
// of VEX.vvvv and that of an immediate that names a register (SDM volume 2A, sections 2.3.5 and 3.1.1.2). On the host
// they would make an operand in memory wider than what has been checked, or name other registers. VZEROUPPER and
// VZEROALL leave XMM8 to XMM15 alone. Whether the host would run the same instruction.
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

Kind kind_of_floating(const Instruction& i, const Context& context)
{
    const bool x87_in_order = i.unit == Unit::Sse || context.x87;
    const bool sse_in_order = i.unit == Unit::X87 || (i.vex() ? context.avx : context.sse);
    if (!x87_in_order || !sse_in_order || kTable.interpreted[i.decoded.mnemonic] || !relocatable(i)) {
        return Kind::Interpret;
    }
    return Kind::Plain;
}

// 16-bit operand sizes of stack and branch instructions, and far forms, are rare.
bool usual_width(const Instruction& i, const Context& context)
{
    return i.decoded.operand_width == (context.long64() ? 64 : 32);
}

// Neither in another segment nor in another address size.
bool usual_string(const Instruction& i, const Context& context)
{
    return (i.decoded.attributes & ZYDIS_ATTRIB_HAS_SEGMENT) == 0 &&
           i.decoded.address_width == (context.long64() ? 64 : 32);
}

// Prefixes that repeat count even where Zydis gives them no meaning.
bool repeats(const Instruction& i)
{
    for (unsigned n = 0; n < i.decoded.raw.prefix_count; ++n) {
        if (const std::uint8_t value = i.decoded.raw.prefixes[n].value; value == 0xf2 || value == 0xf3) {
            return true;
        }
    }
    return false;
}

Kind kind_of_string(const Instruction& i, const Context& context, Kind once, Kind repeated)
{
    if (!usual_string(i, context)) {
        return Kind::Interpret;
    }
    return repeats(i) ? repeated : once;
}

Kind kind_of_stack(const Instruction& i, const Context& context)
{
    const ZydisDecodedOperand& operand = i.operands[0];
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_PUSH && names_system_register(i)) {
        return usual_width(i, context) ? Kind::PushSelector : Kind::Interpret;
    }
    const bool usual = usual_width(i, context) && !names_system_register(i) &&
                       (i.memory == nullptr || i.decoded.address_width >= 32);
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_PUSH: return usual ? Kind::Push : Kind::Interpret;
    case ZYDIS_MNEMONIC_POP:
        return usual && operand.type == ZYDIS_OPERAND_TYPE_REGISTER ? Kind::Pop : Kind::Interpret;
    case ZYDIS_MNEMONIC_LEAVE: return usual ? Kind::Leave : Kind::Interpret;
    default: return Kind::Interpret;
    }
}

Kind kind_of_branch(const Instruction& i, const Context& context)
{
    if (i.decoded.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR || (i.memory != nullptr && i.decoded.address_width < 32)) {
        return Kind::Interpret;
    }
    const bool direct = i.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    const bool usual = usual_width(i, context);
    switch (i.decoded.meta.category) {
    case ZYDIS_CATEGORY_UNCOND_BR: return !usual ? Kind::Interpret : direct ? Kind::Jump : Kind::JumpIndirect;
    case ZYDIS_CATEGORY_CALL: return !usual ? Kind::Interpret : direct ? Kind::Call : Kind::CallIndirect;
    case ZYDIS_CATEGORY_RET:
        return usual && i.decoded.mnemonic == ZYDIS_MNEMONIC_RET ? Kind::Return : Kind::Interpret;
    case ZYDIS_CATEGORY_COND_BR: break;
    default: return Kind::Interpret;
    }
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_JRCXZ:
    case ZYDIS_MNEMONIC_JECXZ: return i.decoded.operand_width != 16 ? Kind::CountZero : Kind::Interpret;
    case ZYDIS_MNEMONIC_JCXZ:
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE: return Kind::Interpret;
    default: return i.decoded.operand_width != 16 ? Kind::Conditional : Kind::Interpret;
    }
}

// By a kernel outside long mode; in the name of its programs it would go another way.
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

Kind kind_of(const Instruction& i, const Context& context)
{
    if (loads_selector(i, context)) {
        return Kind::LoadSelector;
    }
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_LEA: return i.decoded.address_width >= 32 ? Kind::Lea : Kind::Interpret;
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV:
        return relocatable(i) && i.decoded.operand_width >= 32 ? Kind::Divide : Kind::Interpret;
    case ZYDIS_MNEMONIC_NOP: return Kind::Nop;
    case ZYDIS_MNEMONIC_PAUSE: return Kind::Interpret; // it may give way to other processors
    case ZYDIS_MNEMONIC_CLD:
    case ZYDIS_MNEMONIC_STD: return Kind::Direction;
    case ZYDIS_MNEMONIC_LODSB:
    case ZYDIS_MNEMONIC_LODSW:
    case ZYDIS_MNEMONIC_LODSD:
    case ZYDIS_MNEMONIC_LODSQ: return kind_of_string(i, context, Kind::Load, Kind::Interpret);
    case ZYDIS_MNEMONIC_STOSB:
    case ZYDIS_MNEMONIC_STOSW:
    case ZYDIS_MNEMONIC_STOSD:
    case ZYDIS_MNEMONIC_STOSQ: return kind_of_string(i, context, Kind::Store, Kind::RepeatStore);
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSQ: return kind_of_string(i, context, Kind::Move, Kind::RepeatMove);
    case ZYDIS_MNEMONIC_MOVSD: // SSE has one of that name
        if (i.decoded.meta.category == ZYDIS_CATEGORY_STRINGOP) {
            return kind_of_string(i, context, Kind::Move, Kind::RepeatMove);
        }
        break;
    case ZYDIS_MNEMONIC_SCASB:
    case ZYDIS_MNEMONIC_SCASW:
    case ZYDIS_MNEMONIC_SCASD:
    case ZYDIS_MNEMONIC_SCASQ: return kind_of_string(i, context, Kind::Interpret, Kind::RepeatScan);
    case ZYDIS_MNEMONIC_STAC:
    case ZYDIS_MNEMONIC_CLAC: return !context.user ? Kind::Access : Kind::Interpret;
    // These are the processor's most frequent privileged instructions.
    case ZYDIS_MNEMONIC_SWAPGS: return context.long64() && !context.user ? Kind::SwapGs : Kind::Interpret;
    case ZYDIS_MNEMONIC_CLI: return !context.user ? Kind::MaskInterrupts : Kind::Interpret;
    case ZYDIS_MNEMONIC_STI: return !context.user ? Kind::UnmaskInterrupts : Kind::Interpret;
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_PUSHFD: return usual_width(i, context) ? Kind::PushFlags : Kind::Interpret;
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_POPFD: return usual_width(i, context) && !context.user ? Kind::PopFlags : Kind::Interpret;
    case ZYDIS_MNEMONIC_PUSH:
    case ZYDIS_MNEMONIC_POP:
    case ZYDIS_MNEMONIC_LEAVE: return kind_of_stack(i, context);
    default: break;
    }
    if (i.decoded.meta.category == ZYDIS_CATEGORY_PREFETCH && i.decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
        return Kind::Nop;
    }
    if (i.decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE || i.decoded.meta.category == ZYDIS_CATEGORY_RET) {
        return kind_of_branch(i, context);
    }
    return i.unit == Unit::Integer ? kind_of_integer(i) : kind_of_floating(i, context);
}

Class class_of(const Instruction& i)
{
    switch (i.kind) {
    case Kind::Divide: return Class::Divide;
    case Kind::Push:
    case Kind::Pop:
    case Kind::Leave:
    case Kind::PushSelector:
    case Kind::PopFlags:
    case Kind::PushFlags: return Class::Stack;
    case Kind::Load:
    case Kind::Store:
    case Kind::Move:
    case Kind::RepeatMove:
    case Kind::RepeatStore:
    case Kind::RepeatScan:
    case Kind::BitString: return Class::Memory;
    case Kind::Access:
    case Kind::ReadSelector:
    case Kind::LoadSelector:
    case Kind::SwapGs:
    case Kind::MaskInterrupts:
    case Kind::UnmaskInterrupts: return Class::System;
    case Kind::Jump:
    case Kind::JumpIndirect:
    case Kind::Conditional:
    case Kind::CountZero:
    case Kind::Call:
    case Kind::CallIndirect:
    case Kind::Return: return Class::Branch;
    default: break;
    }
    switch (i.unit) {
    case Unit::X87: return Class::X87;
    case Unit::Mmx: return Class::Mmx;
    case Unit::Sse:
    case Unit::MmxAndSse: return Class::Sse;
    case Unit::Integer: break;
    }
    return kTable.shift[i.decoded.mnemonic] ? Class::Shift : i.memory != nullptr ? Class::Memory : Class::Integer;
}

// FS and GS may have any base and limit.
bool loads_thread_segment(const Instruction& i)
{
    const ZydisDecodedOperand& to = i.operands[0];
    return (i.decoded.mnemonic == ZYDIS_MNEMONIC_MOV || i.decoded.mnemonic == ZYDIS_MNEMONIC_POP) &&
           to.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           (to.reg.value == ZYDIS_REGISTER_FS || to.reg.value == ZYDIS_REGISTER_GS);
}

// Whether the interpreter leaves alone what Context holds.
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
    return loads_thread_segment(i) || (kTable.plain[i.decoded.mnemonic] && !names_system_register(i));
}

bool always_ends(Kind kind)
{
    return kind == Kind::Jump || kind == Kind::JumpIndirect || kind == Kind::Call || kind == Kind::CallIndirect ||
           kind == Kind::Return;
}

// Undefined flags are as good as written, but these leave them, or make them from the old ones, on some processors.
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

// Of frequent ones.
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

// A shift by CL, or by a masked count of zero, may leave the flags alone. Operands may be unknown. SDM volume 2B,
// SAL/SAR/SHL/SHR.
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
    if (kTable.shift[decoded.mnemonic] && certain != 0) {
        const bool three = decoded.mnemonic == ZYDIS_MNEMONIC_SHLD || decoded.mnemonic == ZYDIS_MNEMONIC_SHRD;
        const ZydisDecodedOperand* count = operands != nullptr ? &operands[three ? 2 : 1] : nullptr;
        const unsigned mask = decoded.operand_width == 64 ? 63 : 31;
        if (count == nullptr || count->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || (count->imm.value.u & mask) == 0) {
            use.kills = 0;
        }
    }
    return use;
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
        !(kTable.plain[decoded.mnemonic] || leaves_flags(decoded.mnemonic)) || !decoder.offers(decoded.meta.isa_set)) {
        return std::nullopt;
    }
    return Glance{.length = decoded.length, .flags = flag_use(decoded, nullptr)};
}

bool read_instruction(const emulate::Decoder& decoder, const Context& context, ClassMask interpreted,
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
    if ((interpreted >> static_cast<unsigned>(i.which) & 1) != 0) {
        i.kind = Kind::Interpret;
    }
    // The interpreter wants the flags as they are, and leaves them in memory; a scan of nothing leaves them, too.
    const bool in_memory = i.kind == Kind::Interpret || i.kind == Kind::RepeatScan;
    i.flags = in_memory ? FlagUse{.reads = kAllFlags, .writes = kAllFlags, .kills = 0}
                        : flag_use(i.decoded, i.operands.data());
    i.ends_block = always_ends(i.kind) || (i.kind == Kind::Interpret &&
                                           (i.decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE ||
                                            i.decoded.meta.category == ZYDIS_CATEGORY_RET));
    return true;
}

std::optional<ClassMask> parse_classes(std::string_view names)
{
    constexpr auto kNames = std::to_array<std::string_view>(
        {"integer", "memory", "shift", "divide", "stack", "branch", "x87", "mmx", "sse", "system"});
    static_assert(kNames.size() == kClasses);
    ClassMask mask = 0;
    while (!names.empty()) {
        const std::size_t comma = std::min(names.find(','), names.size());
        const auto* const found = std::ranges::find(kNames, names.substr(0, comma));
        if (found == kNames.end()) {
            return std::nullopt;
        }
        mask |= 1u << (found - kNames.begin());
        names.remove_prefix(std::min(comma + 1, names.size()));
    }
    return mask;
}

} // namespace windsor::translate
