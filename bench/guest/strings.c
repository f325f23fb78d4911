// SPDX-License-Identifier: GPL-2.0-or-later
// The string instructions that compilers no longer use and systems of old do: LODSB, REPNE SCASB, REPE CMPSB.
#include "row.h"

#include <string.h>

enum { SIZE = 1024 };

static void strings(unsigned long units)
{
    static char first[SIZE];
    static char second[SIZE];
    memset(first, 'x', SIZE - 1);
    memcpy(second, first, SIZE);
    for (; units > 0; --units) {
        const char* source = first;
        unsigned count = SIZE - 1;
        unsigned sum = 0;
        __asm__ volatile("0: lodsb; movzbl %%al, %%eax; add %%eax, %2; dec %1; jnz 0b"
                         : "+S"(source), "+r"(count), "+r"(sum) : : "eax", "memory");
        CHECK(sum == (SIZE - 1) * 'x');

        const char* target = first;
        unsigned long left = SIZE;
        __asm__ volatile("repne scasb" : "+D"(target), "+c"(left) : "a"(0) : "memory");
        CHECK(target == first + SIZE && left == 0);

        source = first;
        target = second;
        left = SIZE;
        __asm__ volatile("repe cmpsb" : "+S"(source), "+D"(target), "+c"(left) : : "memory");
        CHECK(left == 0);
    }
}
ROW("string", "strings", strings);
