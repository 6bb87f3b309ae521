/* SPDX-License-Identifier: MIT */
/* The table of a run, and the lines below it. */
#include "results/table.h"

#include "results/calibration.h"
#include "results/endpoint_text.h"
#include "results/figures.h"
#include "results/notes.h"
#include "base/number.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_ROOM 2048 /* of a table: an endpoint and its numbers */

static bool is_column(const struct figure *f)
{
    return f->uses & FIGURE_COLUMN && f->kind != VALUE_RANGE;
}

static void cell(struct table *t, const struct figure *f, const struct probe_view *v)
{
    struct value value;
    bool known = figure_get(f, v, &value) == VALUE_KNOWN;
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (!known) {
        table_cell(t, "-");
    } else if (f->kind == VALUE_TEXT) {
        table_cell(t, value.text);
    } else if (f->kind == VALUE_TIME) {
        text_ms(&w, value.number);
        table_cell_span(t, written(&w));
    } else {
        table_cell_u64(t, value.number);
    }
}

/* The columns of one table: a bit a figure that is left out. */
struct columns {
    const struct probe_result *r;
    uint64_t without;
    bool apart; /* the target stands on a line of its own */
    struct note_look look;
};

static bool is_shown(const struct columns *c, size_t figure)
{
    size_t count;
    const struct figure *all = figures(&count);

    return is_column(&all[figure]) && !(c->without >> figure & 1);
}

/* Nothing in it for any target: a fault that did not occur, a time that is not known. */
static bool is_empty(const struct probe_result *r, const struct figure *f)
{
    if (f->kind == VALUE_TEXT || f->uses & FIGURE_CARD_ZERO)
        return false;
    for (uint32_t i = 0; i < r->count; i++) {
        struct value value;

        if (figure_get(f, &r->views[i], &value) == VALUE_KNOWN &&
            (f->kind == VALUE_TIME || value.number > 0))
            return false;
    }
    return true;
}

static struct columns choose_columns(const struct probe_result *r)
{
    struct columns c = { .r = r };
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t i = 0; i < count; i++) {
        if (!is_column(&all[i]))
            continue;
        KEDGE_ASSERT(i < 64);
        c.without |= is_empty(r, &all[i]) ? (uint64_t)1 << i : 0;
    }
    return c;
}

static void row(const struct columns *c, struct table *t, const struct probe_view *v)
{
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t i = 0; i < count; i++)
        if (is_shown(c, i))
            cell(t, &all[i], v);
}

/* The first time has the unit of all. */
static void head(const struct columns *c, struct table *t)
{
    size_t count;
    const struct figure *all = figures(&count);
    const char *unit = " ms";

    for (size_t i = 0; i < count; i++) {
        char text[32];

        if (!is_shown(c, i))
            continue;
        snprintf(text, sizeof text, "%s%s", figure_name(&all[i]),
                 all[i].kind == VALUE_TIME ? unit : "");
        unit = all[i].kind == VALUE_TIME ? "" : unit;
        table_cell(t, text);
    }
}

static uint32_t count_columns(const struct columns *c, uint32_t *right)
{
    size_t count;
    const struct figure *all = figures(&count);
    uint32_t n = 0;

    *right = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_shown(c, i))
            continue;
        *right |= all[i].kind == VALUE_TEXT ? 0 : (uint32_t)1 << n;
        n++;
    }
    KEDGE_ASSERT(n <= TABLE_COLUMNS_MAX);
    return n;
}

/* Its width. */
static size_t fill_table(const struct columns *c, struct table *t, uint8_t *space,
                         size_t room)
{
    uint32_t right, n = count_columns(c, &right);
    size_t width = 0;

    table_init(t, space, room, n, right);
    head(c, t);
    for (uint32_t i = 0; i < c->r->count; i++)
        row(c, t, &c->r->views[i]);
    for (uint32_t i = 0; i < n; i++)
        width += t->widths[i] + (i > 0 ? 2 : 0);
    return width;
}

