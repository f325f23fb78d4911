// SPDX-License-Identifier: GPL-2.0-or-later
// What the rows of the benchmark share: how a row makes itself known, and how it keeps the compiler honest.
#pragma once

#include <stdio.h>
#include <stdlib.h>

struct row {
    const char* group;
    const char* name;
    void (*run)(unsigned long units); // does the same work UNITS times
};

// Puts a row into the table that main.c finds between the bounds of this section.
#define ROW(group, name, run)                                                                                          \
    static const struct row row_of_##run = {group, name, run};                                                         \
    static const struct row* const entry_of_##run __attribute__((section("rows"), used)) = &row_of_##run

// A value that the compiler can neither foresee nor leave out.
#define OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

// A wrong result ends the measurement: a fast engine that errs is not fast.
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("wrong: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline unsigned next_random(unsigned* state)
{
    return *state = *state * 1664525 + 1013904223;
}
