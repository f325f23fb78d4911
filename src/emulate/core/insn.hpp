// SPDX-License-Identifier: GPL-2.0-or-later
// A decoded instruction as the interpreter keeps it.
#pragma once

#include "x86/registers.hpp"

#include <cstdint>

namespace windsor::emulate {

class Cpu;
struct Insn;

// How an instruction ended.
enum class Outcome : std::uint8_t {
    Next,   // done; RIP moves on by the instruction's length
    Jump,   // done; the handler has set RIP (already wrapped to the code size)
    Repeat, // a REP iteration boundary: nothing but progress has happened, RIP stays
    Fault,  // Cpu::fault() says which; registers are as before, RIP stays
    Exit,   // done and RIP set; leave the block: mode, mappings or pending work have changed
    Halt,   // HLT done and RIP set
};

using Handler = Outcome (*)(Cpu& cpu, const Insn& insn);

constexpr std::uint8_t kNoRegister = 0xff;

enum class RepPrefix : std::uint8_t { None, Rep, Repne };

struct Insn {
    Handler handler{nullptr};
    std::uint64_t immediate{0};   // sign-extended to 64 bits where the instruction does so
    std::int64_t displacement{0}; // of the memory operand; absolute for moffs
    const void* aux{nullptr};     // what select() left for the handler (a host stub), or null
    std::uint8_t length{0};       // bytes
    std::uint8_t operand_size{0}; // effective, bytes: 1, 2, 4, 8
    std::uint8_t address_size{0}; // effective, bytes: 2, 4, 8
    std::uint8_t reg{0};          // ModRM.reg with REX.R, or the opcode's register with REX.B
    std::uint8_t rm{0};           // ModRM.rm with REX.B when it names a register
    std::uint8_t base{kNoRegister};  // of the memory operand; kNoRegister for none
    std::uint8_t index{kNoRegister};
    std::uint8_t scale{0};           // shift count, 0 to 3
    x86::Seg segment{x86::Seg::Ds};  // of the memory operand, overrides applied
    RepPrefix rep{RepPrefix::None};
    bool memory{false};        // the rm operand is memory
    bool rip_relative{false};  // displacement counts from the next instruction
    bool lock{false};
    bool rex{false};           // a REX prefix is present: byte registers 4-7 are SPL to DIL
    bool ends_block{false};    // set by select(): branches, and what may change modes or mappings
    std::uint8_t extra{0};     // free for the handler (a condition, a second immediate …)
    std::uint16_t mnemonic{0}; // ZydisMnemonic, for traces
};
static_assert(sizeof(Insn) <= 64);

} // namespace windsor::emulate
