// SPDX-License-Identifier: GPL-2.0-or-later
// x87 and SSE state in the forms that FXSAVE and XSAVE write. SDM volume 1, sections 10.5 and 13.5.
#pragma once

#include "emulate/floating/fx_state.hpp"
#include "x86/xsave_area.hpp"

#include <cstddef>
#include <span>

namespace windsor::emulate {

// Where the XMM registers begin in an image, and where the bytes begin that belong to software.
constexpr std::size_t kXmmOffset = offsetof(x86::FxArea, xmm);
constexpr std::size_t kSavedBytes = offsetof(x86::FxArea, unused);

// Whether pointers take 64 bits without selectors (REX.W), or 32 bits with them.
enum class Pointers : std::uint8_t { Selectors, Wide };

// The selector of an instruction leaves 8 in operand_size for the form with wide pointers.
inline Pointers pointers_of(const Insn& insn)
{
    return insn.operand_size == 8 ? Pointers::Wide : Pointers::Selectors;
}

// How many XMM and YMM registers the mode has.
inline unsigned visible_vectors(const Cpu& cpu)
{
    return cpu.long64() ? 16 : 8;
}

x86::FxArea read_image(std::span<const std::uint8_t, x86::xsave::kLegacyBytes> bytes);
void store_pointers(const Cpu& cpu, Pointers pointers, x86::FxArea& image);
void load_x87(Cpu& cpu, Pointers pointers, const x86::FxArea& image);
void load_xmm(Cpu& cpu, const x86::FxArea& image);

// Gives the operand's offset if it is aligned to `alignment` bytes; false after #GP.
[[nodiscard]] bool locate_image(Cpu& cpu, const Insn& insn, unsigned alignment, std::uint64_t& offset);

} // namespace windsor::emulate
