/* SPDX-License-Identifier: MIT */
/* Every figure that a probe has of a target, one row each: its key in JSON, its unit and
 * kind, one sentence of help, and how it is got. Everything that shows, writes, reads or
 * judges a run goes through this table: the table and the notes below it, JSON and its
 * reader, metrics, the page, the rows on the terminal, --fail-if, a comparison, and the
 * list of keys in the documents. A new figure is one row.
 *
 * A figure of a run that was read again is the one that its file has; where the file has
 * none it is got from the probes of the run, as far as these tell it. */
#ifndef RESULTS_FIGURES_H
#define RESULTS_FIGURES_H

#include "results/value.h"
#include "probe/probe.h"

/* Where a figure goes besides JSON and --fail-if. */
enum figure_use {
    FIGURE_COLUMN = 1,   /* of the table */
    FIGURE_COMPARED = 2, /* a row of the comparison of two runs */
    FIGURE_REQUIRED = 4, /* a line of a target without it is not one */
    FIGURE_HIDDEN = 8,   /* it is in no JSON: it is there for words and metrics only */
    FIGURE_CARD = 16,    /* in the counts of a page; not shown there while it is 0 ... */
    FIGURE_CARD_ZERO = 32, /* ... but for these */
    FIGURE_SHARED = 64     /* a comparison has its share of what was sent */
};

/* A sample of a metric. Rows of one family are samples of it, apart by a label. The first
 * row of a family has its help. */
struct figure_metric {
    const char *family, *label, *value, *help;
};

struct figure {
    const char *key;  /* in JSON, members of members behind a point: rtt_ns.p50 */
    const char *unit; /* "" of a text, a flag or an object */
    enum value_kind kind;
    uint32_t which;                          /* for get: a percentile in thousandths */
    const char *help;                        /* a sentence, with its full stop */
    bool (*has)(const struct probe_view *v); /* NULL: every target has it */
    bool (*get)(const struct figure *f, const struct probe_view *v, struct value *out);
    /* for get: */
    const struct histogram *(*of)(const struct probe_view *v);
    size_t at; /* of a count in struct probe_stats */
    unsigned uses;
    const char *name;  /* what people and --fail-if call it; NULL: as its key */
    const char *note;  /* a line below the table where it is above 0 (notes.h) */
    const char *cause; /* what a loss is due to, behind its number: "refused" */
    const char *left;  /* "round trips": what a histogram lacks where it is above 0 */
    const char *when;  /* cause is told only where the figure of this key is above 0 */
    struct figure_metric metric;
};

/* All of them, in the order of JSON; the members of an object follow it. */
const struct figure *figures(size_t *count);

/* By key. NULL: there is none. */
const struct figure *figure_of(struct kedge_span key);

/* By name or key, as --fail-if has it. NULL: there is none with a number. */
const struct figure *figure_named(struct kedge_span name);

const char *figure_name(const struct figure *f);

enum value_state figure_get(const struct figure *f, const struct probe_view *v,
                            struct value *out);

/* A count or a time by its key; 0 where it is not known. */
uint64_t figure_number(const struct probe_view *v, const char *key);

#endif
