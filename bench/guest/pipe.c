// SPDX-License-Identifier: GPL-2.0-or-later
// A byte goes from one process to another and back, both on one processor.
#define _GNU_SOURCE
#include "row.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay_on_this_processor(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
}

static void ping_pong(unsigned long units)
{
    stay_on_this_processor();
    int there[2];
    int back[2];
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    char byte = 1;
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
        }
        _exit(0);
    }
    for (; units > 0; --units) {
        CHECK(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1);
    }
    close(there[1]);
    close(back[0]);
    close(back[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    close(there[0]);
}
ROW("pipe", "pipe", ping_pong);
