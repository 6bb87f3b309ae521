/* SPDX-License-Identifier: MIT */
/* The seeded random numbers of a simulation. */
#include "dice.h"

uint64_t mix64(uint64_t v)
{
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
    v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
    return v ^ v >> 31;
}

uint64_t dice_roll(struct dice *d)
{
    d->state += 0x9e3779b97f4a7c15ULL;
    return mix64(d->state);
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
    return n ? dice_roll(d) % n : 0;
}

uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high)
{
    return low + dice_below(d, high - low + 1);
}

bool dice_ppm(struct dice *d, uint32_t ppm)
{
    return ppm > 0 && dice_below(d, 1000000) < ppm;
}
