// SPDX-License-Identifier: GPL-2.0-or-later
// What the writers of host stubs share. R8 points to the StubFrame.
#pragma once

#include "emulate/core/stub_recipe.hpp"

#include <cstddef>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <asmjit/x86.h>
#pragma GCC diagnostic pop

namespace windsor::emulate {

inline asmjit::x86::Mem frame_at(std::size_t offset, unsigned size)
{
    return asmjit::x86::ptr(asmjit::x86::r8, static_cast<std::int32_t>(offset), size);
}

// Saves RFLAGS to the frame, if the recipe says so.
void save_flags(asmjit::x86::Assembler& out, const StubRecipe& recipe);

// If the recipe says so, load RAX and RDX, the explicit lengths of PCMPESTRx, and store RCX, the index that PCMPxSTRI
// gives. RAX and RCX are lost.
void load_string_lengths(asmjit::x86::Assembler& out, const StubRecipe& recipe);
void store_string_index(asmjit::x86::Assembler& out, const StubRecipe& recipe);

// Load MXCSR from the frame, and store it there and put back the host's value. R9 is lost.
void prepare_mxcsr(asmjit::x86::Assembler& out);
void finish_mxcsr(asmjit::x86::Assembler& out);

} // namespace windsor::emulate
