// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a stub for the guest, with MXCSR, RFLAGS and unmasked exceptions as they have to be.
#pragma once

#include "emulate/core/cpu.hpp"
#include "emulate/core/stub_recipe.hpp"

#include <Zydis/Zydis.h>

namespace windsor::emulate {

// A stub with its operands: registers of the Cpu, or copies of memory.
struct StubCall {
    const HostStub& stub;
    void* reg{nullptr};
    void* rm{nullptr};
    void* second{nullptr};
    void* fourth{nullptr};
};

// A memory operand, of which stubs get a copy.
void describe_memory(StubRecipe& recipe, const ZydisDecodedOperand& operand);

void* register_slot(Cpu& cpu, StubOperand kind, unsigned number);

// The frame of a stub that does not raise exceptions.
StubFrame make_frame(Cpu& cpu);

// Next, or the fault of an unmasked exception: then nothing but MXCSR has changed.
Outcome execute_stub(Cpu& cpu, const StubCall& call);

} // namespace windsor::emulate
