// SPDX-License-Identifier: GPL-2.0-or-later
// If guest code has been translated at another linear address, as that of shared libraries, the translation is copied.
#pragma once

#include "translate/cache/block.hpp"

#include <cstdint>

namespace windsor::translate {

// This says how a copy differs from its original.
struct Move {
    std::uint64_t linear{0}; // how far the copy is from the original in linear addresses
    std::uint64_t code{0};   // how far its code is from the original's
    std::uint32_t exit{0};   // the number of its first side exit
    std::uint32_t link{0};   // the number of its first link
};

// Returns the form in which Assembler::mov() writes a value: Value32, ValueSigned or Value64.
Fixup::Kind form_of_value(std::uint64_t value);

// Changes `code`, which is the same as the original's, into the copy's. Returns false if an address would need another
// form.
[[nodiscard]] bool apply_fixups(const Block& original, const Move& move, std::uint8_t* code);

} // namespace windsor::translate
