// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/verify/host_instruction.hpp"

#include "translate/verify/allowed.hpp"

#include <bit>

namespace windsor::translate::verify {

namespace {

struct RegisterName {
    std::uint8_t number{kNoRegister};
    std::uint8_t bytes{0};
    bool forbidden{false}; // a guest's program has no such register
    std::uint8_t unit{0};
};

RegisterName name_of(ZydisRegister reg)
{
    RegisterName name;
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8: name.bytes = 1; break;
    case ZYDIS_REGCLASS_GPR16: name.bytes = 2; break;
    case ZYDIS_REGCLASS_GPR32: name.bytes = 4; break;
    case ZYDIS_REGCLASS_GPR64: name.bytes = 8; break;
    case ZYDIS_REGCLASS_X87:
    case ZYDIS_REGCLASS_MMX: name.unit = kX87; return name;
    case ZYDIS_REGCLASS_XMM: name.unit = kSse; return name;
    case ZYDIS_REGCLASS_YMM: name.unit = kAvx; return name;
    case ZYDIS_REGCLASS_FLAGS:
    case ZYDIS_REGCLASS_IP: return name;
    default: break;
    }
    // The x87 control, status and tag words and MXCSR are hidden operands, which no encoding names.
    const bool word = reg == ZYDIS_REGISTER_X87STATUS || reg == ZYDIS_REGISTER_X87CONTROL ||
                      reg == ZYDIS_REGISTER_X87TAG || reg == ZYDIS_REGISTER_MXCSR;
    if (name.bytes == 0) {
        name.forbidden = !word;
        return name;
    }
    const ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    name.number = static_cast<std::uint8_t>(ZydisRegisterGetId(full));
    return name;
}

// Returns what is known of a register, from a table that is filled once.
const RegisterName& lookup(ZydisRegister reg)
{
    static const auto kNames = [] {
        std::array<RegisterName, ZYDIS_REGISTER_MAX_VALUE + 1> names{};
        for (unsigned n = 0; n < names.size(); ++n) {
            names[n] = name_of(static_cast<ZydisRegister>(n));
        }
        return names;
    }();
    return kNames[reg];
}

RegisterMask bit(std::uint8_t number)
{
    return static_cast<RegisterMask>(1u << number);
}

void meet_register(const ZydisDecodedOperand& operand, HostInstruction& i)
{
    const RegisterName& name = lookup(operand.reg.value);
    i.units |= name.unit;
    i.allowed = i.allowed && !name.forbidden;
    if (name.number == kNoRegister) {
        return;
    }
    const bool high = operand.reg.value >= ZYDIS_REGISTER_AH && operand.reg.value <= ZYDIS_REGISTER_BH;
    i.swaps_bytes = i.swaps_bytes != high;
    if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0) {
        i.reads |= bit(name.number);
    }
    if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0) {
        return;
    }
    i.writes |= bit(name.number);
    // CMOVcc writes its register even if the condition is false.
    const bool chooses = i.mnemonic >= ZYDIS_MNEMONIC_CMOVB && i.mnemonic <= ZYDIS_MNEMONIC_CMOVZ;
    const bool perhaps = (operand.actions & ZYDIS_OPERAND_ACTION_CONDWRITE) != 0 && !chooses;
    const bool keeps = name.bytes < 4 || perhaps || keeps_upper_half(i.mnemonic);
    if (keeps || chooses) { // the register's old value may be a part of its new one
        i.reads |= bit(name.number);
    }
    if (keeps && name.bytes < 8) {
        i.partial |= bit(name.number);
    } else if (name.bytes == 4) {
        i.extends |= bit(name.number);
    }
}

void meet_memory(const ZydisDecodedInstruction& decoded, const ZydisDecodedOperand& operand, HostInstruction& i)
{
    const bool hidden = operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN || i.string;
    const bool generates = operand.mem.type == ZYDIS_MEMOP_TYPE_AGEN;
    const bool thread = operand.mem.segment == ZYDIS_REGISTER_FS || operand.mem.segment == ZYDIS_REGISTER_GS;
    if (hidden) { // only repeated string instructions may use memory so, by all of RSI and RDI and not in FS or GS
        i.allowed = i.allowed && i.legacy_rep && i.string && decoded.address_width == 64 && !thread;
        return;
    }
    MemoryOperand& memory = i.memory;
    i.has_memory = true;
    const RegisterName& base = lookup(operand.mem.base);
    const RegisterName& index = lookup(operand.mem.index);
    memory.base = operand.mem.base == ZYDIS_REGISTER_NONE ? kNoRegister : base.number;
    memory.index = operand.mem.index == ZYDIS_REGISTER_NONE ? kNoRegister : index.number;
    memory.scale =
        operand.mem.scale == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(std::countr_zero(operand.mem.scale));
    memory.displacement = static_cast<std::int32_t>(operand.mem.disp.has_displacement ? operand.mem.disp.value : 0);
    constexpr unsigned kMostBits = 512;
    memory.bytes = operand.size <= kMostBits ? static_cast<std::uint8_t>(operand.size / 8) : std::uint8_t{0};
    memory.reads = !generates && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    memory.writes = !generates && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    const bool named = operand.mem.base == ZYDIS_REGISTER_NONE || base.number != kNoRegister;
    // LEA accesses nothing, so it may have FS or GS and an address of 32 bits.
    memory.odd = (thread && !generates) || !named || (decoded.address_width != 64 && !generates) ||
                 operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB || operand.mem.type == ZYDIS_MEMOP_TYPE_MIB ||
                 (!generates && (memory.bytes == 0 || operand.size % 8 != 0));
    if (generates && decoded.address_width != 64) {
        i.width = 4; // an address of 32 bits cuts the result, even if that has 64 bits
    }
}

