// SPDX-License-Identifier: GPL-2.0-or-later
// Page faults: maps memory, touches each page, and unmaps it.
#include "row.h"

#include <sys/mman.h>

enum { PAGES = 32, PAGE = 4096 };

static void fault(unsigned long units)
{
    for (; units > 0; --units) {
        char* memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(memory != MAP_FAILED);
        for (int i = 0; i < PAGES; ++i) {
            memory[i * PAGE] = 1;
        }
        munmap(memory, PAGES * PAGE);
    }
}
ROW("kernel", "fault", fault);
