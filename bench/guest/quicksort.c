// SPDX-License-Identifier: GPL-2.0-or-later
// Sorts pseudo-random numbers in place.
#include "row.h"

enum { COUNT = 1000 };

static void sort(unsigned* first, unsigned* last)
{
    while (first < last) {
        const unsigned pivot = first[(last - first) / 2];
        unsigned* low = first;
        unsigned* high = last;
        while (low <= high) {
            while (*low < pivot) {
                ++low;
            }
            while (*high > pivot) {
                --high;
            }
            if (low <= high) {
                const unsigned other = *low;
                *low++ = *high;
                *high-- = other;
            }
        }
        sort(first, high);
        first = low;
    }
}

static void quicksort(unsigned long units)
{
    static unsigned numbers[COUNT];
    unsigned state = 1;
    for (; units > 0; --units) {
        for (int i = 0; i < COUNT; ++i) {
            numbers[i] = next_random(&state) >> 8;
        }
        sort(numbers, numbers + COUNT - 1);
    }
    for (int i = 1; i < COUNT; ++i) {
        CHECK(numbers[i - 1] <= numbers[i]);
    }
}
ROW("integer", "quicksort", quicksort);
