/* SPDX-License-Identifier: MIT */
/* Sentences with figures in them (sentence.h). */
#include "results/sentence.h"

#include "results/figures.h"
#include "report/text.h"

#include <string.h>

#define TEXT_MOST 256

struct place {
    const struct figure *figure;
    bool or_dash;
    struct kedge_span one, many; /* empty: the number alone */
};

static struct kedge_span until(const char **at, const char *ends)
{
    struct kedge_span s = { (const uint8_t *)*at, strcspn(*at, ends) };

    *at += s.len;
    return s;
}

/* Behind the { at *at, and past the } then. */
static struct place place_at(const char **at)
{
    struct place p = { .figure = figure_of(until(at, "?:}")) };

    KEDGE_ASSERT(p.figure);
    if (**at == '?') {
        p.or_dash = true;
        ++*at;
    }
    if (**at == ':') {
        ++*at;
        p.one = until(at, ":");
        ++*at;
        p.many = until(at, "}");
    }
    KEDGE_ASSERT(**at == '}');
    ++*at;
    return p;
}

static void put_value(struct writer *w, const struct place *p, const struct value *v)
{
    switch (p->figure->kind) {
    case VALUE_TIME:
        text_ms(w, v->number);
        return;
    case VALUE_TEXT:
        text_printable(w, span_of(v->text), TEXT_MOST);
        return;
    case VALUE_RANGE:
        text_ms(w, v->low);
        put(w, span_of(" to "));
        text_ms(w, v->high);
        return;
    default:
        put_decimal(w, v->number);
    }
    if (p->many.len > 0) {
        put_u8(w, ' ');
        put(w, v->number == 1 ? p->one : p->many);
    }
}

static bool is_nothing(const struct figure *f, const struct value *v)
{
    return (f->kind == VALUE_COUNT || f->kind == VALUE_TIME) && v->number == 0;
}

bool sentence_put(struct writer *w, const char *sentence, const struct probe_view *v)
{
    size_t start = w->len, bracket = 0;
    bool within = false, shown = true;

    for (const char *at = sentence; *at;) {
        struct value value;
        struct place p;

        put(w, until(&at, "{[]"));
        if (*at == '[') {
            bracket = w->len;
            within = shown = true;
            at++;
        } else if (*at == ']') {
            w->len = shown ? w->len : bracket;
            within = false;
            at++;
        } else if (*at == '{') {
            at++;
            p = place_at(&at);
            if (figure_get(p.figure, v, &value) == VALUE_KNOWN) {
                shown &= !is_nothing(p.figure, &value);
                put_value(w, &p, &value);
            } else if (p.or_dash) {
                put_u8(w, '-');
            } else if (within) {
                shown = false;
            } else {
                w->len = start;
                return false;
            }
        }
    }
    return true;
}
