// SPDX-License-Identifier: GPL-2.0-or-later
// Direct calls and returns: Fibonacci numbers by the definition.
#include "row.h"

static __attribute__((noinline)) unsigned fibonacci(unsigned n)
{
    if (n < 2) {
        return n;
    }
    unsigned before = fibonacci(n - 1);
    OPAQUE(before); // or the second call would become a loop
    unsigned result = before + fibonacci(n - 2);
    OPAQUE(result);
    return result;
}

static void calls(unsigned long units)
{
    for (; units > 0; --units) {
        CHECK(fibonacci(16) == 987);
    }
}
ROW("integer", "calls", calls);
