// SPDX-License-Identifier: GPL-2.0-or-later
// Calls through pointers, in an order that repeats only after long.
#include "row.h"

#define OPERATION(name, expression)                                                                                    \
    static unsigned name(unsigned a, unsigned b)                                                                       \
    {                                                                                                                  \
        return expression;                                                                                             \
    }
OPERATION(add, a + b)
OPERATION(subtract, a - b)
OPERATION(both, a & b)
OPERATION(either, a | b)
OPERATION(differ, a ^ b)
OPERATION(multiply, a * (b | 1))
OPERATION(shift, a << (b & 7))
OPERATION(turn, (a << 5 | a >> 27) + b)

typedef unsigned (*operation)(unsigned, unsigned);
static const operation operations[8] = {add, subtract, both, either, differ, multiply, shift, turn};

static void indirect(unsigned long units)
{
    unsigned state = 1;
    for (; units > 0; --units) {
        unsigned value = state;
        for (int i = 0; i < 1000; ++i) {
            const unsigned random = next_random(&state);
            value = operations[random >> 29](value, random);
        }
        OPAQUE(value);
    }
}
ROW("integer", "indirect", indirect);
