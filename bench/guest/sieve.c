// SPDX-License-Identifier: GPL-2.0-or-later
// Counts primes by striking out multiples.
#include "row.h"

#include <string.h>

enum { LIMIT = 16384 };

static void sieve(unsigned long units)
{
    static char composite[LIMIT];
    for (; units > 0; --units) {
        memset(composite, 0, sizeof composite);
        int primes = 0;
        for (int i = 2; i < LIMIT; ++i) {
            if (!composite[i]) {
                ++primes;
                for (int j = 2 * i; j < LIMIT; j += i) {
                    composite[j] = 1;
                }
            }
        }
        CHECK(primes == 1900);
    }
}
ROW("integer", "sieve", sieve);
