// SPDX-License-Identifier: GPL-2.0-or-later
// Memory to write machine code into, and instructions that are the same in 32-bit and 64-bit code.
#pragma once

#include "row.h"

#include <string.h>
#include <sys/mman.h>

static inline unsigned char* code_memory(unsigned size)
{
    unsigned char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

// An operation on EAX with a number: five bytes.
enum { MOVE = 0xb8, ADD = 0x05, DIFFER = 0x35, RETURN = 0xc3 };
static inline unsigned char* put(unsigned char* at, unsigned char operation, unsigned number)
{
    *at = operation;
    memcpy(at + 1, &number, 4);
    return at + 5;
}

static inline unsigned call_code(const unsigned char* code)
{
    unsigned (*function)(void);
    memcpy(&function, &code, sizeof function);
    OPAQUE(function);
    return function();
}
