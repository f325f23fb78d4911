// SPDX-License-Identifier: GPL-2.0-or-later
// Puts words into a hash table of chains, and finds each of them again.
#include "row.h"

#include <string.h>

enum { BUCKETS = 512, COUNT = 1000, LENGTH = 12 };

struct entry {
    struct entry* next;
    unsigned count;
    char word[LENGTH];
};

static struct entry* buckets[BUCKETS];
static struct entry entries[COUNT];

static struct entry** place(const char* word)
{
    unsigned hash = 2166136261u;
    for (const char* p = word; *p != 0; ++p) {
        hash = (hash ^ (unsigned char)*p) * 16777619;
    }
    struct entry** at = &buckets[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->word, word) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static void hash(unsigned long units)
{
    static char words[COUNT][LENGTH];
    for (int i = 0; i < COUNT; ++i) {
        snprintf(words[i], LENGTH, "word%d", i * 7919);
    }
    for (; units > 0; --units) {
        memset(buckets, 0, sizeof buckets);
        unsigned used = 0;
        for (int i = 0; i < 2 * COUNT; ++i) {
            struct entry** at = place(words[i % COUNT]);
            if (*at == NULL) {
                *at = &entries[used++];
                (*at)->next = NULL;
                (*at)->count = 0;
                memcpy((*at)->word, words[i % COUNT], LENGTH);
            }
            ++(*at)->count;
        }
        CHECK(used == COUNT && entries[COUNT - 1].count == 2);
    }
}
ROW("integer", "hash", hash);
