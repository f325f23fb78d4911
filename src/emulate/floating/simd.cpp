// SPDX-License-Identifier: GPL-2.0-or-later
// MMX and SSE instructions that run in host stubs: how they are re-encoded, and what surrounds their execution.
#include "emulate/core/opcode_table.hpp"
#include "emulate/core/stub_mnemonics.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_execute.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/simd_memory.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

using Bounce = std::array<std::uint8_t, 16>;

const HostStub& stub_of(const Insn& insn)
{
    return *static_cast<const HostStub*>(insn.aux);
}

[[nodiscard]] bool aligned_operand(Cpu& cpu, const Insn& insn, std::uint64_t offset)
{
    if (linear_address(cpu, insn.segment, offset).offset_in(16) != 0) {
        return cpu.refuse(x86::Exception::Gp);
    }
    return true;
}

// Runs a stub whose operands are both XMM registers and that raises no exception.
Outcome run_xmm_registers(Cpu& cpu, const Insn& insn)
{
    if (!sse_available(cpu)) {
        return Outcome::Fault;
    }
    StubFrame frame;
    stub_of(insn).entry(cpu.s.fx.xmm[insn.reg].data(), cpu.s.fx.xmm[insn.rm].data(), frame);
    return Outcome::Next;
}

// The same with 16 bytes of memory as source.
Outcome run_xmm_load(Cpu& cpu, const Insn& insn)
{
    if (!sse_available(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t offset = cpu.effective_address(insn);
    alignas(16) Bounce bounce;
    if (!aligned_operand(cpu, insn, offset) || !read_memory(cpu, insn.segment, offset, bounce.data(), 16)) {
        return Outcome::Fault;
    }
    StubFrame frame;
    stub_of(insn).entry(cpu.s.fx.xmm[insn.reg].data(), bounce.data(), frame);
    return Outcome::Next;
}

// Runs a stub that stores to memory. Nothing changes unless the write succeeds.
Outcome run_store(Cpu& cpu, const Insn& insn, const HostStub& stub, std::uint64_t offset)
{
    alignas(16) Bounce bounce{};
    StubFrame frame = make_frame(cpu);
    stub.entry(register_slot(cpu, stub.recipe.reg, insn.reg), bounce.data(), frame);
    if (!write_memory(cpu, insn.segment, offset, bounce.data(), stub.recipe.memory_size)) {
        return Outcome::Fault;
    }
    if (stub.recipe.uses_mm) {
        enter_mmx(cpu.s.fx);
    }
    return Outcome::Next;
}

Outcome run_simd(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    const StubRecipe& recipe = stub.recipe;
    if (recipe.uses_xmm && !sse_available(cpu)) {
        return Outcome::Fault;
    }
    if (recipe.uses_mm && !mmx_available(cpu)) {
        return Outcome::Fault;
    }
    alignas(16) Bounce bounce{};
    if (recipe.rm == StubOperand::Memory) {
        const std::uint64_t offset = cpu.effective_address(insn);
        if (recipe.aligned && !aligned_operand(cpu, insn, offset)) {
            return Outcome::Fault;
        }
        if (recipe.rm_written) {
            return run_store(cpu, insn, stub, offset);
        }
        if (!read_memory(cpu, insn.segment, offset, bounce.data(), recipe.memory_size)) {
            return Outcome::Fault;
        }
    }
    if (recipe.uses_mm) {
        enter_mmx(cpu.s.fx); // conversions that raise #XM leave the MMX state too
    }
    void* const rm = recipe.rm == StubOperand::Memory ? bounce.data() : register_slot(cpu, recipe.rm, insn.rm);
    return execute_stub(cpu, {.stub = stub, .reg = register_slot(cpu, recipe.reg, insn.reg), .rm = rm});
}

StubOperand register_kind(ZydisRegister reg)
{
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_XMM: return StubOperand::Xmm;
    case ZYDIS_REGCLASS_MMX: return StubOperand::Mm;
    default: return StubOperand::Gpr;
    }
}

void describe_operand(StubRecipe& recipe, const ZydisDecodedOperand& operand)
{
    const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    const bool read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        describe_memory(recipe, operand);
    } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
        recipe.reg = register_kind(operand.reg.value);
        recipe.reg_written = written;
    } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
        recipe.rm = register_kind(operand.reg.value);
        recipe.rm_written = written;
        recipe.rm_read = read;
    }
}

