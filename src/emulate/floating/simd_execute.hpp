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

// Describes a memory operand in the recipe. Stubs get a copy of it.
void describe_memory(StubRecipe& recipe, const ZydisDecodedOperand& operand);

void* register_slot(Cpu& cpu, StubOperand kind, unsigned number);

// Makes the frame for a stub that does not raise exceptions.
StubFrame make_frame(Cpu& cpu);

// Gives Next, or the fault of an unmasked exception, in which case nothing but MXCSR has changed.
Outcome execute_stub(Cpu& cpu, const StubCall& call);

} // namespace windsor::emulate
