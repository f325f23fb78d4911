// SPDX-License-Identifier: GPL-2.0-or-later
// An interpreter of a small stack machine: loads, and indirect jumps that follow the program.
#include "row.h"

enum operation { PUSH, LOAD, STORE, ADD, SUBTRACT, MULTIPLY, JUMP_NOT_ZERO, HALT };

// sum = 0; for (i = 200; i != 0; i = i - 1) sum = sum * 3 + i;
static const unsigned char program[] = {
    PUSH, 0, STORE, 1,                         // 0: sum = 0
    PUSH, 200, STORE, 0,                       // 4: i = 200
    LOAD, 1, PUSH, 3, MULTIPLY, LOAD, 0, ADD,  // 8: sum * 3 + i
    STORE, 1,                                  // 16
    LOAD, 0, PUSH, 1, SUBTRACT, STORE, 0,      // 18: i = i - 1
    LOAD, 0, JUMP_NOT_ZERO, 8,                 // 25
    HALT,
};

static __attribute__((noinline)) unsigned interpret(const unsigned char* code)
{
    unsigned stack[16];
    unsigned variables[4] = {0};
    unsigned* top = stack;
    const unsigned char* at = code;
    for (;;) {
        switch ((enum operation)*at++) {
        case PUSH: *top++ = *at++; break;
        case LOAD: *top++ = variables[*at++]; break;
        case STORE: variables[*at++] = *--top; break;
        case ADD: --top; top[-1] += top[0]; break;
        case SUBTRACT: --top; top[-1] -= top[0]; break;
        case MULTIPLY: --top; top[-1] *= top[0]; break;
        case JUMP_NOT_ZERO: at = *--top != 0 ? code + *at : at + 1; break;
        case HALT: return variables[1];
        }
    }
}

static void bytecode(unsigned long units)
{
    unsigned expected = 0;
    for (unsigned i = 200; i != 0; --i) {
        expected = expected * 3 + i;
    }
    for (; units > 0; --units) {
        CHECK(interpret(program) == expected);
    }
}
ROW("integer", "bytecode", bytecode);
