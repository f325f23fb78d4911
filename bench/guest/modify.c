// SPDX-License-Identifier: GPL-2.0-or-later
// Code that is changed between each two calls: one number within a function.
#include "code.h"

static void modify(unsigned long units)
{
    unsigned char* code = code_memory(4096);
    *put(put(code, MOVE, 0), ADD, 5) = RETURN;
    for (; units > 0; --units) {
        put(code, MOVE, (unsigned)units);
        CHECK(call_code(code) == (unsigned)units + 5);
    }
    munmap(code, 4096);
}
ROW("code", "modify", modify);
