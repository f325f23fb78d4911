// SPDX-License-Identifier: GPL-2.0-or-later
// A page set by REP STOSB and copied by REP MOVSB.
#include "row.h"

enum { SIZE = 4096 };

static void rep(unsigned long units)
{
    static char from[SIZE];
    static char to[SIZE];
    for (; units > 0; --units) {
        void* target = from;
        unsigned long count = SIZE;
        __asm__ volatile("rep stosb" : "+D"(target), "+c"(count) : "a"(units) : "memory");
        const void* source = from;
        target = to;
        count = SIZE;
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
        CHECK(to[SIZE - 1] == (char)units);
    }
}
ROW("copy", "rep", rep);
