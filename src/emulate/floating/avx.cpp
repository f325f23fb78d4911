// SPDX-License-Identifier: GPL-2.0-or-later
// AVX, AVX2, FMA and F16C instructions that run in host stubs: how they are re-encoded, and what surrounds their
// execution. SDM volume 2A, section 2.3 (VEX) and tables 2-18 to 2-30 (exceptions).
#include "emulate/floating/avx_mnemonics.hpp"
#include "emulate/floating/avx_state.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_execute.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/simd_memory.hpp"

namespace windsor::emulate {

namespace {

struct alignas(32) Bounce {
    std::array<std::uint8_t, 32> bytes{};
};

[[nodiscard]] bool read_operand(Cpu& cpu, x86::Seg seg, std::uint64_t offset, Bounce& into, unsigned size)
{
    return size == 32 ? read_as<Bounce>(cpu, seg, offset, into.bytes.data())
                      : read_memory(cpu, seg, offset, into.bytes.data(), size);
}

[[nodiscard]] bool write_operand(Cpu& cpu, x86::Seg seg, std::uint64_t offset, const Bounce& from, unsigned size)
{
    return size == 32 ? write_as<Bounce>(cpu, seg, offset, from.bytes.data())
                      : write_memory(cpu, seg, offset, from.bytes.data(), size);
}

StubCall call_of(Cpu& cpu, const Insn& insn, const HostStub& stub, void* rm)
{
    const StubRecipe& recipe = stub.recipe;
    return {.stub = stub,
            .reg = register_slot(cpu, recipe.reg, insn.reg),
            .rm = rm,
            .second = register_slot(cpu, recipe.second, second_register(insn)),
            .fourth = register_slot(cpu, recipe.fourth, fourth_register(insn))};
}

Outcome run_registers(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = *static_cast<const HostStub*>(insn.aux);
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    return execute_stub(cpu, call_of(cpu, insn, stub, register_slot(cpu, stub.recipe.rm, insn.rm)));
}

// Runs a stub that stores to memory. Nothing changes unless the write succeeds.
Outcome run_store(Cpu& cpu, const Insn& insn, const HostStub& stub, std::uint64_t offset)
{
    Bounce bounce;
    const std::uint32_t mxcsr = cpu.s.fx.mxcsr;
    if (const Outcome outcome = execute_stub(cpu, call_of(cpu, insn, stub, bounce.bytes.data()));
        outcome != Outcome::Next) {
        // A page fault goes before the exception of the computation.
        if (!cpu.read_bytes_for_write(insn.segment, offset, std::span{bounce.bytes}.first(stub.recipe.memory_size))) {
            cpu.s.fx.mxcsr = mxcsr;
        }
        return outcome;
    }
    if (!write_operand(cpu, insn.segment, offset, bounce, stub.recipe.memory_size)) {
        cpu.s.fx.mxcsr = mxcsr;
        return Outcome::Fault;
    }
    return Outcome::Next;
}

Outcome run_memory(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = *static_cast<const HostStub*>(insn.aux);
    const StubRecipe& recipe = stub.recipe;
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    const std::uint64_t offset = cpu.effective_address(insn);
    if (recipe.aligned && linear_address(cpu, insn.segment, offset).offset_in(recipe.memory_size) != 0) {
        return cpu.raise(x86::Exception::Gp);
    }
    if (recipe.rm_written) {
        return run_store(cpu, insn, stub, offset);
    }
    Bounce bounce;
    if (!read_operand(cpu, insn.segment, offset, bounce, recipe.memory_size)) {
        return Outcome::Fault;
    }
    return execute_stub(cpu, call_of(cpu, insn, stub, bounce.bytes.data()));
}

StubOperand register_kind(ZydisRegister reg)
{
    const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
    return kind == ZYDIS_REGCLASS_XMM || kind == ZYDIS_REGCLASS_YMM ? StubOperand::Xmm : StubOperand::Gpr;
}

void describe_operand(StubRecipe& recipe, const ZydisDecodedOperand& operand)
{
    const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    const bool read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        describe_memory(recipe, operand);
        return;
    }
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return;
    }
    const StubOperand kind = register_kind(operand.reg.value);
    switch (operand.encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG:
        recipe.reg = kind;
        recipe.reg_read = read;
        recipe.reg_written = written;
        break;
    case ZYDIS_OPERAND_ENCODING_MODRM_RM:
        recipe.rm = kind;
        recipe.rm_read = read;
        recipe.rm_written = written;
        break;
    case ZYDIS_OPERAND_ENCODING_NDSNDD:
        recipe.second = kind;
        recipe.second_read = read;
        recipe.second_written = written;
        break;
    case ZYDIS_OPERAND_ENCODING_IS4: recipe.fourth = kind; break;
    default: break;
    }
}

