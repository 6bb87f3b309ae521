/* SPDX-License-Identifier: MIT */
/* The page of a run. */
#include "results/html.h"

#include "results/figures.h"
#include "results/table.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

#define ROOM (PROBE_JSON_ROOM + HISTOGRAM_BUCKETS * 64 + TIMELINE_SLOTS * 192)
#define PLACE "@DATA@" /* where the document goes */

extern const char probe_page_html[]; /* page.html */

void probe_timeline(struct timeline *t, const struct probe_stats_event *event,
                    kedge_nanos origin)
{
    kedge_nanos at = sub_sat(event->slot->intended, origin);

    if (event->fate == FATE_LATE)
        timeline_take_back(t, at, FATE_LOST);
    timeline_count(t, at, event->fate);
    if (event->fate == FATE_RECEIVED)
        timeline_measure(t, at, event->slot->rtt);
}

static void json_buckets(struct json *j, const struct histogram *h)
{
    json_array(j, "histogram_ns");
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        kedge_nanos low = 0, high = 0;
        uint32_t n = histogram_bucket(h, i, &low, &high);

        if (n == 0)
            continue;
        json_array(j, NULL);
        json_u64(j, NULL, max_u64(low, h->min));
        json_u64(j, NULL, min_u64(high, h->max));
        json_u64(j, NULL, n);
        json_end(j);
    }
    json_end(j);
}

static void json_slot(struct json *j, const struct timeline_slot *s)
{
    json_object(j, NULL);
    json_array(j, "counts");
    for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
        json_u64(j, NULL, s->counts[k]);
    json_end(j);
    json_u64(j, "n", s->measured);
    json_u64(j, "min_ns", s->min);
    json_u64(j, "max_ns", s->max);
    json_u64(j, "sum_ns", s->sum);
    json_end(j);
}

static void json_timeline(struct json *j, const struct timeline *t)
{
    json_object(j, "timeline");
    json_u64(j, "width_ns", max_u64(t->width, 1)); /* 0: nothing is known of any probe */
    json_array(j, "slots");
    for (uint32_t i = 0; i < t->used; i++)
        json_slot(j, &t->slots[i]);
    json_end(j);
    json_end(j);
}

/* What the page shows of the figures: their keys, and what they are called there. */
static void json_of_figure(struct json *j, const struct figure *f)
{
    json_object(j, NULL);
    json_text(j, "key", f->key);
    json_text(j, "name", figure_name(f));
    json_bool(j, "card", f->uses & FIGURE_CARD);
    json_bool(j, "zero", f->uses & FIGURE_CARD_ZERO);
    json_text(j, "cause", f->cause);
    json_text(j, "left", f->left);
    json_text(j, "help", f->help);
    json_end(j);
}

static void json_of_figures(struct json *j)
{
    size_t count;
    const struct figure *all = figures(&count);

    json_array(j, "figures");
    for (size_t i = 0; i < count; i++)
        if (!(all[i].uses & FIGURE_HIDDEN))
            json_of_figure(j, &all[i]);
    json_end(j);
}

/* Within a script element no < may stand as it is; in JSON it is only ever in a string. */
static void leave_out(const struct json *j, size_t less, FILE *out)
{
    struct kedge_span text;
    bool whole = json_finish(j, &text);

    KEDGE_ASSERT(whole && less <= text.len);
    for (size_t i = 0; i < text.len - less; i++)
        if (text.ptr[i] == '<')
            fputs("\\u003c", out);
        else
            fputc(text.ptr[i], out);
}

static void target(struct json *j, const struct probe_view *v, const struct timeline *t)
{
    json_object(j, NULL);
    probe_json_target(j, v);
    json_buckets(j, &v->stats->rtt);
    json_timeline(j, t);
    json_end(j);
}

/* Target by target, as the whole would need much memory: so the outermost brackets are
 * closed here. */
static void document(const struct probe_result *r, const struct timeline *times,
                     uint8_t *space, FILE *out)
{
    struct json j;

    json_init(&j, space, ROOM);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    probe_json_about(&j, &r->about);
    json_of_figures(&j);
    json_end(&j);
    leave_out(&j, 1, out);
    fputs(",\"targets\":[", out);
    for (uint32_t i = 0; i < r->count; i++) {
        json_init(&j, space, ROOM);
        target(&j, &r->views[i], &times[r->views[i].number]);
        if (i > 0)
            fputc(',', out);
        leave_out(&j, 0, out);
    }
    fputs("]}", out);
}

bool probe_page(const struct probe_result *r, const struct timeline *times, FILE *out)
{
    const char *place = strstr(probe_page_html, PLACE);
    uint8_t *space = malloc(ROOM);

    KEDGE_ASSERT(place);
    if (!space)
        return false;
    fwrite(probe_page_html, 1, (size_t)(place - probe_page_html), out);
    document(r, times, space, out);
    fputs(place + strlen(PLACE), out);
    free(space);
    return true;
}