/* False: there is none to be left out but what a table is for. What was received is what was
 * sent and not lost. */
static bool drop_column(struct columns *c)
{
    static const char *const least[] = { "jitter_ns", "rtt_ns.min", "rtt_ns.p99_9",
                                         "endpoint", "received" };
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t k = 0; k < sizeof least / sizeof *least; k++)
        for (size_t i = 0; i < count; i++)
            if (is_shown(c, i) && strcmp(all[i].key, least[k]) == 0) {
                c->without |= (uint64_t)1 << i;
                c->apart |= all[i].kind == VALUE_TEXT;
                return true;
            }
    return false;
}

/* "p99.9 needs 1,000 samples, has 450": what stands as "-" in the table, or not at all. */
static void put_need(struct writer *w, const struct figure *f, uint64_t samples)
{
    uint64_t needed = histogram_needed(f->which);

    if (samples == 0 || samples >= needed)
        return;
    put(w, span_of(w->len > 0 ? "; " : ""));
    put(w, span_of(figure_name(f)));
    put(w, span_of(" needs "));
    text_count(w, needed);
    put(w, span_of(" samples, has "));
    text_count(w, samples);
}

/* Between what the true percentiles lie, as far as so many samples can tell. */
static void put_interval(struct writer *w, const struct figure *f,
                         const struct probe_view *v)
{
    struct value value;

    if (f->kind != VALUE_RANGE || !(f->uses & FIGURE_COLUMN) ||
        figure_get(f, v, &value) != VALUE_KNOWN)
        return;
    put(w, span_of(w->len > 0 ? ", " : "95 % CI: "));
    put(w, span_of(figure_name(f)));
    put_u8(w, ' ');
    text_ms(w, value.low);
    put(w, span_of(" to "));
    text_ms(w, value.high);
    put(w, span_of(" ms"));
}

static void confidence(const struct columns *c, const struct probe_view *v, FILE *out)
{
    size_t count;
    const struct figure *all = figures(&count);
    uint8_t space[256], more[256];
    struct writer w = { .ptr = space, .room = sizeof space };
    struct writer needs = { .ptr = more, .room = sizeof more };

    for (size_t i = 0; i < count; i++) {
        put_interval(&w, &all[i], v);
        if (is_column(&all[i]) && all[i].which > 0)
            put_need(&needs, &all[i], figure_number(v, "rtt_ns.n"));
    }
    if (w.len > 0)
        table_note(written(&w), c->look.columns, out);
    if (needs.len > 0)
        table_note(written(&needs), c->look.columns, out);
}

/* Row 0 is the head. */
static void between_rows(const void *owner, uint32_t row, FILE *out)
{
    const struct columns *c = owner;
    char text[KEDGE_ENDPOINT_TEXT];

    if (row >= 2) {
        const struct probe_view *v = &c->r->views[row - 2];

        probe_notes(v, &c->look, out);
        if (c->look.verbose)
            confidence(c, v, out);
    }
    if (c->apart && row >= 1 && row <= c->r->count)
        fprintf(out, "%s\n", endpoint_shown(c->r->views[row - 1].endpoint, text));
}

bool probe_show_table(const struct probe_result *r, bool verbose, FILE *out)
{
    size_t room = ROW_ROOM * ((size_t)r->count + 1);
    size_t columns = isatty(fileno(out)) ? terminal_size(fileno(out)).columns : 0;
    uint8_t *space = malloc(room);
    struct columns c = choose_columns(r);
    struct table t;

    if (!space)
        return false;
    c.look = (struct note_look){ verbose, columns };
    while (fill_table(&c, &t, space, room) > (columns ? columns : SIZE_MAX) &&
           drop_column(&c))
        continue;
    table_print_with(&t, out, between_rows, &c);
    free(space);
    if (r->count > 0)
        probe_run_notes(&r->views[0], &c.look, out);
    if (verbose)
        calibration_note(&r->about.calibration, columns, out);
    return true;
}
