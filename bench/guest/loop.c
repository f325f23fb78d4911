// SPDX-License-Identifier: GPL-2.0-or-later
// Integer arithmetic and branches that are hard to foresee: how long the Collatz sequences of small numbers are.
#include "row.h"

static void loop(unsigned long units)
{
    for (; units > 0; --units) {
        unsigned steps = 0;
        unsigned numbers = 100;
        OPAQUE(numbers);
        for (unsigned start = 1; start <= numbers; ++start) {
            for (unsigned n = start; n != 1; ++steps) {
                n = n % 2 == 0 ? n / 2 : 3 * n + 1;
            }
        }
        CHECK(steps == 3142);
    }
}
ROW("integer", "loop", loop);
