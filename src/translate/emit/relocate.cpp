// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/relocate.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

bool is_high_byte(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
}

constexpr std::uint8_t kOperandSize = 0x66;

bool is_legacy_prefix(std::uint8_t byte)
{
    constexpr auto kPrefixes =
        std::to_array<std::uint8_t>({0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65});
    return std::ranges::find(kPrefixes, byte) != kPrefixes.end();
}

// Writes the prefixes that the decoded instruction is made of, each once, but for those of address size and segment.
// Other prefixes of the guest's are left out. They might mean something else to the host than to the guest's processor,
// as F3 before BSR does where that one has no LZCNT, or make the instruction longer than 15 bytes. SDM volume 2A,
// sections 2.1.1 and 2.3.11.
void write_prefixes(Assembler& a, const Instruction& i)
{
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0) {
        a.byte(0xf0);
    }
    std::uint8_t mandatory = 0;
    for (unsigned n = 0; n < i.decoded.raw.prefix_count; ++n) {
        const auto& prefix = i.decoded.raw.prefixes[n];
        mandatory = prefix.type == ZYDIS_PREFIX_TYPE_MANDATORY ? prefix.value : mandatory;
    }
    if (i.unit == Unit::Integer && i.decoded.operand_width == 16 && mandatory != kOperandSize) {
        a.byte(kOperandSize);
    }
    if (mandatory != 0) {
        a.byte(mandatory);
    }
}

// Instructions of all forms but Other have one opcode for each of their operands to be in memory.
enum class Form : std::uint8_t { Other, Arithmetic, Move, Test };

Form form_of(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_ADC:
    case ZYDIS_MNEMONIC_SBB:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_CMP: return Form::Arithmetic;
    case ZYDIS_MNEMONIC_MOV: return Form::Move;
    case ZYDIS_MNEMONIC_TEST: return Form::Test;
    default: return Form::Other;
    }
}

// Tells whether an instruction of the form Other does the same if its operand in ModRM.rm is in memory.
bool takes_memory(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_MUL:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_NOT:
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_POPCNT: return true;
    default: return mnemonic >= ZYDIS_MNEMONIC_CMOVB && mnemonic <= ZYDIS_MNEMONIC_CMOVZ;
    }
}

// Tells whether the instruction writes the whole register, whatever it was before.
bool overwrites(const Instruction& i, const ZydisDecodedOperand& operand)
{
    const ZydisMnemonic mnemonic = i.decoded.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_XOR && i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        i.operands[0].reg.value == i.operands[1].reg.value) {
        return operand.size >= 32;
    }
    const bool moves = mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_MOVZX ||
                       mnemonic == ZYDIS_MNEMONIC_MOVSX || mnemonic == ZYDIS_MNEMONIC_MOVSXD;
    return moves && operand.actions == ZYDIS_OPERAND_ACTION_WRITE && operand.size >= 32;
}

void write_legacy(Emitter& a, const Context& context, const Instruction& i, const Operands& o, const Mem* mem)
{
    const auto& raw = i.decoded.raw;
    const bool memory = mem != nullptr;
    const bool modrm = (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    const bool rex = (i.decoded.attributes & ZYDIS_ATTRIB_HAS_REX) != 0;
    unsigned at = 0;
    while (is_legacy_prefix(i.bytes[at]) || (context.long64() && (i.bytes[at] & 0xf0) == 0x40)) {
        ++at;
    }
    write_prefixes(a, i);
    const unsigned immediate = raw.imm[0].size != 0 ? raw.imm[0].offset : i.decoded.length;
    const bool moffs = memory && !modrm;
    const unsigned opcode_end = modrm ? raw.modrm.offset : moffs ? at + 1 : immediate;
    const unsigned reg = o.reg != Operands::kKept ? o.reg : modrm ? raw.modrm.reg | (rex ? raw.rex.R << 3 : 0) : 0u;
    const unsigned rm = memory                        ? number(mem->base)
                        : o.rm != Operands::kKept     ? o.rm
                        : o.opcode != Operands::kKept ? o.opcode
                        : modrm                       ? raw.modrm.rm | (rex ? raw.rex.B << 3 : 0)
                                                      : 0u;
    // A REX prefix that is not needed would make SPL to DIL of AH to BH.
    const Width width = rex && raw.rex.W != 0 ? Width::Qword : Width::Dword;
    a.rex(width, reg, memory ? number(mem->index) : 0, rm, rex ? Rex::Always : Rex::IfNeeded);
    if (moffs) { // the opcodes A0 to A3 become 8A, 8B, 88 and 89 with the accumulator
        a.byte(0x88 | ((i.bytes[at] & 3u) ^ 2));
        a.modrm_memory(0, *mem);
        return;
    }
    if (!context.long64() && i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (i.bytes[at] & 0xf0) == 0x40) {
        a.byte(0xff); // in 64-bit code the short forms of INC and DEC are REX prefixes
        a.modrm_register((i.bytes[at] & 8) != 0 ? 1 : 0, o.opcode);
        return;
    }
    if (!context.long64() && i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && i.bytes[at] == 0x82) {
        a.byte(0x80); // this does the same as 82, which 64-bit code does not have
        ++at;
    }
    for (; at < opcode_end; ++at) {
        const bool last = at + 1 == opcode_end;
        const unsigned byte = last ? i.bytes[at] ^ o.direction : i.bytes[at];
        a.byte(last && o.opcode != Operands::kKept ? (byte & ~7u) | (o.opcode & 7) : byte);
    }
    if (modrm) {
        memory ? a.modrm_memory(reg, *mem) : a.modrm_register(reg, rm);
    }
    a.bytes({i.bytes + immediate, i.decoded.length - immediate});
}

// Instructions of BMI and AVX get three bytes of VEX, whatever the guest used. The numbers of XMM and YMM registers
// stay what they are.
void write_vex(Emitter& a, const Instruction& i, const Operands& o, const Mem* mem)
{
    const auto& raw = i.decoded.raw;
    const std::uint8_t* vex = i.bytes + raw.vex.offset;
    const bool three = vex[0] == 0xc4;
    const unsigned map = three ? vex[1] & 0x1fu : 1u;
    const unsigned last = three ? vex[2] : vex[1] & 0x7fu;
    const bool memory = mem != nullptr;
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0) { // this is VZEROUPPER or VZEROALL
        a.bytes({vex, static_cast<std::size_t>(i.bytes + i.decoded.length - vex)});
        return;
    }
    const unsigned r = vex[1] < 0x80 ? 8 : 0; // VEX has the bits R and B inverted
    const unsigned b = three && (vex[1] & 0x20) == 0 ? 8 : 0;
    const unsigned reg = o.reg != Operands::kKept ? o.reg : raw.modrm.reg | r;
    const unsigned rm = memory ? number(mem->base) : o.rm != Operands::kKept ? o.rm : raw.modrm.rm | b;
    const unsigned vvvv = o.vvvv != Operands::kKept ? ~o.vvvv & 15 : (last >> 3) & 15;
    a.byte(0xc4);
    a.byte((reg < 8 ? 0x80u : 0) | (!memory || number(mem->index) < 8 ? 0x40u : 0) | (rm < 8 ? 0x20u : 0) | map);
    a.byte((last & 0x87) | vvvv << 3);
    a.byte(i.bytes[raw.modrm.offset - 1u]);
    memory ? a.modrm_memory(reg, *mem) : a.modrm_register(reg, rm);
    if (raw.imm[0].size != 0) {
        a.bytes({i.bytes + raw.imm[0].offset, static_cast<std::size_t>(i.decoded.length - raw.imm[0].offset)});
    }
}

} // namespace

