// SPDX-License-Identifier: GPL-2.0-or-later
// Finds pi by a sum and by a square root, in the x87 unit; this file is compiled for it.
#include "row.h"

static void x87(unsigned long units)
{
    for (; units > 0; --units) {
        double sum = 0;
        double root = 0;
        int count = 100;
        OPAQUE(count);
        const double width = 1.0 / count;
        for (int i = 0; i < count; ++i) {
            const double x = (i + 0.5) * width;
            sum += width * 4 / (1 + x * x);
            root += width * 4 * __builtin_sqrt(1 - x * x);
        }
        CHECK(__builtin_fabs(sum - 3.14159) < 0.001 && __builtin_fabs(root - 3.14159) < 0.001);
    }
}
ROW("x87", "x87", x87);
