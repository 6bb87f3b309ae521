/* SPDX-License-Identifier: MIT */
/* The distance of a typed word from the known ones. */
#include "cmd/suggest.h"

#include "base/bytes.h"
#include "base/number.h"

enum { LONGEST = 32 }; /* letters of a word that is looked at */

/* Three rows of the table of distances: of all letters typed so far, to each beginning of the
 * known word. */
struct rows {
    unsigned before[LONGEST + 1], last[LONGEST + 1], now[LONGEST + 1];
};

static bool changed_places(struct kedge_span a, struct kedge_span b, size_t i, size_t j)
{
    return i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
}

static void next_row(struct rows *r, struct kedge_span a, struct kedge_span b, size_t i)
{
    r->now[0] = (unsigned)i;
    for (size_t j = 1; j <= b.len; j++) {
        unsigned other = r->last[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
        unsigned too_many = (r->last[j] < r->now[j - 1] ? r->last[j] : r->now[j - 1]) + 1;

        r->now[j] = other < too_many ? other : too_many;
        if (changed_places(a, b, i, j) && r->before[j - 2] + 1 < r->now[j])
            r->now[j] = r->before[j - 2] + 1;
    }
    for (size_t j = 0; j <= b.len; j++) {
        r->before[j] = r->last[j];
        r->last[j] = r->now[j];
    }
}

static unsigned distance(struct kedge_span a, struct kedge_span b)
{
    struct rows r = { { 0 }, { 0 }, { 0 } };

    for (size_t j = 0; j <= b.len; j++)
        r.last[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++)
        next_row(&r, a, b, i);
    return r.last[b.len];
}

void suggest(struct suggestion *s, const char *known)
{
    struct kedge_span word = span_of(known);
    unsigned slips;

    if (s->typed.len < 2 || s->typed.len > LONGEST || word.len > LONGEST)
        return;
    slips = distance(s->typed, word);
    if (slips > (min_u64(s->typed.len, word.len) <= 4 ? 1 : 2) ||
        (s->nearest && slips >= s->slips))
        return;
    s->nearest = known;
    s->slips = slips;
}
