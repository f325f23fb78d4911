// SPDX-License-Identifier: GPL-2.0-or-later
// Freshly generated code: writes a function where there was another some time ago, and calls it a few times.
#include "code.h"

enum { SIZE = 65536, SLOT = 64, CALLS = 20 };

static void fresh(unsigned long units)
{
    unsigned char* memory = code_memory(SIZE);
    unsigned slot = 0;
    for (; units > 0; --units) {
        unsigned char* const code = memory + slot;
        unsigned char* at = put(code, MOVE, (unsigned)units);
        unsigned expected = (unsigned)units;
        for (unsigned i = 0; i < 4; ++i) {
            at = put(put(at, ADD, slot), DIFFER, i * 77);
            expected = (expected + slot) ^ (i * 77);
        }
        *at = RETURN;
        for (int i = 0; i < CALLS; ++i) {
            CHECK(call_code(code) == expected);
        }
        slot = (slot + SLOT) % SIZE;
    }
    munmap(memory, SIZE);
}
ROW("code", "fresh", fresh);