enum class Field : std::uint8_t { Reg, Rm }; // of ModRM

unsigned fixed_number(StubOperand kind, Field field, unsigned otherwise)
{
    const bool is_reg = field == Field::Reg;
    switch (kind) {
    case StubOperand::Xmm: return is_reg ? stub_register::kXmmReg : stub_register::kXmmRm;
    case StubOperand::Mm: return is_reg ? stub_register::kMmReg : stub_register::kMmRm;
    case StubOperand::Gpr: return is_reg ? stub_register::kGprReg : stub_register::kGprRm;
    case StubOperand::Memory: return stub_register::kMemory;
    case StubOperand::None: break;
    }
    return otherwise;
}

// The last of F2 and F3 counts, and either more than 66. SDM volume 2A, section 2.1.2.
std::uint8_t mandatory_prefix(const ZydisDecodedInstruction& instruction)
{
    std::uint8_t chosen = 0;
    for (unsigned i = 0; i < instruction.raw.prefix_count; ++i) {
        const std::uint8_t value = instruction.raw.prefixes[i].value;
        if (value == 0xf2 || value == 0xf3 || (value == 0x66 && chosen == 0)) {
            chosen = value;
        }
    }
    return chosen;
}

// Writes the instruction with the fixed registers of stub_register.
void encode(StubRecipe& recipe, const Decoded& decoded)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    const auto append = [&recipe](unsigned byte) { recipe.code[recipe.length++] = static_cast<std::uint8_t>(byte); };
    if (const std::uint8_t prefix = mandatory_prefix(instruction); prefix != 0) {
        append(prefix);
    }
    if (instruction.raw.rex.W != 0) {
        append(0x48);
    }
    append(0x0f);
    if (instruction.opcode_map == ZYDIS_OPCODE_MAP_0F38) {
        append(0x38);
    } else if (instruction.opcode_map == ZYDIS_OPCODE_MAP_0F3A) {
        append(0x3a);
    }
    append(instruction.opcode);
    const unsigned mod = recipe.rm == StubOperand::Memory ? 0 : 3;
    const unsigned reg = fixed_number(recipe.reg, Field::Reg, instruction.raw.modrm.reg);
    const unsigned rm = fixed_number(recipe.rm, Field::Rm, instruction.raw.modrm.rm);
    append(mod << 6 | reg << 3 | rm);
    for (unsigned i = 0; i < instruction.raw.imm[0].size / 8u; ++i) {
        append(decoded.bytes[instruction.raw.imm[0].offset + i]);
    }
}

bool may_be_unaligned(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_PCMPESTRI:
    case ZYDIS_MNEMONIC_PCMPESTRM:
    case ZYDIS_MNEMONIC_PCMPISTRI:
    case ZYDIS_MNEMONIC_PCMPISTRM: return true;
    default: return false;
    }
}

// Whether MXCSR takes part: exception classes 2 and 3, and the conversions from and to MMX registers, which have none.
bool uses_mxcsr(const ZydisDecodedInstruction& instruction)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CVTPI2PS:
    case ZYDIS_MNEMONIC_CVTPS2PI:
    case ZYDIS_MNEMONIC_CVTTPS2PI:
    case ZYDIS_MNEMONIC_CVTPI2PD:
    case ZYDIS_MNEMONIC_CVTPD2PI:
    case ZYDIS_MNEMONIC_CVTTPD2PI: return true;
    default:
        return instruction.meta.exception_class == ZYDIS_EXCEPTION_CLASS_SSE2 ||
               instruction.meta.exception_class == ZYDIS_EXCEPTION_CLASS_SSE3;
    }
}

