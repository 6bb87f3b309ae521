/* SPDX-License-Identifier: MIT */
/* The counts of badlink, printed at its end. */
#include "stats.h"

#include "side.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Buckets 0 to 7 hold one number each; then each octave has 8. */
static size_t bucket(int64_t late)
{
    unsigned octave;

    if (late < 8)
        return (size_t)late;
    octave = 63u - (unsigned)__builtin_clzll((unsigned long long)late);
    return (octave - 2) * 8 + (size_t)(late >> (octave - 3) & 7);
}

static double bucket_end(size_t i)
{
    return i < 8 ? (double)i : ldexp((double)(9 + i % 8), (int)(i / 8) - 1);
}

void stats_late(struct stats *s, int64_t late)
{
    s->late_sum += (double)late;
    if (late > s->late_max)
        s->late_max = late;
    s->late_histogram[bucket(late)]++;
}

static double late_quantile_us(const struct stats *s, double q)
{
    uint64_t total = 0, seen = 0;

    for (size_t i = 0; i < HISTOGRAM; i++)
        total += s->late_histogram[i];
    for (size_t i = 0; total && i < HISTOGRAM; i++) {
        seen += s->late_histogram[i];
        if ((double)seen >= q * (double)total)
            return fmin((double)s->late_max, bucket_end(i)) / 1e3;
    }
    return 0;
}

static void print_counters(FILE *f, const struct badlink *b, const struct link *l)
{
    const struct stats *s = &l->stats;
    const struct {
        const char *key;
        uint64_t value;
    } counters[] = {
        { "in_packets", s->in_packets },
        { "in_bytes", s->in_bytes },
        { "out_packets", s->out_packets },
        { "out_bytes", s->out_bytes },
        { "in_flight", l->count },
        { "lost_random", s->lost_random },
        { "lost_burst", s->lost_burst },
        { "dropped_queue", s->dropped_queue },
        { "dropped_size", s->dropped_size },
        { "dropped_hold", s->dropped_hold },
        { "dropped_ring", side_ring_drops(b, l->from) },
        { "duplicated", s->duplicated },
        { "reordered", s->reordered },
        { "corrupted", s->corrupted },
        { "write_errors", s->write_errors },
        { "housekeeping", s->housekeeping },
    };

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        fprintf(f, "\"%s\":%llu,", counters[i].key,
                (unsigned long long)counters[i].value);
}

static void print_link(FILE *f, const struct badlink *b, const struct link *l)
{
    const struct stats *s = &l->stats;
    uint64_t tried = s->out_packets + s->write_errors;

    fprintf(f, ",\"%s\":{", l->name);
    print_counters(f, b, l);
    fprintf(f,
            "\"backlog_max_ms\":%.3f,\"late_us\":{\"mean\":%.1f,\"p50\":%.1f,"
            "\"p99\":%.1f,\"max\":%.1f}}",
            (double)s->backlog_max / 1e6, tried ? s->late_sum / (double)tried / 1e3 : 0,
            late_quantile_us(s, .5), late_quantile_us(s, .99), (double)s->late_max / 1e3);
}

void stats_print(const struct badlink *b)
{
    FILE *f = b->stats_path ? fopen(b->stats_path, "ae") : stdout;

    if (!f) {
        fprintf(stderr, "badlink: %s: %s\n", b->stats_path, strerror(errno));
        return;
    }
    fprintf(f, "{\"elapsed_s\":%.3f,\"seed\":%llu",
            (double)(clock_ns() - b->started) / 1e9, (unsigned long long)b->seed);
    print_link(f, b, &b->links[0]);
    print_link(f, b, &b->links[1]);
    fprintf(f, "}\n");
    if (f == stdout)
        fflush(f);
    else
        fclose(f);
}
