// SPDX-License-Identifier: GPL-2.0-or-later
// From mnemonics to handlers: one table, filled by each family of instructions.
#pragma once

#include "emulate/core/host_stub.hpp"
#include "emulate/core/insn.hpp"

#include <array>
#include <cstdint>
#include <span>

#include <Zydis/Zydis.h>

namespace windsor::emulate {

// An instruction as Zydis sees it, with its bytes.
struct Decoded {
    const ZydisDecodedInstruction& instruction;
    std::span<const ZydisDecodedOperand> operands;
    std::span<const std::uint8_t> bytes;
    HostStubs* stubs{nullptr}; // of the Cpu that decodes; null: instructions that need one are not offered
};

// Chooses the handler; may set aux, extra and ends_block. `insn` has all fields filled otherwise.
// Null: this form is not offered and raises #UD.
using Select = Handler (*)(const Decoded& decoded, Insn& insn);

class OpcodeTable {
public:
    // The whole instruction set of the interpreter.
    OpcodeTable();

    void set(ZydisMnemonic mnemonic, Select chosen) { selects_[mnemonic] = chosen; }
    Select select(ZydisMnemonic mnemonic) const { return selects_[mnemonic]; }

private:
    std::array<Select, ZYDIS_MNEMONIC_MAX_VALUE + 1> selects_{};
};

// The families; each lies in the file of its name.
void add_integer(OpcodeTable& table);   // moves, arithmetic, logic, shifts, bits, stack, near branches, flags
void add_string(OpcodeTable& table);    // MOVS CMPS STOS LODS SCAS INS OUTS, IN and OUT
void add_system(OpcodeTable& table);    // far transfers, INT, IRET, segment loads, control registers, MSRs, CPUID …
void add_x87(OpcodeTable& table);       // x87
void add_simd(OpcodeTable& table);      // MMX, SSE to SSE4.2, FXSAVE, XSAVE, LDMXCSR

// Forms of MOV, PUSH and POP whose operand is a segment, control or debug register; the integer family asks first.
Handler select_system_move(const Decoded& decoded, Insn& insn);
// Far forms of JMP, CALL and RET (branch type FAR); the integer family asks first.
Handler select_far_branch(const Decoded& decoded, Insn& insn);
// MOVSD and CMPSD name an SSE2 instruction as well as a string one; the string family asks for forms with XMM operands.
Handler select_simd(const Decoded& decoded, Insn& insn);

} // namespace windsor::emulate
