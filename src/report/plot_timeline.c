/* SPDX-License-Identifier: MIT */
/* Round trips and losses over time, drawn as columns. */
#include "report/plot_lines.h"

#include "base/number.h"

#include <string.h>

#define ROWS 8
#define DOTS 4 /* high, and 2 wide, in a character of braille */
#define ACROSS (2 * PLOT_AREA_MOST)

/* What of a timeline falls into one place across. */
static struct timeline_slot slots_of_column(const struct timeline *t, uint32_t i,
                                            uint32_t all)
{
    uint64_t from = (uint64_t)i * t->used / all;
    uint64_t to = max_u64((uint64_t)(i + 1) * t->used / all, from + 1);
    struct timeline_slot part = { 0 };

    for (; from < to; from++) {
        const struct timeline_slot *s = &t->slots[from];

        for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
            part.counts[k] += s->counts[k];
        if (s->measured == 0)
            continue;
        part.min = part.measured > 0 ? min_u64(part.min, s->min) : s->min;
        part.max = max_u64(part.max, s->max);
        part.measured += s->measured;
    }
    return part;
}

/* A bit for each dot or, without braille, each row; the lowest is the first. */
struct band {
    uint64_t of[ACROSS];
    uint32_t across, rows; /* places, and how high */
};

static void measure_band(struct band *b, const struct timeline *t,
                         const struct plot_scale *y)
{
    for (uint32_t i = 0; i < b->across; i++) {
        struct timeline_slot part = slots_of_column(t, i, b->across);
        uint32_t low = (uint32_t)(plot_place(y, part.min) * (b->rows - 1) + .5);
        uint32_t high = (uint32_t)(plot_place(y, part.max) * (b->rows - 1) + .5);

        for (uint32_t row = low; part.measured > 0 && row <= high; row++)
            b->of[i] |= (uint64_t)1 << row;
    }
}

/* U+2800 and a bit for each dot: 1 2 3 7 down the left side, 4 5 6 8 down the right. */
static void put_braille(FILE *out, uint32_t left, uint32_t right)
{
    static const uint8_t sides[2][DOTS] = { { 0x40, 0x04, 0x02, 0x01 },
                                            { 0x80, 0x20, 0x10, 0x08 } };
    uint32_t dots = 0;

    for (int i = 0; i < DOTS; i++) {
        dots |= left >> i & 1 ? sides[0][i] : 0U;
        dots |= right >> i & 1 ? sides[1][i] : 0U;
    }
    if (dots == 0)
        fputc(' ', out);
    else
        fprintf(out, "\xe2%c%c", (int)(0xa0 | dots >> 6), (int)(0x80 | (dots & 0x3f)));
}

static void put_cell(const struct plot *p, const struct band *b, uint32_t column,
                     uint32_t row)
{
    if (!p->unicode)
        fputc(b->of[column] >> row & 1 ? '*' : ' ', p->out);
    else
        put_braille(p->out, (uint32_t)(b->of[2 * column] >> row * DOTS) & 15,
                    (uint32_t)(b->of[2 * column + 1] >> row * DOTS) & 15);
}

static bool range_of(const struct timeline *t, kedge_nanos *low, kedge_nanos *high)
{
    struct timeline_slot all = slots_of_column(t, 0, 1);

    *low = all.min;
    *high = all.max;
    return all.measured > 0;
}

static void draw_timeline(const struct plot *p, const struct timeline *t)
{
    struct band b = { .across = plot_area(p) * (p->unicode ? 2 : 1),
                      .rows = ROWS * (p->unicode ? DOTS : 1) };
    kedge_nanos low = 0, high = 0;
    struct plot_scale y;

    if (!range_of(t, &low, &high))
        return;
    y = plot_scale_of(low, high);
    measure_band(&b, t, &y);
    for (uint32_t row = ROWS; row-- > 0;) {
        if (row % 2 == 1 || row == 0)
            plot_lead_ms(p, plot_value(&y, (double)row / (ROWS - 1)));
        else
            plot_lead(p, "");
        for (uint32_t i = 0; i < plot_area(p); i++)
            put_cell(p, &b, i, row);
        fputc('\n', p->out);
    }
}

static uint64_t sum_of(const struct timeline_slot *s)
{
    uint64_t sum = 0;

    for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
        sum += s->counts[k];
    return sum;
}

static void draw_kind(const struct plot *p, const struct timeline *t, uint32_t kind,
                      const char *name)
{
    plot_lead(p, name);
    for (uint32_t i = 0; i < plot_area(p); i++) {
        struct timeline_slot part = slots_of_column(t, i, plot_area(p));
        uint64_t all = sum_of(&part);

        plot_bar(p, all > 0 ? 8.0 * part.counts[kind] / (double)all : 0, 0);
    }
    fputc('\n', p->out);
}

static void extension_time(const struct plot *p, const struct timeline *t)
{
    struct plot_marks m;
    char ms[32], text[48];

    plot_marks_init(&m, p);
    plot_mark(&m, 0, "0");
    snprintf(text, sizeof text, "%s s",
             plot_ms(ms, (kedge_nanos)t->used * (t->width / 1000)));
    plot_mark_right(&m, text);
    plot_marks_print(&m, p);
}

void plot_timeline(const struct plot *p, const struct timeline *t,
                   const char *const kinds[])
{
    struct timeline_slot all;

    if (t->used == 0)
        return;
    all = slots_of_column(t, 0, 1);
    draw_timeline(p, t);
    for (uint32_t k = 1; k < TIMELINE_KINDS; k++)
        if (all.counts[k] > 0)
            draw_kind(p, t, k, kinds[k]);
    plot_base(p);
    extension_time(p, t);
}
