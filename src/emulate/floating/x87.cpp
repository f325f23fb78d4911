// SPDX-License-Identifier: GPL-2.0-or-later
// x87 arithmetic: every instruction runs on the host's unit with the guest's registers and control word. Exceptions
// are deferred there as in the guest, so that unmasked ones leave exactly what the hardware leaves.
#include "emulate/core/opcode_table.hpp"
#include "emulate/core/stub_mnemonics.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/simd_memory.hpp"
#include "emulate/floating/x87_short.hpp"
#include "emulate/floating/x87_state.hpp"
#include "emulate/integer/flags.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

// The fields of FxArea that the host may not see, or changes on its own account.
struct Hidden {
    std::uint16_t exceptions; // sticky flags: a waiting one must not stop the host
    std::uint16_t fop;
    std::uint64_t fip;
    std::uint64_t fdp;
    std::uint32_t mxcsr;
    std::uint32_t mxcsr_mask;
};

Hidden hide(x86::FxArea& fx)
{
    constexpr std::uint16_t kFlags = fsw::kExceptions | fsw::kSf | fsw::kEs | fsw::kB;
    const Hidden hidden{static_cast<std::uint16_t>(fx.fsw & (fsw::kExceptions | fsw::kSf)), fx.fop, fx.fip, fx.fdp,
                        fx.mxcsr, fx.mxcsr_mask};
    fx.fsw = static_cast<std::uint16_t>(fx.fsw & ~kFlags);
    fx.fop = 0;
    fx.fip = 0;
    fx.fdp = 0;
    fx.mxcsr = mxcsr::kDefault;
    return hidden;
}

void unhide(x86::FxArea& fx, const Hidden& hidden)
{
    fx.fsw |= hidden.exceptions;
    fx.fop = hidden.fop;
    fx.fip = hidden.fip;
    fx.fdp = hidden.fdp;
    fx.mxcsr = hidden.mxcsr;
    fx.mxcsr_mask = hidden.mxcsr_mask;
    update_exception_summary(fx);
}

// Runs the stub; true if it has stored its memory operand. An unmasked exception keeps a store from happening,
// except that of an inexact result. SDM volume 1, section 8.5.
bool execute(Cpu& cpu, const HostStub& stub, void* memory)
{
    x86::FxArea& fx = cpu.s.fx;
    StubFrame frame{.fx = &fx, .gpr = cpu.s.gpr.data(), .rflags = (cpu.s.rflags & x86::rflags::kArithmetic) | 2};
    const Hidden hidden = hide(fx);
    stub.entry(&fx, memory, frame);
    constexpr std::uint16_t kKeepsFromStoring = 0x1f; // all but PE
    const bool stored = (fx.fsw & ~fx.fcw & kKeepsFromStoring) == 0;
    unhide(fx, hidden);
    if (stub.recipe.flags_written) {
        replace_flags(cpu.s.rflags, x86::rflags::kArithmetic, frame.rflags);
    }
    return stored;
}


Outcome run_register(Cpu& cpu, const HostStub& stub)
{
    std::uint64_t unused[2]{};
    static_cast<void>(execute(cpu, stub, unused));
    note_x87_instruction(cpu, stub.recipe.fop);
    return Outcome::Next;
}

Outcome run_load(Cpu& cpu, const Insn& insn, const HostStub& stub)
{
    const std::uint64_t offset = cpu.effective_address(insn);
    std::array<std::uint8_t, 16> bounce{};
    if (!read_memory(cpu, insn.segment, offset, bounce.data(), stub.recipe.memory_size)) {
        return Outcome::Fault;
    }
    static_cast<void>(execute(cpu, stub, bounce.data()));
    note_x87_instruction(cpu, stub.recipe.fop);
    note_x87_operand(cpu, insn.segment, offset);
    return Outcome::Next;
}

bool writable(Cpu& cpu, const Insn& insn, std::uint64_t offset, unsigned size)
{
    std::uint16_t word = 0;
    std::uint32_t doubleword = 0;
    std::uint64_t quadword = 0;
    switch (size) {
    case 2: return cpu.read_for_write(insn.segment, offset, word);
    case 4: return cpu.read_for_write(insn.segment, offset, doubleword);
    case 8: return cpu.read_for_write(insn.segment, offset, quadword);
    default:
        return cpu.read_for_write(insn.segment, offset, quadword) && cpu.read_for_write(insn.segment, offset + 8, word);
    }
}

