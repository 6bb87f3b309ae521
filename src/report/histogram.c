/* SPDX-License-Identifier: MIT */
/* The log-linear histogram: record, merge, percentiles. */
#include "report/histogram.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

#define EXACT 512     /* values below have a bucket each */
#define PARTS 256     /* of each power of two above */
#define FIRST_POWER 9 /* 2^9 == EXACT */
#define PARTS_POWER 8
#define WHOLE 100000 /* thousandths of a percent in all */
#define ROOM_FIRST 8

static uint32_t power_of(uint64_t v)
{
    return 63 - (uint32_t)__builtin_clzll(v);
}

uint32_t histogram_place(kedge_nanos v)
{
    uint32_t power = 0;
    uint64_t bucket = 0;

    if (v < EXACT)
        return (uint32_t)v;
    power = power_of(v);
    bucket = EXACT + (uint64_t)(power - FIRST_POWER) * PARTS +
             (v >> (power - PARTS_POWER)) - PARTS;
    return bucket < HISTOGRAM_BUCKETS ? (uint32_t)bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket: what a percentile does not exceed. */
static uint64_t top_of(uint32_t bucket)
{
    uint32_t power = 0;
    uint64_t part = 0;

    if (bucket < EXACT)
        return bucket;
    power = FIRST_POWER + (bucket - EXACT) / PARTS;
    part = PARTS + (bucket - EXACT) % PARTS;
    return ((part + 1) << (power - PARTS_POWER)) - 1;
}

/* The first cell that is not before that bucket. */
static uint32_t cell_from(const struct histogram *h, uint32_t bucket)
{
    uint32_t low = 0, high = h->used;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (h->cells[middle].bucket < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* From a few cells to a place for each bucket. */
static bool to_broadcast(struct histogram *h)
{
    uint32_t *all = calloc(HISTOGRAM_BUCKETS, sizeof *all);

    if (!all)
        return false;
    for (uint32_t i = 0; i < h->used; i++)
        all[h->cells[i].bucket] = h->cells[i].count;
    free(h->cells);
    h->cells = NULL;
    h->used = h->room = 0;
    h->buckets = all;
    return true;
}

static bool grow_histogram(struct histogram *h)
{
    uint32_t room = h->room > 0 ? 2 * h->room : ROOM_FIRST;
    struct histogram_cell *cells = realloc(h->cells, room * sizeof *cells);

    if (!cells)
        return false;
    h->cells = cells;
    h->room = room;
    return true;
}

/* A cell of no samples there, before the one that has its place. */
static bool make_cell(struct histogram *h, uint32_t at, uint32_t bucket)
{
    if (h->used == h->room && !grow_histogram(h))
        return false;
    memmove(&h->cells[at + 1], &h->cells[at], (h->used - at) * sizeof *h->cells);
    h->cells[at] = (struct histogram_cell){ bucket, 0 };
    h->used++;
    return true;
}

/* Where that bucket is counted. NULL: no memory. */
static uint32_t *count_of(struct histogram *h, uint32_t bucket)
{
    uint32_t at;

    if (!h->buckets) {
        at = cell_from(h, bucket);
        if (at < h->used && h->cells[at].bucket == bucket)
            return &h->cells[at].count;
        if (h->used < HISTOGRAM_FEW)
            return make_cell(h, at, bucket) ? &h->cells[at].count : NULL;
        if (!to_broadcast(h))
            return NULL;
    }
    return &h->buckets[bucket];
}

static bool add_to_bucket(struct histogram *h, uint32_t bucket, uint32_t n)
{
    uint32_t *count = count_of(h, bucket);

    if (!count) {
        h->dropped += n;
        return false;
    }
    *count = (uint32_t)min_u64(UINT32_MAX, (uint64_t)*count + n);
    return true;
}

static void widen(struct histogram *h, uint64_t min, uint64_t max)
{
    if (h->count == 0 || min < h->min)
        h->min = min;
    if (h->count == 0 || max > h->max)
        h->max = max;
}

void histogram_record(struct histogram *h, kedge_nanos value)
{
    if (!add_to_bucket(h, histogram_place(value), 1))
        return;
    widen(h, value, value);
    h->count++;
    h->sum = add_sat(h->sum, value);
}

uint64_t histogram_count(const struct histogram *h, uint32_t from, uint32_t to)
{
    uint64_t sum = 0;

    KEDGE_ASSERT(from <= to && to <= HISTOGRAM_BUCKETS);
    if (h->buckets)
        for (uint32_t i = from; i < to; i++)
            sum += h->buckets[i];
    else
        for (uint32_t i = cell_from(h, from); i < cell_from(h, to); i++)
            sum += h->cells[i].count;
    return sum;
}

void histogram_merge(struct histogram *a, const struct histogram *b)
{
    uint64_t dropped = a->dropped, lacked;

    a->dropped += b->dropped;
    for (uint32_t i = 0; i < b->used; i++)
        (void)add_to_bucket(a, b->cells[i].bucket, b->cells[i].count);
    for (uint32_t i = 0; b->buckets && i < HISTOGRAM_BUCKETS; i++)
        if (b->buckets[i] > 0)
            (void)add_to_bucket(a, i, b->buckets[i]);
    lacked = a->dropped - b->dropped - dropped;
    if (b->count <= lacked)
        return;
    widen(a, b->min, b->max);
    a->count += b->count - lacked;
    a->sum = add_sat(a->sum, b->sum);
}

void histogram_free(struct histogram *h)
{
    free(h->cells);
    free(h->buckets);
    *h = (struct histogram){ 0 };
}

uint64_t histogram_needed(uint32_t which)
{
    uint32_t above = WHOLE - (which < WHOLE ? which : WHOLE - 1);

    return (WHOLE + above - 1) / above;
}

uint32_t histogram_bucket(const struct histogram *h, uint32_t bucket, kedge_nanos *low,
                          kedge_nanos *high)
{
    KEDGE_ASSERT(bucket < HISTOGRAM_BUCKETS);
    *low = bucket > 0 ? top_of(bucket - 1) + 1 : 0;
    *high = bucket == HISTOGRAM_BUCKETS - 1 ? UINT64_MAX : top_of(bucket);
    return (uint32_t)histogram_count(h, bucket, bucket + 1);
}

/* The bucket in which the sample of that rank is. */
static uint32_t bucket_at(const struct histogram *h, uint64_t rank)
{
    uint64_t seen = 0;
    uint32_t i = 0;

    if (h->buckets) {
        while (i < HISTOGRAM_BUCKETS - 1 && (seen += h->buckets[i]) < rank)
            i++;
        return i;
    }
    while (i < h->used - 1 && (seen += h->cells[i].count) < rank)
        i++;
    return h->cells[i].bucket;
}

void histogram_at(const struct histogram *h, uint64_t rank, kedge_nanos *low,
                  kedge_nanos *high)
{
    KEDGE_ASSERT(rank > 0 && rank <= h->count);
    (void)histogram_bucket(h, bucket_at(h, rank), low, high);
    *low = *low < h->min ? h->min : *low;
    *high = *high > h->max ? h->max : *high;
}

bool histogram_percentile(const struct histogram *h, uint32_t which, kedge_nanos *out)
{
    /* ceil(count * which / WHOLE), in parts that cannot overflow */
    uint64_t rank =
        h->count / WHOLE * which + (h->count % WHOLE * which + WHOLE - 1) / WHOLE;
    kedge_nanos low = 0;

    if (h->count < histogram_needed(which))
        return false;
    histogram_at(h, rank > 0 ? rank : 1, &low, out);
    return true;
}