void meet(const ZydisDecodedInstruction& decoded, const ZydisDecodedOperand& operand, unsigned n, HostInstruction& i)
{
    Place place = Place::None;
    std::uint8_t number = kNoRegister;
    switch (operand.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        place = Place::Register;
        number = lookup(operand.reg.value).number;
        meet_register(operand, i);
        break;
    case ZYDIS_OPERAND_TYPE_MEMORY:
        place = Place::Memory;
        meet_memory(decoded, operand, i);
        break;
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        place = Place::Immediate;
        i.immediate = operand.imm.value.s;
        break;
    default: i.allowed = false; // the operand is a far pointer
    }
    if (operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
        return;
    }
    switch (n) {
    case 0:
        i.to_place = place;
        i.to = number;
        break;
    case 1:
        i.from_place = place;
        i.from = number;
        break;
    case 2: i.third = number; break;
    default: break;
    }
}

// Tells whether the instruction faults if its memory operand is not aligned. SDM volume 1, sections 4.1.1 and 14.9.
bool demands_alignment(const ZydisDecodedInstruction& decoded, const HostInstruction& i)
{
    if (!i.has_memory) {
        return false;
    }
    if (decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return moves_aligned_vex(i.mnemonic);
    }
    const bool vector = (i.units & kSse) != 0 && i.memory.bytes == 16;
    return i.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B || (vector && !moves_unaligned(i.mnemonic));
}

} // namespace

InstructionReader::InstructionReader(Mode mode)
{
    const bool wide = mode == Mode::Long64;
    static_cast<void>(ZydisDecoderInit(&decoder_, wide ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                                       wide ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32));
}

bool InstructionReader::decode(std::span<const std::uint8_t> bytes, HostInstruction& i) const
{
    ZydisDecodedInstruction decoded;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder_, bytes.data(), bytes.size(), &decoded, operands.data()))) {
        return false;
    }
    i = {};
    i.length = decoded.length;
    i.mnemonic = static_cast<std::uint16_t>(decoded.mnemonic);
    i.width = static_cast<std::uint8_t>(decoded.operand_width / 8);
    i.allowed = is_allowed(decoded);
    i.jumps = decoded.meta.category == ZYDIS_CATEGORY_CALL || decoded.meta.category == ZYDIS_CATEGORY_RET ||
              decoded.meta.category == ZYDIS_CATEGORY_UNCOND_BR;
    i.string = decoded.meta.category == ZYDIS_CATEGORY_STRINGOP; // the mnemonic MOVSD does not tell, as SSE has one too
    constexpr auto kRepeats = ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
    i.legacy_rep = (decoded.attributes & kRepeats) != 0;
    i.writes_flags = decoded.cpu_flags != nullptr &&
                     (decoded.cpu_flags->modified | decoded.cpu_flags->set_0 | decoded.cpu_flags->set_1 |
                      decoded.cpu_flags->undefined) != 0;
    for (unsigned n = 0; n < decoded.operand_count; ++n) {
        meet(decoded, operands[n], n, i);
    }
    if (i.units != 0 && decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
        i.units = static_cast<std::uint8_t>((i.units & ~kSse) | kAvx);
    }
    i.units |= implied_units(decoded);
    i.aligned = demands_alignment(decoded, i);
    const auto& relative = decoded.raw.imm[0];
    i.relative_at = relative.is_relative && relative.size == 32 ? relative.offset : std::uint8_t{0};
    return true;
}

const HostInstruction* InstructionReader::read(std::span<const std::uint8_t> bytes)
{
    return decode(bytes, last_) ? &last_ : nullptr;
}

} // namespace windsor::translate::verify
