// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a process that ends at once.
#include "row.h"

#include <sys/wait.h>
#include <unistd.h>

static void fork_wait(unsigned long units)
{
    for (; units > 0; --units) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            _exit(7);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    }
}
ROW("kernel", "fork", fork_wait);
