// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace windsor::state {

// Describes a part of a struct, such as its base, so that the part's fields stand among those of the struct itself
// rather than in a group of their own. An archive that counts members says what a part is to it.
template <typename Archive, typename Part> void in_place(Archive& archive, Part& part)
{
    if constexpr (requires { archive.in_place(part); }) {
        archive.in_place(part);
    } else {
        describe(archive, part);
    }
}

} // namespace windsor::state
