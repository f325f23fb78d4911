// SPDX-License-Identifier: GPL-2.0-or-later
// An execution trace, for comparing engines.
#pragma once

#include "emulate/core/insn.hpp"
#include "vcpu/state.hpp"

#include <string_view>

namespace windsor::emulate {

// Hears of every instruction before it runs, on the thread that runs the engine.
class TraceSink {
public:
    virtual ~TraceSink() = default;
    // `state.rip` is the instruction's address.
    virtual void instruction(const vcpu::CpuState& state, const Insn& insn) = 0;
    // The engine stands still: what has been kept back is written.
    virtual void flush() {}
};

// The mnemonic of an instruction, as Zydis names it.
std::string_view mnemonic_name(const Insn& insn);

} // namespace windsor::emulate
