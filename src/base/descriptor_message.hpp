// SPDX-License-Identifier: GPL-2.0-or-later
// Messages with a descriptor beside them. unix(7), SCM_RIGHTS.
#pragma once

#include "base/fd.hpp"

#include <span>
#include <sys/types.h>

namespace windsor::base {

// recv(2), which also takes a descriptor; further ones are closed by the kernel.
ssize_t receive_with_descriptor(int socket, std::span<char> into, Fd& descriptor, int flags = 0);

// send(2), with a descriptor unless it is -1.
ssize_t send_with_descriptor(int socket, std::span<char> text, int descriptor, int flags = 0);

} // namespace windsor::base
