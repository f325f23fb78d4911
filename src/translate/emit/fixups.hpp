// SPDX-License-Identifier: GPL-2.0-or-later
// The same guest code at another linear address, as shared libraries are: its translation is copied.
#pragma once

#include "translate/cache/block.hpp"

#include <cstdint>

namespace windsor::translate {

// From an original to its copy.
struct Move {
    std::uint64_t linear{0}; // how far it is, in guest addresses,
    std::uint64_t code{0};   // and in bytes of code
    std::uint32_t exit{0};   // the number of the copy's first
    std::uint32_t link{0};
};

// The form in which Assembler::mov() writes a value: as Value32, ValueSigned or Value64.
Fixup::Kind form_of_value(std::uint64_t value);

// Makes `code`, which is as the original's, the copy's. False: some address would need another form.
[[nodiscard]] bool apply_fixups(const Block& original, const Move& move, std::uint8_t* code);

} // namespace windsor::translate
