// SPDX-License-Identifier: GPL-2.0-or-later
// Multiplies matrices with packed double precision.
#include "row.h"

enum { SIZE = 32 };
typedef double pair __attribute__((vector_size(16)));

static double a[SIZE][SIZE];
static pair b[SIZE][SIZE / 2];
static pair product[SIZE][SIZE / 2];

static void multiply(void)
{
    for (int i = 0; i < SIZE; ++i) {
        for (int j = 0; j < SIZE / 2; j += 4) {
            pair sum[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
            for (int k = 0; k < SIZE; ++k) {
                const pair factor = {a[i][k], a[i][k]};
                sum[0] += factor * b[k][j];
                sum[1] += factor * b[k][j + 1];
                sum[2] += factor * b[k][j + 2];
                sum[3] += factor * b[k][j + 3];
            }
            for (int n = 0; n < 4; ++n) {
                product[i][j + n] = sum[n];
            }
        }
    }
}

static void matmul(unsigned long units)
{
    for (int i = 0; i < SIZE; ++i) {
        for (int j = 0; j < SIZE; ++j) {
            a[i][j] = i + j;
            b[i][j / 2][j % 2] = i - j;
        }
    }
    for (; units > 0; --units) {
        multiply();
        __asm__ volatile("" : : : "memory");
    }
    double expected = 0;
    for (int k = 0; k < SIZE; ++k) {
        expected += (3 + k) * (k - 5.0);
    }
    CHECK(product[3][2][1] == expected);
}
ROW("sse", "matmul", matmul);