Operands::Operands(const Instruction& i, OperandsInMemory memory)
{
    const unsigned room = memory == OperandsInMemory::One ? 1 : 2;
    for (unsigned n = 0; n < i.decoded.operand_count && possible; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value)) {
            add(i, operand, room);
        }
    }
    place_high_bytes(i, memory);
}

std::optional<unsigned> Operands::take_in_place(const Instruction& i)
{
    const Form form = form_of(i.decoded.mnemonic);
    const bool eligible =
        count == 1 && i.decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
        (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 &&
        (form != Form::Other ? i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT : takes_memory(i.decoded.mnemonic));
    if (!eligible) {
        return std::nullopt;
    }
    const ZydisDecodedOperand* found = nullptr;
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
            full_number(operand.reg.value) == borrowed[0].guest) {
            if (found != nullptr) {
                return std::nullopt;
            }
            found = &operand;
        }
    }
    // A store of 32 bits would leave the upper half as it was, and narrower ones would make later loads slow.
    if (borrowed[0].written && found->size != 64) {
        return std::nullopt;
    }
    if (found->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
        if (form == Form::Other || rm == kKept) {
            return std::nullopt;
        }
        constexpr unsigned kDirection = 2;
        direction = form == Form::Test ? 0 : kDirection;
        reg = rm;
    }
    return borrowed[0].guest;
}

void Operands::add(const Instruction& i, const ZydisDecodedOperand& operand, unsigned room)
{
    const unsigned guest = full_number(operand.reg.value);
    unsigned host = kKept;
    if (is_high_byte(operand.reg.value)) {
        host = guest + 4;
        high_ = guest;
    } else {
        host = in_memory(guest) ? borrow(guest, i, operand, room) : number(host_register(guest));
    }
    switch (operand.encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG: reg = host; break;
    case ZYDIS_OPERAND_ENCODING_MODRM_RM: rm = host; break;
    case ZYDIS_OPERAND_ENCODING_OPCODE: opcode = host; break;
    case ZYDIS_OPERAND_ENCODING_NDSNDD: vvvv = host; break;
    default: // an implied register has to be where the host expects it
        possible = possible && !in_memory(guest) && guest != x86::kRsp;
    }
}

unsigned Operands::borrow(unsigned guest, const Instruction& i, const ZydisDecodedOperand& operand, unsigned room)
{
    const bool read = !overwrites(i, operand);
    const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    for (unsigned n = 0; n < count; ++n) {
        if (borrowed[n].guest == guest) {
            borrowed[n].read = borrowed[n].read || read;
            borrowed[n].written = borrowed[n].written || written;
            return number(borrowed[n].host);
        }
    }
    if (count == room) {
        possible = false;
        return 0;
    }
    borrowed[count] = {.guest = guest, .host = count == 0 ? kTemp1 : kTemp0, .read = read, .written = written};
    return number(borrowed[count++].host);
}

// AH to BH cannot be named beside a register that needs REX, as the memory operand's does.
void Operands::place_high_bytes(const Instruction& i, OperandsInMemory memory)
{
    if (high_ == kKept) {
        return;
    }
    const auto high = [](unsigned host) { return host >= 8 && host != kKept; };
    if (high(reg) || high(rm) || i.decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG) {
        possible = false;
    }
    if (memory == OperandsInMemory::One) {
        swapped = high_;
        reg = high_;
    }
}

void write_encoding(Emitter& a, const Context& context, const Instruction& i, const Operands& operands,
                    const Mem* memory)
{
    i.vex() ? write_vex(a, i, operands, memory) : write_legacy(a, context, i, operands, memory);
}

} // namespace windsor::translate
