/* SPDX-License-Identifier: MIT */
/* The binary search for the largest payload that passes. */
#include "mtu/mtu.h"

void mtu_search_init(struct mtu_search *s, uint32_t least, uint32_t limit)
{
    *s = (struct mtu_search){ .passes = least, .fails = limit + 1, .limit = limit };
}

uint32_t mtu_search_next(const struct mtu_search *s)
{
    if (s->fails <= s->passes + 1)
        return 0;
    if (s->fails > s->limit)
        return s->limit; /* most paths take all that the link takes */
    if (s->hint > s->passes && s->hint < s->fails)
        return s->hint;
    if (s->hint > 0 && s->hint == s->passes)
        return s->passes + 1; /* to show that what was told is true */
    return s->passes + (s->fails - s->passes) / 2;
}

/* What passed once passes, whatever failed before: that was a loss of another cause. */
void mtu_search_took(struct mtu_search *s, uint32_t size, bool passed)
{
    if (passed && size > s->passes)
        s->passes = size;
    if (passed && size >= s->fails)
        s->fails = s->limit + 1;
    if (!passed && size > s->passes && size < s->fails)
        s->fails = size;
}
