/* SPDX-License-Identifier: MIT */
/* The distribution of round trips, drawn as bars on a logarithmic scale. */
#include "report/plot_lines.h"

#include "base/number.h"

#define ROWS 8
#define HEIGHT (8.0 * ROWS)

struct shares {
    double of[PLOT_AREA_MOST]; /* each column's, of all */
    double most;
    uint32_t columns;
};

/* A bucket may be wider than a column: then each gets its part. */
static void to_broadcast(struct shares *s, double from, double to, double share)
{
    double wide = to > from ? to - from : 0;
    uint32_t first = (uint32_t)from, last = (uint32_t)to;

    for (uint32_t i = first; i <= last && i < s->columns; i++) {
        double a = from > i ? from : i, b = to < i + 1.0 ? to : i + 1.0;

        s->of[i] += wide > 0 ? share * (b - a) / wide : share;
        s->most = s->of[i] > s->most ? s->of[i] : s->most;
    }
}

static void share_out(struct shares *s, const struct histogram *h,
                      const struct plot_scale *x)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        kedge_nanos low = 0, high = 0;
        uint32_t n = histogram_bucket(h, i, &low, &high);
        double wide = s->columns - 1e-6;

        if (n == 0)
            continue;
        high = high < UINT64_MAX ? high + 1 : high;
        to_broadcast(s, wide * plot_place(x, max_u64(low, h->min)),
                     wide * plot_place(x, min_u64(high, h->max)),
                     (double)n / (double)h->count);
    }
}

static void draw_distribution(const struct plot *p, const struct shares *s)
{
    char label[32];

    for (uint32_t row = ROWS; row-- > 0;) {
        snprintf(label, sizeof label, "%.1f %%", 100 * s->most);
        plot_lead(p, row == ROWS - 1 ? label : "");
        for (uint32_t i = 0; i < s->columns; i++)
            plot_bar(p, s->of[i] / s->most * HEIGHT, row);
        fputc('\n', p->out);
    }
    plot_base(p);
}

static void mark_values(const struct plot *p, const struct histogram *h,
                        const struct plot_scale *x)
{
    struct plot_marks m;
    char text[32];

    plot_marks_init(&m, p);
    plot_mark(&m, 0, plot_ms(text, h->min));
    for (int i = 1; i < 4; i++)
        plot_mark(&m, (uint32_t)(plot_area(p) * .25 * i) - 2,
                  plot_ms(text, plot_value(x, .25 * i)));
    plot_mark_right(&m, plot_ms(text, h->max));
    plot_marks_print(&m, p);
}

static void mark_percentiles(const struct plot *p, const struct histogram *h,
                             const struct plot_scale *x)
{
    static const struct {
        uint32_t which;
        const char *name;
    } all[] = {
        { 50000, "p50" }, { 90000, "p90" }, { 99000, "p99" }, { 99900, "p99.9" }
    };
    struct plot_marks m;

    plot_marks_init(&m, p);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        kedge_nanos v = 0;
        char text[16];

        if (!histogram_percentile(h, all[i].which, &v))
            continue;
        snprintf(text, sizeof text, "^%s", all[i].name);
        plot_mark(&m, (uint32_t)((plot_area(p) - 1) * plot_place(x, v)), text);
    }
    plot_marks_print(&m, p);
}

void plot_distribution(const struct plot *p, const struct histogram *h)
{
    struct plot_scale x;
    struct shares s = { .columns = plot_area(p) };

    if (h->count == 0)
        return;
    x = plot_scale_of(h->min, h->max);
    share_out(&s, h, &x);
    draw_distribution(p, &s);
    mark_values(p, h, &x);
    mark_percentiles(p, h, &x);
}
