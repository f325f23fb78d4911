// SPDX-License-Identifier: GPL-2.0-or-later
// bench                       lists the groups and rows
// bench ROW UNITS             runs so many units of a row and says how long they took
// bench ROW for MILLISECONDS  finds out how many units take so long
#include "row.h"

#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern const struct row* const __start_rows[];
extern const struct row* const __stop_rows[];

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// Processor time of this process and of its children that have ended.
static long long processor_nanoseconds(void)
{
    long long microseconds = 0;
    for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; ++who) {
        struct rusage usage;
        getrusage(who, &usage);
        microseconds += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL;
        microseconds += usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    }
    return microseconds * 1000;
}

static long long timed(const struct row* row, unsigned long units)
{
    const long long begin = nanoseconds();
    row->run(units);
    return nanoseconds() - begin;
}

// The host looks at its own clocks when it sees the first and the last line.
static int measure(const struct row* row, unsigned long units)
{
    printf("begin %s\n", row->name);
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    const long long processor = processor_nanoseconds();
    const long long took = timed(row, units);
    printf("result %s %lu %lld %lld\n", row->name, units, took, processor_nanoseconds() - processor);
    return 0;
}

static int calibrate(const struct row* row, long long wanted)
{
    unsigned long units = 1;
    long long took = timed(row, units);
    while (took < wanted / 4) {
        units *= took < wanted / 64 ? 8 : 2;
        took = timed(row, units);
    }
    const double enough = (double)units * (double)wanted / (double)took;
    printf("units %s %lu\n", row->name, enough < 1 ? 1 : (unsigned long)enough);
    return 0;
}

int main(int argc, char** argv)
{
    if (argc == 2 && strcmp(argv[1], "nothing") == 0) {
        return 0; // what the row exec executes
    }
    for (const struct row* const* row = __start_rows; row != __stop_rows; ++row) {
        if (argc < 3) {
            printf("%s %s\n", (*row)->group, (*row)->name);
        } else if (strcmp((*row)->name, argv[1]) == 0) {
            return argc == 3 ? measure(*row, strtoul(argv[2], NULL, 10))
                             : calibrate(*row, strtol(argv[3], NULL, 10) * 1000000LL);
        }
    }
    if (argc >= 3) {
        printf("wrong: there is no row %s\n", argv[1]);
    }
    return argc >= 3;
}
