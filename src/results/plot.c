/* SPDX-License-Identifier: MIT */
/* A run drawn in text. */
#include "results/plot.h"

#include "results/endpoint_text.h"
#include "results/figures.h"
#include "results/lines.h"
#include "report/text.h"

static void plot_step(const struct plot *p, const struct timeline *t)
{
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };

    text_ms(&w, t->width);
    fprintf(p->out, "\n  over time, ms, least to largest of %.*s ms\n", (int)w.len,
            (const char *)space);
}

static void target(const struct probe_view *v, const struct timeline *t,
                   const struct plot *p)
{
    const struct figure *f = figure_of(span_of("rtt_ns"));
    const char *kinds[TIMELINE_KINDS];
    char text[KEDGE_ENDPOINT_TEXT];

    for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
        kinds[k] = probe_fate_name((enum probe_fate)k);
    fprintf(p->out, "\n%s\n", endpoint_shown(v->endpoint, text));
    if (f->of(v)->count > 0)
        fprintf(p->out, "  %s, ms\n", figure_name(f));
    plot_distribution(p, f->of(v));
    if (t->used == 0)
        return;
    plot_step(p, t);
    plot_timeline(p, t, kinds);
}

void probe_plot(const struct probe_result *r, const struct timeline *times,
                const struct plot *p)
{
    for (uint32_t i = 0; i < r->count; i++)
        target(&r->views[i], &times[r->views[i].number], p);
}
