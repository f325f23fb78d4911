// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <cstdint>

namespace windsor::sandbox {

// What a thread of an enclosed process does. Each has a list of system calls of its own, which is shorter than that of
// the process.
enum class ThreadRole : std::uint8_t {
    Processor,  // runs the guest: the translator, the interpreter or KVM
    Service,    // timers and chips
    Disk,       // reads and writes one image
    Writer,     // saves the guest, or sends it to another host
    Console,    // refreshes the picture, types
    Viewer,     // talks with a viewer over the network
    Network,    // brings the guest what its network cards receive
};

// The exit status of a process that has a thread which cannot be confined.
constexpr int kNotConfined = 6;

// Confines the calling thread for the rest of its life. Does nothing in a process that enclose() has given no
// filter of system calls. In one that has, a thread does not go on without: the process ends with kNotConfined, which
// happens only where the host's kernel is out of memory.
void confine_thread(ThreadRole role);

} // namespace windsor::sandbox
