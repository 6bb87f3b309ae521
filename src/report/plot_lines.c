/* SPDX-License-Identifier: MIT */
/* What the drawings share: bars, labels, scales. */
#include "report/plot_lines.h"

#include "base/number.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

#define HIGH 8 /* parts of a row */

uint32_t plot_area(const struct plot *p)
{
    return (uint32_t)clamp_u64(p->width, PLOT_WIDTH_LEAST, PLOT_WIDTH_MOST) - PLOT_LABEL;
}

void plot_lead(const struct plot *p, const char *label)
{
    fprintf(p->out, "%*s %s", PLOT_LABEL - 2, label, p->unicode ? "\u2502" : "|");
}

void plot_lead_ms(const struct plot *p, kedge_nanos v)
{
    char text[32];

    plot_lead(p, plot_ms(text, v));
}

void plot_bar(const struct plot *p, double height, uint32_t row)
{
    static const char *const blocks[HIGH + 1] = { " ",      "\u2581", "\u2582",
                                                  "\u2583", "\u2584", "\u2585",
                                                  "\u2586", "\u2587", "\u2588" };
    static const char *const ascii[HIGH + 1] = { " ", ".", ".", ".", ":",
                                                 ":", ":", "#", "#" };
    double part = height - (double)row * HIGH;
    int level = part >= HIGH ? HIGH : part > 0 ? (int)part : 0;

    if (level == 0 && row == 0 && height > 0)
        level = 1;
    fputs(p->unicode ? blocks[level] : ascii[level], p->out);
}

void plot_base(const struct plot *p)
{
    fprintf(p->out, "%*s%s", PLOT_LABEL - 1, "", p->unicode ? "\u2514" : "+");
    for (uint32_t i = 0; i < plot_area(p); i++)
        fputs(p->unicode ? "\u2500" : "-", p->out);
    fputc('\n', p->out);
}

void plot_marks_init(struct plot_marks *m, const struct plot *p)
{
    *m = (struct plot_marks){ .most = plot_area(p) };
}

void plot_mark(struct plot_marks *m, uint32_t column, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    uint32_t at = m->used > 0 && column < m->used + 1 ? m->used + 1 : column;

    if (len > m->most)
        return;
    if (at + len > m->most && m->used + len < m->most)
        at = m->most - len;
    if (at + len > m->most)
        return;
    memset(m->text + m->used, ' ', at - m->used);
    memcpy(m->text + at, text, len);
    m->used = at + len;
}

void plot_mark_right(struct plot_marks *m, const char *text)
{
    plot_mark(m, m->most - (uint32_t)strlen(text), text);
}

void plot_marks_print(const struct plot_marks *m, const struct plot *p)
{
    if (m->used > 0)
        fprintf(p->out, "%*s%.*s\n", PLOT_LABEL, "", (int)m->used, m->text);
}

const char *plot_ms(char out[32], kedge_nanos v)
{
    struct writer w = { .ptr = (uint8_t *)out, .room = 31 };

    text_ms(&w, v);
    out[w.len] = 0;
    return out;
}

struct plot_scale plot_scale_of(kedge_nanos low, kedge_nanos high)
{
    double from = log((double)max_u64(low, 1)), to = log((double)max_u64(high, 1));

    return (struct plot_scale){ from, to > from ? to - from : 1 };
}

double plot_place(const struct plot_scale *s, kedge_nanos v)
{
    double place = (log((double)max_u64(v, 1)) - s->low) / s->span;

    return place < 0 ? 0 : place > 1 ? 1 : place;
}

kedge_nanos plot_value(const struct plot_scale *s, double place)
{
    return (kedge_nanos)(exp(s->low + place * s->span) + .5);
}
