// SPDX-License-Identifier: GPL-2.0-or-later
// The C library's memcpy and memset, of blocks that fit into a processor's second cache.
#include "row.h"

#include <string.h>

enum { SIZE = 65536 };

static void copy(unsigned long units)
{
    static char from[SIZE];
    static char to[SIZE];
    for (; units > 0; --units) {
        char* a = from;
        char* b = to;
        OPAQUE(a);
        OPAQUE(b);
        memset(a, (int)(units & 127), SIZE);
        OPAQUE(a);
        memcpy(b, a, SIZE);
        OPAQUE(b);
        CHECK(b[SIZE - 1] == (char)(units & 127));
    }
}
ROW("copy", "memcpy", copy);
