#include "ask/probe_show.h"

#include "ask/probe_notes.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>

#define ROW_ROOM 2048 /* of a table: an endpoint and eleven numbers */

static void ms_cell(struct table *t, bool known, kedge_nanos v)
{
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };

    text_ms(&w, v);
    if (known)
        table_cell_span(t, written(&w));
    else
        table_cell(t, "-");
}

static void percentile_cell(struct table *t, const struct histogram *h, uint32_t which)
{
    kedge_nanos v = 0;
    bool known = histogram_percentile(h, which, &v);

    ms_cell(t, known, v);
}

static void row(struct table *t, const struct probe_view *v)
{
    const struct account *a = v->account;
    char text[KEDGE_ENDPOINT_TEXT];
    kedge_nanos jitter = 0;
    bool known = account_jitter(a, &jitter);

    table_cell(t, kedge_endpoint_print(v->endpoint, text));
    table_cell_u64(t, a->sent);
    table_cell_u64(t, a->received);
    table_cell_u64(t, a->lost);
    table_cell_u64(t, a->duplicated);
    table_cell_u64(t, a->reordered);
    ms_cell(t, a->rtt.count > 0, a->rtt.min);
    percentile_cell(t, &a->rtt, 50000);
    percentile_cell(t, &a->rtt, 99000);
    ms_cell(t, a->rtt.count > 0, a->rtt.max);
    ms_cell(t, known, jitter);
}

static void head(struct table *t)
{
    static const char *const names[] = { "target",     "sent",      "received", "lost",
                                         "duplicated", "reordered", "min ms",   "p50",
                                         "p99",        "max",       "jitter" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        table_cell(t, names[i]);
}

static bool lacks(const struct probe_result *r, uint32_t which)
{
    for (uint32_t i = 0; i < r->count; i++) {
        uint64_t n = r->views[i].account->rtt.count;

        if (n > 0 && n < histogram_needed(which))
            return true;
    }
    return false;
}

bool probe_show_table(const struct probe_result *r, FILE *out)
{
    size_t room = ROW_ROOM * ((size_t)r->count + 1);
    uint8_t *space = malloc(room);
    struct table t;

    if (!space)
        return false;
    table_init(&t, space, room, 11, 0x7feU);
    head(&t);
    for (uint32_t i = 0; i < r->count; i++)
        row(&t, &r->views[i]);
    table_print(&t, out, 0);
    free(space);
    for (uint32_t i = 0; i < r->count; i++)
        probe_notes(&r->views[i], out);
    if (lacks(r, 99000))
        fprintf(out, "p99 needs %llu replies\n",
                (unsigned long long)histogram_needed(99000));
    return true;
}
