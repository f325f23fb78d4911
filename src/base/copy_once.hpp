// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of what others may change at any moment, as a guest may its memory by another processor or a device.
#pragma once

#include <cstddef>
#include <cstring>

namespace windsor::base {

// Each byte is read from its source once, here and never again: what is decided by the copy is true of all of it.
inline void copy_once(void* to, const void* from, std::size_t bytes)
{
    std::memcpy(to, from, bytes);
    asm volatile("" ::: "memory"); // the compiler may not go back to the source for what it needs later
}

} // namespace windsor::base
