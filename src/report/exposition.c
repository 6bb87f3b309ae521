/* SPDX-License-Identifier: MIT */
/* Metrics written in the text exposition format of Prometheus. */
#include "report/exposition.h"

#include "report/text.h"

#include <string.h>

#define FIRST_POWER 13 /* 2^13 ns: 8 us */
#define LAST_POWER 34
#define LABELS_ROOM 2048

void exposition_family(struct exposition *e, const char *name, enum exposition_type type,
                       const char *help)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };

    int len = (int)strlen(name);

    e->name = name;
    if (e->open_metrics && type == EXPOSITION_COUNTER)
        len -= (int)strlen("_total");
    fprintf(e->out, "# HELP %.*s %s\n# TYPE %.*s %s\n", len, name, help, len, name,
            types[type]);
}

void exposition_end(const struct exposition *e)
{
    if (e->open_metrics)
        fputs("# EOF\n", e->out);
}

void exposition_label(struct writer *labels, const char *name, const char *value)
{
    uint8_t space[512];
    struct writer printable = { .ptr = space, .room = sizeof space };

    text_printable(&printable, span_of(value), sizeof space);
    if (labels->len > 0)
        put_u8(labels, ',');
    put(labels, span_of(name));
    put(labels, span_of("=\""));
    for (size_t i = 0; i < printable.len; i++) {
        if (space[i] == '"' || space[i] == '\\')
            put_u8(labels, '\\');
        put_u8(labels, space[i]);
    }
    put_u8(labels, '"');
}

static void lead(const struct exposition *e, const char *suffix, struct kedge_span labels)
{
    fprintf(e->out, "%s%s", e->name, suffix);
    if (labels.len > 0)
        fprintf(e->out, "{%.*s}", (int)labels.len, (const char *)labels.ptr);
}

static void write_number(const struct exposition *e, uint64_t v)
{
    fprintf(e->out, " %llu\n", (unsigned long long)v);
}

static void seconds(char out[32], kedge_nanos v)
{
    snprintf(out, 32, "%llu.%09llu", (unsigned long long)(v / KEDGE_SEC),
             (unsigned long long)(v % KEDGE_SEC));
}

void exposition_number(const struct exposition *e, struct kedge_span labels, uint64_t v)
{
    lead(e, "", labels);
    write_number(e, v);
}

static void timed(const struct exposition *e, const char *suffix,
                  struct kedge_span labels, kedge_nanos v)
{
    char text[32];

    seconds(text, v);
    lead(e, suffix, labels);
    fprintf(e->out, " %s\n", text);
}

void exposition_seconds(const struct exposition *e, struct kedge_span labels,
                        kedge_nanos v)
{
    timed(e, "", labels, v);
}

static void bucket(const struct exposition *e, struct kedge_span labels, const char *le,
                   uint64_t n)
{
    uint8_t space[LABELS_ROOM];
    struct writer w = { .ptr = space, .room = sizeof space };

    put(&w, labels);
    exposition_label(&w, "le", le);
    lead(e, "_bucket", written(&w));
    write_number(e, n);
}

/* 2^n - 1, 3 * 2^(n - 1) - 1, 2^(n + 1) - 1, and so on. */
static kedge_nanos bound_after(kedge_nanos bound)
{
    uint64_t v = bound + 1, half = (v & (v - 1)) != 0 ? v / 3 : v / 2;

    return v + half - 1;
}

void exposition_histogram(const struct exposition *e, struct kedge_span labels,
                          const struct histogram *h)
{
    kedge_nanos bound = ((kedge_nanos)1 << FIRST_POWER) - 1;
    uint32_t from = 0;
    uint64_t seen = 0;
    char text[32];

    for (; bound < (kedge_nanos)1 << LAST_POWER; bound = bound_after(bound)) {
        uint32_t to = histogram_place(bound) + 1;

        seen += histogram_count(h, from, to);
        seconds(text, bound);
        bucket(e, labels, text, seen);
        from = to;
    }
    bucket(e, labels, "+Inf", h->count);
    timed(e, "_sum", labels, h->sum);
    lead(e, "_count", labels);
    write_number(e, h->count);
}
