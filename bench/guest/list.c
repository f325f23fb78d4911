// SPDX-License-Identifier: GPL-2.0-or-later
// Walks a linked list whose nodes lie in memory in a random order.
#include "row.h"

enum { COUNT = 4096 };

struct node {
    struct node* next;
    unsigned value;
};

static void list(unsigned long units)
{
    static struct node nodes[COUNT];
    static unsigned order[COUNT];
    unsigned state = 1;
    for (unsigned i = 0; i < COUNT; ++i) {
        const unsigned j = next_random(&state) / 65536 % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (unsigned i = 0; i < COUNT; ++i) {
        nodes[order[i]].value = i;
        nodes[order[i]].next = i + 1 < COUNT ? &nodes[order[i + 1]] : NULL;
    }
    for (; units > 0; --units) {
        const struct node* node = &nodes[order[0]];
        OPAQUE(node);
        unsigned sum = 0;
        for (; node != NULL; node = node->next) {
            sum += node->value;
        }
        CHECK(sum == COUNT * (COUNT - 1u) / 2);
    }
}
ROW("integer", "list", list);