Outcome run_store(Cpu& cpu, const Insn& insn, const HostStub& stub)
{
    const std::uint64_t offset = cpu.effective_address(insn);
    std::array<std::uint8_t, 16> bounce{};
    const x86::FxArea before = cpu.s.fx;
    // Memory that cannot be written faults even where an exception keeps the store from happening.
    const unsigned size = stub.recipe.memory_size;
    const bool stored = execute(cpu, stub, bounce.data());
    if (stored ? !write_memory(cpu, insn.segment, offset, bounce.data(), size) : !writable(cpu, insn, offset, size)) {
        cpu.s.fx = before;
        return Outcome::Fault;
    }
    note_x87_instruction(cpu, stub.recipe.fop);
    note_x87_operand(cpu, insn.segment, offset);
    return Outcome::Next;
}

Outcome run_image(Cpu& cpu, const Insn& insn)
{
    return run_x87_image(cpu, insn, *static_cast<const HostStub*>(insn.aux));
}

// FCMOVcc and the forms of FCOMI.
void describe_flags(StubRecipe& recipe, ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_FCOMI:
    case ZYDIS_MNEMONIC_FCOMIP:
    case ZYDIS_MNEMONIC_FUCOMI:
    case ZYDIS_MNEMONIC_FUCOMIP:
        // Flags that these leave alone go in as they are.
        recipe.flags_read = true;
        recipe.flags_written = true;
        break;
    case ZYDIS_MNEMONIC_FCMOVB:
    case ZYDIS_MNEMONIC_FCMOVBE:
    case ZYDIS_MNEMONIC_FCMOVE:
    case ZYDIS_MNEMONIC_FCMOVNB:
    case ZYDIS_MNEMONIC_FCMOVNBE:
    case ZYDIS_MNEMONIC_FCMOVNE:
    case ZYDIS_MNEMONIC_FCMOVNU:
    case ZYDIS_MNEMONIC_FCMOVU: recipe.flags_read = true; break;
    default: break;
    }
}

Handler select_x87(const Decoded& decoded, Insn& insn)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    if (decoded.stubs == nullptr) {
        return nullptr;
    }
    StubRecipe recipe;
    recipe.x87 = true;
    describe_flags(recipe, instruction.mnemonic);
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            recipe.rm = StubOperand::Memory;
            recipe.memory_size = static_cast<std::uint8_t>(operand.size / 8);
            recipe.rm_written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
            recipe.rm_read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
        }
    }
    const unsigned modrm = recipe.rm == StubOperand::Memory
                               ? unsigned{instruction.raw.modrm.reg} << 3 | stub_register::kMemory
                               : 0xc0u | unsigned{instruction.raw.modrm.reg} << 3 | instruction.raw.modrm.rm;
    recipe.code[0] = instruction.opcode;
    recipe.code[1] = static_cast<std::uint8_t>(modrm);
    recipe.length = 2;
    recipe.other = recipe.rm == StubOperand::Memory ? std::uint8_t{0} : instruction.raw.modrm.rm;
    recipe.fop = x87_opcode(instruction);
    insn.aux = decoded.stubs->find_or_make(recipe);
    if (insn.aux == nullptr) {
        return nullptr;
    }
    const Handler shorter =
        select_x87_short(decoded, insn, *static_cast<const HostStub*>(insn.aux));
    return shorter != nullptr ? shorter : run_image;
}

} // namespace

Outcome run_x87_image(Cpu& cpu, const Insn& insn, const HostStub& image)
{
    if (!x87_available(cpu) || !no_x87_pending(cpu)) {
        return Outcome::Fault;
    }
    if (image.recipe.rm != StubOperand::Memory) {
        return run_register(cpu, image);
    }
    return image.recipe.rm_written ? run_store(cpu, insn, image) : run_load(cpu, insn, image);
}

void add_x87(OpcodeTable& table)
{
    for (const ZydisMnemonic mnemonic : kX87Mnemonics) {
        table.set(mnemonic, select_x87);
    }
    add_x87_control(table);
}

} // namespace windsor::emulate
