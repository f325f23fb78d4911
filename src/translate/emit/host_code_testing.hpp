// SPDX-License-Identifier: GPL-2.0-or-later
// These functions count the host instructions that guest code becomes.
#pragma once

#include "translate/test_machine.hpp"

#include <array>
#include <functional>
#include <iterator>
#include <span>

#include <Zydis/Zydis.h>

namespace windsor::translate::testing {

using Write = std::function<void(asmjit::x86::Assembler&)>;

// At the first jump that is always taken, counting ends, or it goes on where the jump leads forward in the block.
enum class Jumps : std::uint8_t { End, Follow };

// Returns how many host instructions are on the usual way through the first block, from its entry on. Cold code lies
// behind them.
inline unsigned count_way(std::span<const std::uint8_t> code, Jumps jumps)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecodedInstruction instruction;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    unsigned count = 0;
    while (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &instruction, operands.data()))) {
        ++count;
        std::int64_t next = instruction.length;
        if (instruction.meta.category == ZYDIS_CATEGORY_UNCOND_BR) {
            const bool direct = operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
            next += direct ? operands[0].imm.value.s : -1;
            if (jumps == Jumps::End || next < instruction.length || next >= std::ssize(code)) {
                return count;
            }
        }
        code = code.subspan(static_cast<std::size_t>(next));
    }
    ADD_FAILURE() << "a block without an end";
    return count;
}

// Runs code that is written so many times, and then HLT, in 64-bit or in 32-bit mode. RBX, RSI, RDI and R11 point to
// data, and data and stack begin with the address of another HLT.
inline void run_times(TranslatorMachine& m, bool wide, const Write& write, unsigned times)
{
    m.assemble(kCode, wide, [&](asmjit::x86::Assembler& a) {
        for (unsigned n = 0; n < times; ++n) {
            write(a);
        }
        a.hlt();
    });
    vcpu::CpuState state = wide ? m.flat64() : m.flat32();
    state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxsave;
    state.xcr0 = x86::xcr0::kX87 | x86::xcr0::kSse | x86::xcr0::kAvx;
    state.fx.fcw = 0x37f;
    for (const unsigned pointer : {3u, 6u, 7u, 11u}) {
        state.gpr[pointer] = kData;
    }
    m.put<std::uint64_t>(kData, kCode + 0x100);
    m.put<std::uint64_t>(kStack, kCode + 0x100);
    m.code(kCode + 0x100, {0xf4});
    m.cpu.set_state(state);
    EXPECT_EQ(m.cpu.run(), vcpu::HaltReason::Halted);
}

enum class Extraction : std::uint8_t { None, ByBextr };

// Runs such code, and returns the count of its first block.
inline unsigned count(bool wide, const Write& write, unsigned times, Extraction extraction = Extraction::None,
                      Jumps jumps = Jumps::End)
{
    TranslatorMachine m{{.code_bytes = kUsualCode, .extract = extraction == Extraction::ByBextr}};
    run_times(m, wide, write, times);
    return count_way(m.cpu.code(), jumps);
}

} // namespace windsor::translate::testing