void describe_implied(StubRecipe& recipe, const ZydisDecodedInstruction& instruction)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_BLENDVPS:
    case ZYDIS_MNEMONIC_BLENDVPD:
    case ZYDIS_MNEMONIC_PBLENDVB: recipe.xmm0_read = true; break;
    case ZYDIS_MNEMONIC_PCMPESTRI: recipe.string_lengths = recipe.string_index = true; break;
    case ZYDIS_MNEMONIC_PCMPESTRM: recipe.string_lengths = recipe.xmm0_written = true; break;
    case ZYDIS_MNEMONIC_PCMPISTRI: recipe.string_index = true; break;
    case ZYDIS_MNEMONIC_PCMPISTRM: recipe.xmm0_written = true; break;
    default: break;
    }
    if (instruction.cpu_flags != nullptr) {
        const ZydisAccessedFlags& flags = *instruction.cpu_flags;
        recipe.flags_written = (flags.modified | flags.set_0 | flags.set_1 | flags.undefined) != 0;
    }
}

bool is_simd_set(ZydisISASet set)
{
    switch (set) {
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSE3:
    case ZYDIS_ISA_SET_SSSE3:
    case ZYDIS_ISA_SET_SSSE3MMX:
    case ZYDIS_ISA_SET_SSE4:
    case ZYDIS_ISA_SET_SSE42: return true;
    default: return false;
    }
}

Handler choose_handler(const StubRecipe& recipe)
{
    const bool plain = !recipe.mxcsr && !recipe.flags_written && !recipe.uses_mm && !recipe.xmm0_read &&
                       !recipe.xmm0_written && !recipe.string_index;
    const bool xmm_reg = recipe.reg == StubOperand::Xmm || recipe.reg == StubOperand::None;
    if (plain && xmm_reg && recipe.rm == StubOperand::Xmm) {
        return run_xmm_registers;
    }
    if (plain && xmm_reg && recipe.rm == StubOperand::Memory && recipe.aligned && !recipe.rm_written) {
        return run_xmm_load;
    }
    return run_simd;
}

} // namespace

Handler select_simd(const Decoded& decoded, Insn& insn)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    if (decoded.stubs == nullptr || !is_simd_set(instruction.meta.isa_set) ||
        instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
        return nullptr;
    }
    if (instruction.mnemonic == ZYDIS_MNEMONIC_MOVSD && insn.memory) {
        return select_movsd_memory(decoded);
    }
    StubRecipe recipe;
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            describe_operand(recipe, operand);
        }
    }
    recipe.uses_mm = recipe.reg == StubOperand::Mm || recipe.rm == StubOperand::Mm;
    recipe.uses_xmm = instruction.meta.isa_set != ZYDIS_ISA_SET_PENTIUMMMX &&
                      (recipe.reg == StubOperand::Xmm || recipe.rm == StubOperand::Xmm);
    recipe.aligned = recipe.memory_size == 16 && !may_be_unaligned(instruction.mnemonic);
    recipe.mxcsr = uses_mxcsr(instruction);
    describe_implied(recipe, instruction);
    encode(recipe, decoded);
    insn.aux = decoded.stubs->find_or_make(recipe);
    return insn.aux == nullptr ? nullptr : choose_handler(recipe);
}

void add_simd(OpcodeTable& table)
{
    for (const ZydisMnemonic mnemonic : kSimdMnemonics) {
        if (mnemonic != ZYDIS_MNEMONIC_MOVSD && mnemonic != ZYDIS_MNEMONIC_CMPSD) {
            table.set(mnemonic, select_simd);
        }
    }
    add_simd_moves(table);
    add_simd_misc(table);
    add_fx_save(table);
    add_xsave(table);
    add_avx(table);
}

} // namespace windsor::emulate
