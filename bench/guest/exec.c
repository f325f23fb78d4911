// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a process that executes a program: this one, told to do nothing.
#include "row.h"

#include <sys/wait.h>
#include <unistd.h>

static void fork_exec(unsigned long units)
{
    for (; units > 0; --units) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            execl("/proc/self/exe", "bench", "nothing", (char*)NULL);
            _exit(1);
        }
        int status = 1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
}
ROW("kernel", "exec", fork_exec);
