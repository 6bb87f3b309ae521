#include "report/histogram.h"

#include "base/number.h"

#define EXACT 512     /* values below have a bucket each */
#define PARTS 256     /* of each power of two above */
#define FIRST_POWER 9 /* 2^9 == EXACT */
#define PARTS_POWER 8
#define WHOLE 100000 /* thousandths of a percent in all */

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

static void add(struct histogram *h, uint32_t bucket, uint32_t n)
{
    uint64_t sum = (uint64_t)h->buckets[bucket] + n;

    h->buckets[bucket] = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
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
    widen(h, value, value);
    h->count++;
    h->sum = add_sat(h->sum, value);
    add(h, histogram_place(value), 1);
}

uint64_t histogram_count(const struct histogram *h, uint32_t from, uint32_t to)
{
    uint64_t sum = 0;

    KEDGE_ASSERT(from <= to && to <= HISTOGRAM_BUCKETS);
    for (uint32_t i = from; i < to; i++)
        sum += h->buckets[i];
    return sum;
}

void histogram_merge(struct histogram *a, const struct histogram *b)
{
    if (b->count == 0)
        return;
    widen(a, b->min, b->max);
    a->count += b->count;
    a->sum = add_sat(a->sum, b->sum);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        add(a, i, b->buckets[i]);
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
    return h->buckets[bucket];
}

void histogram_at(const struct histogram *h, uint64_t rank, kedge_nanos *low,
                  kedge_nanos *high)
{
    uint64_t seen = 0;
    uint32_t bucket = 0;

    KEDGE_ASSERT(rank > 0 && rank <= h->count);
    while (bucket < HISTOGRAM_BUCKETS - 1 && (seen += h->buckets[bucket]) < rank)
        bucket++;
    (void)histogram_bucket(h, bucket, low, high);
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
