// SPDX-License-Identifier: GPL-2.0-or-later
// The smallest system call.
#include "row.h"

#include <sys/syscall.h>
#include <unistd.h>

static void system_call(unsigned long units)
{
    for (; units > 0; --units) {
        CHECK(syscall(SYS_getppid) >= 0);
    }
}
ROW("kernel", "syscall", system_call);
