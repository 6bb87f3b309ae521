/* SPDX-License-Identifier: MIT */
/* Random numbers as a pure function of seed, direction, impairment and packet. */
#include "random.h"

static uint64_t mix(uint64_t x) /* the finaliser of splitmix64 */
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t draw(const struct link *l, enum stream s, uint64_t n, unsigned k)
{
    uint64_t key = (uint64_t)l->number << 16 | (unsigned)s << 8 | k;
    uint64_t seeded =
        mix(l->seed + 0x9e3779b97f4a7c15u) ^ (key + 1) * 0xd1342543de82ef95u;

    return mix(mix(seeded) + (n + 1) * 0x9e3779b97f4a7c15u);
}

double uniform(const struct link *l, enum stream s, uint64_t n, unsigned k)
{
    return (double)(draw(l, s, n, k) >> 11) * 0x1p-53;
}

bool chance(const struct link *l, enum stream s, uint64_t n, double p)
{
    return p > 0 && uniform(l, s, n, 0) < p;
}
