// SPDX-License-Identifier: GPL-2.0-or-later
// Five bodies that attract one another: scalar double precision.
#include "row.h"

enum { BODIES = 5 };

struct body {
    double at[3];
    double velocity[3];
    double mass;
};

static struct body bodies[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, 39.47},
    {{4.84, -1.16, -0.10}, {0.606, 2.81, -0.02}, 0.0377},
    {{8.34, 4.12, -0.40}, {-1.01, 1.82, 0.008}, 0.0113},
    {{12.89, -15.11, -0.22}, {1.08, 0.868, -0.010}, 0.0017},
    {{15.37, -25.91, 0.179}, {0.979, 0.594, -0.034}, 0.0020},
};

static double energy(void)
{
    double sum = 0;
    for (int i = 0; i < BODIES; ++i) {
        const struct body* a = &bodies[i];
        for (int k = 0; k < 3; ++k) {
            sum += 0.5 * a->mass * a->velocity[k] * a->velocity[k];
        }
        for (int j = i + 1; j < BODIES; ++j) {
            double square = 0;
            for (int k = 0; k < 3; ++k) {
                square += (a->at[k] - bodies[j].at[k]) * (a->at[k] - bodies[j].at[k]);
            }
            sum -= a->mass * bodies[j].mass / __builtin_sqrt(square);
        }
    }
    return sum;
}

static void step(double time)
{
    for (int i = 0; i < BODIES; ++i) {
        for (int j = i + 1; j < BODIES; ++j) {
            struct body* a = &bodies[i];
            struct body* b = &bodies[j];
            const double d[3] = {a->at[0] - b->at[0], a->at[1] - b->at[1], a->at[2] - b->at[2]};
            const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            const double pull = time / (square * __builtin_sqrt(square));
            for (int k = 0; k < 3; ++k) {
                a->velocity[k] -= d[k] * b->mass * pull;
                b->velocity[k] += d[k] * a->mass * pull;
            }
        }
    }
    for (int i = 0; i < BODIES; ++i) {
        for (int k = 0; k < 3; ++k) {
            bodies[i].at[k] += time * bodies[i].velocity[k];
        }
    }
}

static void nbody(unsigned long units)
{
    const double before = energy();
    for (; units > 0; --units) {
        for (int i = 0; i < 10; ++i) {
            step(0.0001);
        }
    }
    CHECK(__builtin_fabs(energy() - before) < 0.01);
}
ROW("sse", "nbody", nbody);