void describe_implied(StubRecipe& recipe, const ZydisDecodedInstruction& instruction)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_VPCMPESTRI: recipe.string_lengths = recipe.string_index = true; break;
    case ZYDIS_MNEMONIC_VPCMPESTRM: recipe.string_lengths = recipe.xmm0_written = true; break;
    case ZYDIS_MNEMONIC_VPCMPISTRI: recipe.string_index = true; break;
    case ZYDIS_MNEMONIC_VPCMPISTRM: recipe.xmm0_written = true; break;
    case ZYDIS_MNEMONIC_VCVTPS2PH: recipe.to_half = true; break;
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVNTPS:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA: recipe.aligned = true; break;
    default: break;
    }
    switch (instruction.meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_AVX2:
    case ZYDIS_EXCEPTION_CLASS_AVX3:
    case ZYDIS_EXCEPTION_CLASS_AVX11: recipe.mxcsr = true; break;
    default: break;
    }
    if (instruction.cpu_flags != nullptr) {
        const ZydisAccessedFlags& flags = *instruction.cpu_flags;
        recipe.flags_written = (flags.modified | flags.set_0 | flags.set_1 | flags.undefined) != 0;
    }
}

// Outside 64-bit mode these ignore VEX.W, which would make their operand a quadword on the host.
bool ignores_w(const ZydisDecodedInstruction& instruction)
{
    if (instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64) {
        return false;
    }
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_VMOVD:
    case ZYDIS_MNEMONIC_VPEXTRD:
    case ZYDIS_MNEMONIC_VPINSRD:
    case ZYDIS_MNEMONIC_VCVTSI2SS:
    case ZYDIS_MNEMONIC_VCVTSI2SD:
    case ZYDIS_MNEMONIC_VCVTSS2SI:
    case ZYDIS_MNEMONIC_VCVTSD2SI:
    case ZYDIS_MNEMONIC_VCVTTSS2SI:
    case ZYDIS_MNEMONIC_VCVTTSD2SI:
    case ZYDIS_MNEMONIC_VPCMPESTRI:
    case ZYDIS_MNEMONIC_VPCMPESTRM: return true;
    default: return false;
    }
}

unsigned fixed_number(StubOperand kind, unsigned vector, unsigned gpr, unsigned otherwise)
{
    switch (kind) {
    case StubOperand::Xmm: return vector;
    case StubOperand::Gpr: return gpr;
    case StubOperand::Memory: return stub_register::kMemory;
    default: return otherwise;
    }
}

// Writes the instruction with the fixed registers of stub_register and a prefix of three bytes. SDM volume 2A, section
// 2.3.5.
void encode(StubRecipe& recipe, const Decoded& decoded)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    const auto& vex = instruction.raw.vex;
    const auto append = [&recipe](unsigned byte) { recipe.code[recipe.length++] = static_cast<std::uint8_t>(byte); };
    const unsigned second = recipe.second == StubOperand::None ? 0 : stub_register::kXmmSecond;
    const unsigned w = ignores_w(instruction) ? 0 : vex.W;
    append(0xc4);
    append(0xe0u | vex.m_mmmm);
    append(w << 7 | (~second & 15) << 3 | unsigned{vex.L} << 2 | vex.pp);
    append(instruction.opcode);
    const unsigned mod = recipe.rm == StubOperand::Memory ? 0 : 3;
    const unsigned reg =
        fixed_number(recipe.reg, stub_register::kXmmReg, stub_register::kGprReg, instruction.raw.modrm.reg);
    const unsigned rm =
        fixed_number(recipe.rm, stub_register::kXmmRm, stub_register::kGprRm, instruction.raw.modrm.rm);
    append(mod << 6 | reg << 3 | rm);
    if (recipe.fourth != StubOperand::None) {
        append(stub_register::kXmmFourth << 4);
    } else if (instruction.raw.imm[0].size != 0) {
        append(decoded.bytes[instruction.raw.imm[0].offset]);
    }
}

Handler select_avx(const Decoded& decoded, Insn& insn)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    if (decoded.stubs == nullptr || instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return nullptr;
    }
    StubRecipe recipe;
    recipe.vex = true;
    recipe.wide = instruction.raw.vex.L != 0;
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            describe_operand(recipe, operand);
        }
    }
    describe_implied(recipe, instruction);
    encode(recipe, decoded);
    name_vex_registers(decoded, insn);
    insn.aux = decoded.stubs->find_or_make(recipe);
    if (insn.aux == nullptr) {
        return nullptr;
    }
    return recipe.rm == StubOperand::Memory ? run_memory : run_registers;
}

} // namespace

void add_avx(OpcodeTable& table)
{
    for (const ZydisMnemonic mnemonic : kAvxMnemonics) {
        table.set(mnemonic, select_avx);
    }
    add_avx_special(table);
    add_avx_gather(table);
}

} // namespace windsor::emulate
